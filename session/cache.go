package session

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// cache remembers what tokens stand for, in a bounded number of bytes. An entry is
// found by a hash of its name, and is used only if name and token are the same in
// full, and the generation is that of the snapshot: a hash is not trusted with an
// identity. To look up takes no lock and no memory.
type cache[V any] struct {
	slots    []atomic.Pointer[cached[V]]
	mask     uint64
	seed     maphash.Seed
	maxBytes int64
	// hits and misses count the look-ups.
	hits, misses atomic.Uint64

	// adding guards what follows.
	adding     sync.Mutex
	bytes      int64
	generation uint64
	hand       int
}

// cached is an entry. It is immutable but for used.
type cached[V any] struct {
	hash        uint64
	name, token string
	generation  uint64
	bytes       int64
	value       V
	// used is set by look-ups and taken away by the hand that goes round.
	used atomic.Bool
}

const (
	// ways is how many places there are for a hash.
	ways = 4
	// bytesPerSlot is what an entry takes that is small: there are as many slots
	// as entries of that size.
	bytesPerSlot = 4 << 10
)

// newCache makes a cache; nil if it may not take any memory.
func newCache[V any](maxBytes int64) *cache[V] {
	if maxBytes <= 0 {
		return nil
	}
	n := uint64(ways)
	for n < uint64(maxBytes/bytesPerSlot) {
		n *= 2
	}
	return &cache[V]{slots: make([]atomic.Pointer[cached[V]], n), mask: n/ways - 1, seed: maphash.MakeSeed(), maxBytes: maxBytes}
}

// find looks up a token. name is what is hashed: the token itself, or something
// shorter that each genuine one has of its own.
func (c *cache[V]) find(name, token string, generation uint64) (v V, ok bool) {
	if c == nil {
		return v, false
	}
	hash := maphash.String(c.seed, name)
	set := c.set(hash)
	for i := range set {
		e := set[i].Load()
		if e == nil || e.hash != hash || e.generation != generation || e.name != name || e.token != token {
			continue
		}
		if !e.used.Load() {
			e.used.Store(true)
		}
		c.hits.Add(1)
		return e.value, true
	}
	c.misses.Add(1)
	return v, false
}

func (c *cache[V]) stats() CacheStats {
	if c == nil {
		return CacheStats{}
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	return CacheStats{Hits: c.hits.Load(), Misses: c.misses.Load(), Bytes: c.bytes}
}

// set are the slots of a hash.
func (c *cache[V]) set(hash uint64) []atomic.Pointer[cached[V]] {
	first := (hash & c.mask) * ways
	return c.slots[first : first+ways]
}

// add remembers what a token stands for in a generation; size is how many bytes
// the value takes. Entries of earlier generations are forgotten.
func (c *cache[V]) add(name, token string, generation uint64, v V, size int64) {
	if c == nil {
		return
	}
	e := &cached[V]{hash: maphash.String(c.seed, name), name: strings.Clone(name), token: strings.Clone(token), generation: generation, value: v}
	e.bytes = size + int64(len(name)+len(token)) + 160
	if e.bytes > c.maxBytes {
		return
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	switch {
	case generation < c.generation:
		return
	case generation > c.generation:
		c.generation = generation
		for i := range c.slots {
			c.put(&c.slots[i], nil)
		}
	}
	c.put(c.place(e), e)
	// Twice round is enough: the first time takes away that entries were used.
	for range 2 * len(c.slots) {
		if c.bytes <= c.maxBytes {
			return
		}
		slot := &c.slots[c.hand]
		c.hand = (c.hand + 1) % len(c.slots)
		if old := slot.Load(); old != nil && old != e && !old.used.Swap(false) {
			c.put(slot, nil)
		}
	}
}

// place is the slot for an entry: its own, a free one, or that of one which was
// not used of late.
func (c *cache[V]) place(e *cached[V]) *atomic.Pointer[cached[V]] {
	set := c.set(e.hash)
	best := &set[int(e.hash>>60)%ways]
	for i := range set {
		old := set[i].Load()
		if old != nil && old.hash == e.hash && old.name == e.name {
			return &set[i]
		}
		if old == nil {
			best = &set[i]
		}
	}
	if best.Load() == nil {
		return best
	}
	for i := range set {
		if !set[i].Load().used.Swap(false) {
			return &set[i]
		}
	}
	return best
}

// put exchanges what a slot holds.
func (c *cache[V]) put(slot *atomic.Pointer[cached[V]], e *cached[V]) {
	if old := slot.Load(); old != nil {
		c.bytes -= old.bytes
	}
	if e != nil {
		c.bytes += e.bytes
	}
	slot.Store(e)
}
