//go:build !race && !poison

package proxy_test

import (
	"context"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
)

// The race detector makes pools forget, so allocations are counted without it.

// TestCheckAllocations bounds what a check allocates, once there is memory to use
// again.
func TestCheckAllocations(t *testing.T) {
	b := newBench(t)
	b.enforcer.Audit = audit.New(audit.Options{})
	tests := []struct {
		name, user, path string
		most             float64
	}{
		{"allowed", "alice", "/untagged/a", 6},
		{"denied", "bob", "/untagged/a", 12},
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
