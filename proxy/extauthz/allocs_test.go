//go:build !race && !poison

package extauthz_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/audit"
)

// The race detector makes pools forget, so allocations are counted without it.

// TestCheckAllocations bounds what it takes to answer a question that was received,
// once there is memory to use again.
func TestCheckAllocations(t *testing.T) {
	w := open(t, func(s *setting) { s.enforcer.Audit = audit.New(audit.Options{}) })
	for _, tt := range []struct {
		name, user, target string
		most               float64
	}{
		{"allowed", "alice", "/reports/2026/q1.csv", 8},
		{"denied", "bob", "/reports/2026/q1.csv", 20},
	} {
		message, err := proto.Marshal(sent(t, tt.user, "GET", "localhost", tt.target, "", "").question(false))
		if err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(200, func() {
			answer := w.extauthz.CheckMessage(t.Context(), message)
			answer.Free()
		})
		if got > tt.most {
			t.Errorf("%s: %v allocations for a check, want at most %v", tt.name, got, tt.most)
		}
	}
}
