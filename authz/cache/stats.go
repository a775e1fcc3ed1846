package cache

import (
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"
)

// Stats count what became of decisions and of what was to be remembered. They
// only rise.
type Stats struct {
	// Hits were answered from memory, Misses looked up in vain and evaluated.
	// What is evaluated without being looked up is neither.
	Hits, Misses uint64
	// Evictions made room for others. What is forgotten because the policies
	// changed is not among them.
	Evictions uint64
	// Rejections are decisions that were not taken: they seemed less worth than
	// what they would have displaced, or came faster than they could be taken.
	Rejections uint64
}

// Stats are the counts so far; those of a nil Cache are zero.
func (k *Cache) Stats() Stats {
	if k == nil {
		return Stats{}
	}
	s := Stats{Evictions: k.counters.evictions.Load(), Rejections: k.counters.rejections.Load()}
	for i := range k.counters.stripes {
		s.Hits += k.counters.stripes[i].hits.Load()
		s.Misses += k.counters.stripes[i].misses.Load()
	}
	return s
}

// counters are written by every decision, so the common ones are spread over
// cache lines.
type counters struct {
	stripes [8]struct {
		hits, misses atomic.Uint64
		_            [48]byte
	}
	evictions, rejections atomic.Uint64
	// paused is set while everything is forgotten, which is no eviction.
	paused atomic.Bool
}

// hit tells how many there were in the same stripe.
func (c *counters) hit(hash uint64) uint64 { return c.stripes[hash%8].hits.Add(1) }

func (c *counters) miss(hash uint64) { c.stripes[hash%8].misses.Add(1) }

func (c *counters) dropped() { c.rejections.Add(1) }

func (c *counters) pause(yes bool) { c.paused.Store(yes) }

func (c *counters) evicted(*ristretto.Item[*entry]) {
	if !c.paused.Load() {
		c.evictions.Add(1)
	}
}

func (c *counters) rejected(*ristretto.Item[*entry]) { c.rejections.Add(1) }
