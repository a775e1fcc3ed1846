//go:build unix

package e2e_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// publisher publishes a provider's documents, and can do so badly.
type publisher struct {
	*httptest.Server
	key *issuer.Key
	mu  sync.Mutex
	bad func(w http.ResponseWriter, r *http.Request) bool
}

func publish(t testing.TB) *publisher {
	t.Helper()
	key, err := issuer.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{key: key}
	p.Server = httptest.NewUnstartedServer(p)
	dir := t.TempDir()
	certificate, private := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := shared.certificates.issue(certificate, private, "publisher"); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certificate, private)
	if err != nil {
		t.Fatal(err)
	}
	p.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	p.StartTLS()
	t.Cleanup(p.Close)
	return p
}

// goes tells how it answers from now on; bad returns whether it has answered.
func (p *publisher) goes(bad func(w http.ResponseWriter, r *http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = bad
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	bad := p.bad
	p.mu.Unlock()
	switch {
	case bad != nil && bad(w, r):
	case r.URL.Path == "/.well-known/openid-configuration":
		json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	case r.URL.Path == "/keys":
		w.Write(issuer.KeySet(p.key))
	default:
		http.NotFound(w, r)
	}
}

// token is a genuine token of it.
func (p *publisher) token(pairs ...any) string {
	return p.key.Token(issuer.ServiceAccount(p.URL, "x", "y", "workload").With("sub", "workload").With(pairs...))
}

// TestBadPublishers: a provider that does not publish its keys as it should costs
// those who come with its tokens, and nobody else.
func TestBadPublishers(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	only := func(path string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			answer(w, r)
			return true
		}
	}
	const discovery, keys = "/.well-known/openid-configuration", "/keys"
	other, err := issuer.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	document := func(issuer, uri string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "jwks_uri": uri})
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		block := bytes.Repeat([]byte(" "), 64<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	for name, tt := range map[string]struct {
		bad func(p *publisher) func(http.ResponseWriter, *http.Request) bool
		// code is what who comes with a token is told: IDPCommunicationError if it may
		// be otherwise later.
		code string
	}{
		"down": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
		}, "IDPCommunicationError"},
		"cut off": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
		}, "IDPCommunicationError"},
		"slow": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
		}, "IDPCommunicationError"},
		"huge":         {func(*publisher) func(http.ResponseWriter, *http.Request) bool { return only(keys, endless) }, "IDPCommunicationError"},
		"huge at once": {func(*publisher) func(http.ResponseWriter, *http.Request) bool { return only(discovery, endless) }, "IDPCommunicationError"},
		"no JSON": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(keys, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) })
		}, "IDPCommunicationError"},
		"another issuer": {func(p *publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(discovery, document("https://idp.example.com", p.URL+keys))
		}, "IDPCommunicationError"},
		"keys in clear text": {func(p *publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(discovery, document(p.URL, "http://"+p.Listener.Addr().String()+keys))
		}, "IDPCommunicationError"},
		"keys at a private address": {func(p *publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(discovery, document(p.URL, "https://127.0.0.2:1/keys"))
		}, "IDPCommunicationError"},
		"keys elsewhere": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(keys, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://127.0.0.2:1/keys", http.StatusFound)
			})
		}, "IDPCommunicationError"},
		"others' keys": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(keys, func(w http.ResponseWriter, _ *http.Request) { w.Write(issuer.KeySet(other)) })
		}, "InvalidIdentityToken"},
		"no keys": {func(*publisher) func(http.ResponseWriter, *http.Request) bool {
			return only(keys, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"keys":[]}`)) })
		}, "InvalidIdentityToken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := publish(t)
			p.goes(tt.bad(p))
			f := federate(t, func(site *sallyport.Site) { declare(t, site, p.URL, "bearer: {role: \""+roleARN("workload")+"\"}\n") })
			put(t, f.bucket, "orders/a", "an order")
			began := time.Now()
			_, err := f.exchangeToken(t.Context(), "workload", p.token())
			if took := time.Since(began); code(err) != tt.code || took > 20*time.Second {
				t.Errorf("after %s: %v, want %s", took, err, tt.code)
			}
			if status, body := f.bearer(t, p.token(), "workload/a"); status == 200 || status == 500 {
				t.Errorf("by itself: %d %s", status, body)
			}
			if got := f.reads(t, temporary(f.exchanged(t, "orders", cluster().Token(serviceAccount()))), "orders/a"); got != "an order" {
				t.Errorf("who has nothing to do with it: %s", got)
			}
		})
	}
}

// TestPublisherComesBack: what could not be fetched is fetched later; what was, is
// used while the provider is away.
func TestPublisherComesBack(t *testing.T) {
	t.Parallel()
	p := publish(t)
	down := func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	p.goes(down)
	f := federate(t, func(site *sallyport.Site) { declare(t, site, p.URL) })
	put(t, f.bucket, "workload/a", "work")
	if _, err := f.exchangeToken(t.Context(), "workload", p.token()); code(err) != "IDPCommunicationError" {
		t.Errorf("while it is down: %v", err)
	}
	p.goes(nil)
	ctx := within(t, time.Minute)
	for {
		_, err := f.exchangeToken(ctx, "workload", p.token())
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("after it came back: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.goes(down)
	if got := f.reads(t, temporary(f.exchanged(t, "workload", p.token("jti", "another"))), "workload/a"); got != "work" {
		t.Errorf("while it is away again: %s", got)
	}
}
