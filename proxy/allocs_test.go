//go:build !race && !poison

package proxy_test

import (
	"context"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
)

// The race detector makes pools forget, so allocations are counted without it.

// TestCheckAllocations bounds what a check allocates, once there is memory to use
// again: of an allowed request the texts of the resource's name and of the client's
// address, of a denied one the refusal and its sentence besides.
func TestCheckAllocations(t *testing.T) {
	b := newBench(t)
	b.enforcer.Audit = audit.New(audit.Options{})
	b.enforcer.Decide = func(_ uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
		return authz.Decide(c, r, a) // the cache remembers when it likes
	}
	tests := []struct {
		name, user, path string
		most             float64
	}{
		{"allowed", "alice", "/untagged/a", 2},
		{"denied", "bob", "/untagged/a", 5},
	}
	for _, tt := range tests {
		req := request(t, tt.user, "GET", "localhost", tt.path, "")
		got := testing.AllocsPerRun(200, func() {
			v := b.enforcer.Check(context.Background(), b.door, req, "ID")
			b.enforcer.Finish(v, 200)
			v.Release()
		})
		if got > tt.most {
			t.Errorf("%s: %v allocations for a check, want at most %v", tt.name, got, tt.most)
		}
	}
}
