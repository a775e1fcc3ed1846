package decision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/decision"
)

// TestPeers checks that every engine answers every question rightly: what is
// compared must be the same.
func TestPeers(t *testing.T) {
	t.Parallel()
	workloads := map[string]*decision.Workload{
		"statements-1":     decision.Statements(1),
		"statements-10":    decision.Statements(10),
		"statements-300":   decision.Statements(300),
		"candidates-1":     decision.Candidates(1, 1),
		"candidates-10x1":  decision.Candidates(10, 1),
		"candidates-1x10":  decision.Candidates(10, 10),
		"candidates-100x3": decision.Candidates(300, 100),
		"wildcards-1":      decision.Wildcards(1),
		"wildcards-3":      decision.Wildcards(3),
		"networks-1":       decision.Networks(1),
		"networks-300":     decision.Networks(300),
	}
	for name, w := range workloads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, peer := range decision.Peers() {
				engine, err := peer.Load(w)
				if errors.Is(err, decision.ErrCannotSay) && !strings.HasPrefix(peer.Name, "Sallyport") {
					t.Logf("%s: %v", peer.Name, err)
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", peer.Name, err)
					continue
				}
				if err := decision.Check(engine, w); err != nil {
					t.Errorf("%s: %v", peer.Name, err)
				}
				if engine.Close != nil {
					engine.Close()
				}
			}
		})
	}
}

// TestHostile checks that the hostile documents load and match nothing.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, h := range decision.HostileAll() {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			if got := len(h.Documents); got > 121 {
				t.Errorf("%d documents", got)
			}
			engine, err := decision.Peers()[0].Load(&h.Workload)
			if err == nil {
				err = decision.Check(engine, &h.Workload)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}
