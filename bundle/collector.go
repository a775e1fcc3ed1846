package bundle

import "runtime/metrics"

// collector tells when garbage is being collected, as far as that can be told: Go
// tells when it has been.
type collector struct {
	samples [4]metrics.Sample
	// cycles is how often it had been at the last look, and allocated how much had been
	// allocated then.
	cycles, allocated uint64
}

// What is sampled.
const (
	live = iota
	goal
	allocations
	cycles
)

// begins is where on the way from what is in use to the goal Go begins to collect, in
// percent, if much is being allocated; else it begins later.
const begins = 70

func newCollector() *collector {
	c := &collector{}
	for i, name := range [...]string{
		live: "/gc/heap/live:bytes", goal: "/gc/heap/goal:bytes", allocations: "/gc/heap/allocs:bytes", cycles: "/gc/cycles/total:gc-cycles",
	} {
		c.samples[i].Name = name
	}
	return c
}

// works tells whether garbage is being collected, or is about to be.
func (c *collector) works() bool {
	metrics.Read(c.samples[:])
	return c.at(c.samples[live].Value.Uint64(), c.samples[goal].Value.Uint64(), c.samples[allocations].Value.Uint64(), c.samples[cycles].Value.Uint64())
}

// at does so by what was sampled. What was allocated since the last collection counts
// from when that is first seen.
func (c *collector) at(live, goal, allocated, cycles uint64) bool {
	if cycles != c.cycles {
		c.cycles, c.allocated = cycles, allocated
	}
	return goal > live && allocated-c.allocated >= (goal-live)/100*begins
}
