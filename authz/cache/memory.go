package cache

import (
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
	"unsafe"
)

// MinBytes is the least memory that a cache can do with. Options that give it
// less give it that.
const MinBytes = 1 << 20

// budget divides the memory of a cache.
type budget struct {
	// entries is for what is remembered, in bytes; places the number of those for what
	// to look up, seen that for what was looked up in vain, counters that of counters
	// for how often entries are used.
	entries, places, seen, counters int64
}

const (
	// buffered is what the library's buffer of writes takes.
	buffered = 32 << 10 * unsafe.Sizeof(uintptr(0))
	// counterBytes is what the library takes for a counter: four of four bits,
	// and up to two bytes of its filter.
	counterBytes = 4
	seenBytes    = 4
	placeBytes   = 16
	// placesBytes is what an entry's places take in the library's two maps, at their
	// usual filling, and what the allocator takes beside entries.
	placesBytes = 208
)

// divide gives the counters a sixteenth, what to look up a 32nd, and what was
// looked up in vain a 128th: about eight counters and a place of either for an
// entry of usual size.
func divide(total int64) budget {
	total = max(total, MinBytes)
	b := budget{
		places:   powerOfTwo(total / 32 / placeBytes),
		seen:     powerOfTwo(total / 128 / seenBytes),
		counters: powerOfTwo(total / 16 / counterBytes),
	}
	b.entries = total - b.counters*counterBytes - b.places*placeBytes - b.seen*seenBytes - int64(buffered)
	return b
}

// powerOfTwo is the greatest that is not above n.
func powerOfTwo(n int64) int64 { return 1 << (bits.Len64(uint64(n)) - 1) }

// ways is how many slots a hash may take, side by side: with one, two that are asked
// for in turn would drive each other out for ever.
const ways = 4

// set is where the slots of a hash begin, among so many: a power of two, and more
// than ways.
func set(hash uint64, slots int) uint64 { return hash & uint64(slots-1) &^ (ways - 1) }

// victim is the slot of a set that gives way.
func victim() uint64 { return rand.Uint64N(ways) }

// seen is what was looked up in vain lately: one hash for each slot.
type seen []atomic.Uint32

// before tells whether a hash was seen before, and remembers that it was. It
// may forget, and take one hash for another.
func (s seen) before(hash uint64) bool {
	at := set(hash, len(s))
	slots := s[at : at+ways]
	rest := uint32(hash>>32) | 1 // 0 is an empty slot
	for i := range slots {
		switch slots[i].Load() {
		case rest:
			return true
		case 0:
			slots[i].Store(rest)
			return false
		}
	}
	slots[victim()].Store(rest)
	return false
}
