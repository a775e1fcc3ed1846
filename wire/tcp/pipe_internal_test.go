//go:build linux

package tcp

import "testing"

// TestPipesAreFew: who may have any number of pipes has no more than others. It runs
// while no other test needs any.
func TestPipesAreFew(t *testing.T) {
	var taken []*pipe
	defer func() {
		for _, p := range taken {
			p.cleanup.Stop()
			closeEnds([2]int{p.out, p.in})
		}
	}()
	for p := takePipe(); p != nil; p = takePipe() {
		if taken = append(taken, p); len(taken) > most {
			t.Fatalf("there are %d pipes and no end", len(taken))
		}
	}
	if len(taken) == 0 {
		t.Error("there is no pipe at all")
	}
}
