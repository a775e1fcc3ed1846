//go:build unix

package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// instance is a Sallyport of one test's own.
type instance struct {
	*sallyport.Server
	site *sallyport.Site
}

// serve starts a Sallyport with a configuration of testdata/site, the shared
// keys and a bundle that the test may edit; before changes the site first. The
// end of the test stops it.
func serve(t testing.TB, config string, up sallyport.Upstream, before ...func(*sallyport.Site)) *instance {
	t.Helper()
	needsSallyport(t)
	return serveFolder(t, shared.site.Directory, config, up, before...)
}

// serveFolder is the same for a folder.
func serveFolder(t testing.TB, folder, config string, up sallyport.Upstream, before ...func(*sallyport.Site)) *instance {
	t.Helper()
	site, err := sallyport.NewSite(shared.binary, folder, filepath.Join(t.TempDir(), "site"))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range before {
		change(site)
	}
	server, err := site.Start(t.Context(), sallyport.Options{Config: config, Upstream: up, Output: output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := server.Stop()
		if err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("sallyport's last words:\n%s", server.Log())
		}
	})
	return &instance{server, site}
}

// at is the instance's first door as user.
func (i *instance) at(user string) place { return place{i.Endpoint, shared.keys[user]} }

// ownStore starts a store of the test's own, which it may kill.
func ownStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Binary, o.Output = shared.storeBinary, output()
	if o.Directory == "" {
		o.Directory = t.TempDir()
	}
	s, err := store.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// standIn is an upstream that the test itself plays.
func standIn(endpoint string) sallyport.Upstream {
	return sallyport.Upstream{Endpoint: endpoint, AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}
}
