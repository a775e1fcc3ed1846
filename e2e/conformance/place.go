//go:build unix

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// Programs are where the programs are.
type Programs struct{ Store, Sallyport string }

// Build builds them.
func Build(ctx context.Context, progress *process.Progress) (p Programs, err error) {
	home, err := process.Module()
	if err != nil {
		return p, err
	}
	if p.Store, err = process.Build(ctx, progress, process.Store(home)); err != nil {
		return p, err
	}
	p.Sallyport, err = process.Build(ctx, progress, process.Sallyport(filepath.Dir(home)))
	return p, err
}

// The account and the user that the suite is, in the bundle of the site.
const (
	account = "111122223333"
	user    = "suite"
)

// Both runs the same tests against an empty store, directly, and against another
// one, through Sallyport. output gets what store and Sallyport print; it may be
// nil.
func (p Programs) Both(ctx context.Context, versioning bool, output io.Writer, run func(*Suite) (Verdicts, error)) (c *Compared, err error) {
	home, err := os.MkdirTemp("", "sallyport-conformance-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	module, err := process.Module()
	if err != nil {
		return nil, err
	}
	site, err := sallyport.NewSite(p.Sallyport, filepath.Join(module, "conformance", "site"), filepath.Join(home, "site"))
	if err != nil {
		return nil, err
	}
	// The suite compares owners with its own access key, so that Sallyport's key
	// for it is the store's, too.
	key, err := site.CreateKey(ctx, account, user)
	if err != nil {
		return nil, err
	}
	with := func(folder string, use func(*store.Store) (Verdicts, error)) (_ Verdicts, err error) {
		directory := filepath.Join(home, folder)
		if err := os.Mkdir(directory, 0o700); err != nil {
			return nil, err
		}
		s, err := store.Start(ctx, store.Options{
			Binary: p.Store, Directory: directory, Versioning: versioning, Users: true,
			AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, Output: output,
		})
		if err != nil {
			return nil, err
		}
		defer s.Kill()
		return use(s)
	}
	direct, err := with("direct", func(s *store.Store) (Verdicts, error) {
		return run(&Suite{Binary: p.Store, Endpoint: s.Endpoint, Key: key, Clear: s.Clear})
	})
	if err != nil {
		return nil, err
	}
	through, err := with("through", func(s *store.Store) (v Verdicts, err error) {
		server, err := site.Start(ctx, sallyport.Options{
			Upstream: sallyport.Upstream{Endpoint: s.Endpoint, AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}, Output: output,
		})
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		return run(&Suite{Binary: p.Store, Endpoint: server.Endpoint, Key: key, Clear: s.Clear})
	})
	if err != nil {
		return nil, fmt.Errorf("through Sallyport: %w", err)
	}
	return Compare(direct, through)
}
