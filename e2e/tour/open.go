//go:build unix

package tour

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sallyport-iam/sallyport/e2e/envoy"
	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// Binaries are the programs that the tour runs.
type Binaries struct {
	Store, Sallyport string
	// Envoy is empty for a tour of Sallyport as the proxy.
	Envoy string
}

// Ground is what the tour is taken through: a store, a copy of
// examples/quickstart with a key for each user, and Sallyport serving it, or
// examples/envoy with an Envoy before it.
type Ground struct {
	Guide
	Store *store.Store
	Envoy *envoy.Server
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
	examples := filepath.Join(filepath.Dir(home), "examples")
	site, err := sallyport.NewSite(b.Sallyport, filepath.Join(examples, "quickstart"), filepath.Join(directory, "quickstart"))
	if err != nil {
		return g, err
	}
	g.Bundle = site.Path("bundle")
	if b.Envoy != "" {
		if site, err = sallyport.NewSite(b.Sallyport, filepath.Join(examples, "envoy"), filepath.Join(directory, "envoy")); err != nil {
			return g, err
		}
	}
	for _, user := range Users {
		if g.Keys[user], err = site.CreateKey(ctx, Account, user); err != nil {
			return g, err
		}
	}
	if g.Store, err = store.Start(ctx, store.Options{Binary: b.Store, Directory: filepath.Join(directory, "store"), Output: output}); err != nil {
		return g, err
	}
	g.Server, err = site.Start(ctx, sallyport.Options{
		Upstream: sallyport.Upstream{Endpoint: g.Store.Endpoint, AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey},
		Output:   output,
	})
	if err != nil {
		return g, fmt.Errorf("starting sallyport: %w", err)
	}
	g.Endpoint = g.Server.Endpoint
	if b.Envoy != "" {
		err = g.openEnvoy(ctx, b.Envoy, site, output)
	}
	return g, err
}

// openEnvoy starts Envoy with what Sallyport prints for it.
func (g *Ground) openEnvoy(ctx context.Context, program string, site *sallyport.Site, output io.Writer) error {
	address, err := process.FreeAddress()
	if err != nil {
		return err
	}
	// A loaded machine is no finding.
	config, err := site.EnvoyConfig(ctx, g.Server, "--listen", address, "--timeout", "5s")
	if err != nil {
		return err
	}
	file := site.Path("envoy.yaml")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return err
	}
	g.BehindEnvoy, g.Endpoint = true, "http://"+address
	if g.Envoy, err = envoy.Start(ctx, envoy.Options{Program: program, File: file, Endpoint: g.Endpoint, Output: output}); err != nil {
		return fmt.Errorf("starting envoy: %w", err)
	}
	return nil
}

// Close ends what Open started.
func (g *Ground) Close() error {
	var err error
	if g.Envoy != nil {
		g.Envoy.Kill()
	}
	if g.Server != nil {
		err = g.Server.Stop()
	}
	if g.Store != nil {
		g.Store.Kill()
	}
	return err
}
