package cache

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// MinBytes is the least memory that a cache can do with. Options that give it
// less give it that.
const MinBytes = 1 << 20

// budget divides the memory of a cache.
type budget struct {
	// entries is for what is remembered, in bytes; seen the number of slots for
	// what was seen once, counters that of counters for how often entries are
	// used.
	entries, seen, counters int64
}

const (
	// buffered is what the library's buffer of writes takes.
	buffered = 32 << 10 * unsafe.Sizeof(uintptr(0))
	// counterBytes is what the library takes for a counter: four of four bits,
	// and up to two bytes of its filter.
	counterBytes = 4
	seenBytes    = 4
	// entryBytes is what an entry takes beside its key: itself, its places in
	// the library's two maps at their usual filling, and what the allocator
	// rounds up.
	entryBytes = 208
)

// divide gives the counters a sixteenth and what was seen once a 128th: about
// eight counters and one slot for an entry of usual size.
func divide(total int64) budget {
	total = max(total, MinBytes)
	b := budget{counters: powerOfTwo(total / 16 / counterBytes), seen: powerOfTwo(total / 128 / seenBytes)}
	b.entries = total - b.counters*counterBytes - b.seen*seenBytes - int64(buffered)
	return b
}

// powerOfTwo is the greatest that is not above n.
func powerOfTwo(n int64) int64 { return 1 << (bits.Len64(uint64(n)) - 1) }

// cost is the memory that an entry takes.
func (e *entry) cost() int64 { return int64(len(e.key)) + entryBytes }

// seen is what was looked up in vain lately: one hash for each slot.
type seen []atomic.Uint32

func newSeen(slots int64) seen { return make(seen, slots) }

// before tells whether a hash was seen before, and remembers that it was. It
// may forget, and take one hash for another.
func (s seen) before(hash uint64) bool {
	slot := &s[hash&uint64(len(s)-1)]
	rest := uint32(hash >> 32)
	if slot.Load() == rest {
		return true
	}
	slot.Store(rest)
	return false
}
