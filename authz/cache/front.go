package cache

import "sync/atomic"

// front is what is known of accesses that took some time, under the upper half of a
// hash of who asks for what: what it costs to find the decision, whether that is less
// than to make it, and the decision that was found last. So a decision that is found
// again is read in two places: here, and where it stands with all that it is found
// by. What stands here may be forgotten at any time, and taken for another's, which
// costs time alone: the entry tells what it is the decision of.
type front []place

// place is a place of a front. A set of them is a line of a processor's cache.
type place struct {
	verdict atomic.Uint64
	entry   atomic.Pointer[entry]
}

// dearBit is set for what is dearer to evaluate than to find; the bits below are
// the cost of that.
const dearBit = 1 << 31

func (f front) set(hash uint64) []place {
	at := set(hash, len(f))
	return f[at : at+ways]
}

// of is what is known under a hash. The cost is 0 if nothing is, and the entry nil if
// none was found lately.
func (f front) of(hash uint64) (e *entry, cost int, dear bool) {
	places := f.set(hash)
	for i := range places {
		if v := places[i].verdict.Load(); v != 0 && (v^hash)>>32 == 0 {
			return places[i].entry.Load(), int(v & (dearBit - 1)), v&dearBit != 0
		}
	}
	return nil, 0, false
}

func (f front) put(hash uint64, cost int, dear bool) {
	verdict := hash>>32<<32 | uint64(min(cost, dearBit-1))
	if dear {
		verdict |= dearBit
	}
	places := f.set(hash)
	for i := range places {
		if v := places[i].verdict.Load(); v == 0 || (v^hash)>>32 == 0 {
			places[i].verdict.Store(verdict)
			return
		}
	}
	p := &places[victim()]
	p.verdict.Store(verdict)
	p.entry.Store(nil)
}

// keep takes an entry that was found, if its access is known here.
func (f front) keep(e *entry) {
	places := f.set(e.asked)
	for i := range places {
		p := &places[i]
		if v := p.verdict.Load(); v != 0 && (v^e.asked)>>32 == 0 {
			p.entry.Store(e)
			if e.gone.Load() {
				p.entry.CompareAndSwap(e, nil) // drop may have come too early
			}
			return
		}
	}
}

// drop lets go of an entry that is gone.
func (f front) drop(e *entry) {
	places := f.set(e.asked)
	for i := range places {
		places[i].entry.CompareAndSwap(e, nil)
	}
}

// forget lets go of all entries.
func (f front) forget() {
	for i := range f {
		f[i].entry.Store(nil)
	}
}
