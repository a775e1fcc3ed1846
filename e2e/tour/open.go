//go:build unix

package tour

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// Binaries are the programs that the tour runs.
type Binaries struct {
	Store, Sallyport string
}

// Ground is what the tour is taken through: a store, a copy of
// examples/quickstart with a key for each user, and Sallyport serving it.
type Ground struct {
	Guide
	Store *store.Store
}

// Open lays everything out in directory and starts it. output gets what the
// processes print; it may be nil.
func Open(ctx context.Context, b Binaries, directory string, output io.Writer) (g *Ground, err error) {
	home, err := process.Module()
	if err != nil {
		return nil, err
	}
	g = &Ground{Guide: Guide{Keys: map[string]sallyport.Key{}}}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	quickstart := filepath.Join(filepath.Dir(home), "examples", "quickstart")
	if g.Site, err = sallyport.NewSite(b.Sallyport, quickstart, filepath.Join(directory, "quickstart")); err != nil {
		return g, err
	}
	for _, user := range Users {
		if g.Keys[user], err = g.Site.CreateKey(ctx, Account, user); err != nil {
			return g, err
		}
	}
	if g.Store, err = store.Start(ctx, store.Options{Binary: b.Store, Directory: filepath.Join(directory, "store"), Output: output}); err != nil {
		return g, err
	}
	g.Server, err = g.Site.Start(ctx, sallyport.Options{
		Upstream: sallyport.Upstream{Endpoint: g.Store.Endpoint, AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey},
		Output:   output,
	})
	if err != nil {
		return g, fmt.Errorf("starting sallyport: %w", err)
	}
	return g, nil
}

// Close ends what Open started.
func (g *Ground) Close() error {
	var err error
	if g.Server != nil {
		err = g.Server.Stop()
	}
	if g.Store != nil {
		g.Store.Kill()
	}
	return err
}
