package proxy_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
)

// TestServeDecides checks that what Options.Decide says is what happens, and
// that it is told the generation of the snapshot that the caller is from.
func TestServeDecides(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := b.enforcer.Snapshot().Generation()
	asked := 0
	b.enforcer.Decide = func(generation uint64, _ *authz.Caller, _ *authz.Request, a *authz.Access) authz.Decision {
		if asked++; generation != want || a.Resource != "arn:aws:s3:::reports/a" {
			t.Errorf("asked about %s in generation %d, not %d", a.Resource, generation, want)
		}
		return authz.Decision{}
	}
	if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", "")); got.status != 403 || got.forwarded || asked == 0 {
		t.Errorf("status %d, forwarded %t, after %d questions", got.status, got.forwarded, asked)
	}
}

// TestNewEvaluates checks the enforcement point without Options.Decide.
func TestNewEvaluates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.enforcer.Options
	o.Decide = nil
	b.enforcer = proxy.New(o)
	for target, want := range map[string]int{"/reports/a": 200, "/secrets/a": 403} {
		if got := b.serve(request(t, "alice", "GET", "localhost", target, "")); got.status != want {
			t.Errorf("%s: status %d, want %d", target, got.status, want)
		}
	}
	o.Snapshot = func() *bundle.Snapshot { return nil }
	b.enforcer = proxy.New(o)
	if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", "")); got.status != 503 {
		t.Errorf("without a bundle: status %d", got.status)
	}
}
