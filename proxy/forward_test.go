package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/upstream"
)

// TestPanicBehindTheStore: what panics once the store has answered refuses the request,
// and gives the store's connection back.
func TestPanicBehindTheStore(t *testing.T) {
	t.Parallel()
	b := newBenchAt(t, func(o *upstream.Options) { o.MaxConns = 1 })
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte("from the store"))
	}
	decide := b.enforcer.Decide
	b.enforcer.Decide = func(generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
		if a.Action == "s3:ListBucket" { // asked of what the store does not have
			panic("deciding " + a.Action)
		}
		return decide(generation, c, r, a)
	}
	for range 3 {
		if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/missing", "")); got.status != 503 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/there", "")); got.status != 200 || got.body != "from the store" {
			t.Fatalf("the store's one connection is lost: %d %s", got.status, got.body)
		}
	}
}
