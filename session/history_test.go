package session_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
)

// rotating is an OpenID Connect provider that has one key at a time, asked over
// HTTPS in this process.
type rotating struct {
	server *httptest.Server
	key    atomic.Int32
}

func newRotating(t testing.TB) *rotating {
	t.Helper()
	p := &rotating{}
	p.key.Store(1)
	p.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(jwks(byte(p.key.Load()))))
	}))
	t.Cleanup(p.server.Close)
	return p
}

// yaml declares it in an account, for those who claim a role.
func (p *rotating) yaml() string {
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}))
	return "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\njwks_uri: https://example.com/keys\nbearer: {role_claim: role}\nca: |\n  " +
		strings.ReplaceAll(strings.TrimSpace(ca), "\n", "\n  ") + "\n"
}

// options lets a verifier find it, by a clock.
func (p *rotating) options(clock func() time.Time) oidc.Options {
	return oidc.Options{
		Now: clock,
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.10")}, nil
		},
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", p.server.Listener.Addr().String())
		},
	}
}

// managedWorld is a bundle that comes into force again and again, each time under a
// generation of its own.
type managedWorld struct {
	t         testing.TB
	directory string
	manager   *bundle.Manager
	editions  int
	clock     atomic.Int64 // seconds
}

func (w *managedWorld) now() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }

func newManagedWorld(t testing.TB) *managedWorld {
	t.Helper()
	w := &managedWorld{t: t, directory: t.TempDir()}
	w.clock.Store(now.Unix())
	if err := bundle.CreateSessionKeys(w.path("sessions.yaml"), now); err != nil {
		t.Fatal(err)
	}
	w.manager = bundle.NewManager(bundle.Options{
		Directory: w.path("current/bundle"), KeyFiles: []string{w.path("current/keys.yaml")}, SessionKeyFile: w.path("sessions.yaml"),
		Now: w.now, Quiet: time.Millisecond, Poll: 5 * time.Millisecond,
	})
	return w
}

func (w *managedWorld) path(name string) string {
	return filepath.Join(w.directory, filepath.FromSlash(name))
}

// run makes the manager work until the end of the test; a first edition is there.
func (w *managedWorld) run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.manager.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// marker is a file of a user that tells the edition, for await.
const marker = a + "users/marker.yaml"

// publish exchanges all files at once, with a symbolic link. They may be those of
// before.
func (w *managedWorld) publish(f files) {
	w.t.Helper()
	w.editions++
	edition := fmt.Sprint("edition-", w.editions)
	write(w.t, w.path(edition), f.with(files{marker: fmt.Sprintf("id: AIDAMARKERMARKER22222\ntags: {edition: %q}\n", edition)}))
	if err := os.Symlink(edition, w.path("next")); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(w.path("next"), w.path("current")); err != nil {
		w.t.Fatal(err)
	}
}

// await waits until what was published is in force.
func (w *managedWorld) await() *bundle.Snapshot {
	w.t.Helper()
	for range 3000 {
		if s := w.manager.Current(); s != nil {
			user := s.UserByARN("arn:aws:iam::" + accountA + ":user/marker")
			if user != nil && keysOf(&user.Caller.Keys)["aws:principaltag/edition"] == fmt.Sprint("edition-", w.editions) {
				return s
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("edition %d does not come into force: %+v", w.editions, w.manager.Status())
	return nil
}
