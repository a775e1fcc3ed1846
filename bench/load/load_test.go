package load_test

import (
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bench/load"
)

// TestLoad checks that what is measured loads: not in parallel, because memory
// is measured too.
func TestLoad(t *testing.T) {
	p := load.Population{Principals: 30, Sets: 20, Policies: 40, PerPolicy: 45, Attached: 10}
	for name, from := range map[string]func(load.Population) (load.Cost, error){
		"texts": load.FromTexts, "bundle": load.FromBundle, "minio/pkg": load.MinIO,
	} {
		cost, err := from(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if cost.Whole() <= 0 || cost.Heap <= 0 {
			t.Errorf("%s: cost %+v", name, cost)
		}
	}
}

// TestPopulation checks that the texts keep AWS's limit and that sets differ.
func TestPopulation(t *testing.T) {
	t.Parallel()
	p := load.Population{Principals: 10_000, Sets: 10_000, Policies: 2_500, PerPolicy: 40, Attached: 10}
	if got := p.Statements(); got != 100_000 {
		t.Errorf("%d statements", got)
	}
	for i, text := range p.Texts() {
		if len(text) > policy.MaxManagedSize {
			t.Fatalf("policy %d has %d characters", i, len(text))
		}
	}
	seen := map[string]int{}
	for i := range p.Sets {
		set := p.Set(i)
		slices.Sort(set)
		if len(slices.Compact(slices.Clone(set))) != p.Attached {
			t.Fatalf("set %d is %v", i, set)
		}
		key := ""
		for _, k := range set {
			key += string(rune(k))
		}
		if other, twice := seen[key]; twice {
			t.Fatalf("sets %d and %d are both %v", other, i, set)
		}
		seen[key] = i
	}
}
