package proxy

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"
)

// LimiterOptions say how many failed authentications a peer is granted.
type LimiterOptions struct {
	// Rate is how many a second are granted for ever, from 1 to 10000, and Burst
	// how many at once, from 1 to 1000000.
	Rate, Burst int
	// Anonymous counts requests without credentials that are denied as failed, too,
	// and answers none of them where the peer has spent what it is granted.
	Anonymous bool
	// Now is the clock.
	Now func() time.Time
}

// Limiter counts the failed authentications of each peer: an IPv4 address, or the
// 64 bits of an IPv6 address that name a network. Memory is fixed: the peers with
// most failures displace others, who are not forgiven what they displace. It is safe
// for concurrent use; nobody waits for anybody.
type Limiter struct {
	anonymous bool
	begin     time.Time
	seed      maphash.Seed
	// step is how long a failure takes to be forgiven, full what is granted at once;
	// both in ticks.
	step, full uint64
	// debts are found by peer, known by peer and credential. Each word is one peer's,
	// or one credential's, and there are words in as many sets.
	debts, known []set

	// recordAt is when the next record of a limited request may be written, in
	// ticks; unrecorded counts those without one since the last.
	recordAt   atomic.Int64
	unrecorded atomic.Uint64
}

// set is what fits into a line of a processor's cache, so that to search it costs
// little more than to read a word.
type set [8]atomic.Uint64

const (
	// sets is how many sets each table has: 512 KiB.
	sets = 1 << 13
	// tick is the unit of time of debts.
	tick = 100 * time.Microsecond
	// A debt's word is the peer's hash, and below it the moment at which all is
	// forgiven. That wraps around, after years; what is not within the next time that
	// a full debt takes is no debt.
	momentBits = 40
	momentMask = 1<<momentBits - 1
	// A known credential's word is a hash, and below it the minute.
	minuteBits = 16
	minuteMask = 1<<minuteBits - 1
	// acquaintance is how long a credential is known, in minutes.
	acquaintance = 60
	// recordInterval is the least time between two records of limited requests.
	recordInterval = time.Second
)

// NewLimiter makes a limiter, which has no debts yet.
func NewLimiter(o LimiterOptions) *Limiter {
	step := max(1, uint64(time.Second/tick)/uint64(o.Rate))
	return &Limiter{
		anonymous: o.Anonymous,
		begin:     o.Now(),
		seed:      maphash.MakeSeed(),
		step:      step,
		full:      step * uint64(o.Burst),
		debts:     make([]set, sets),
		known:     make([]set, sets),
	}
}

// peer is the hash of whom an address belongs to; ok is false if it is none.
func (l *Limiter) peer(a netip.Addr) (hash uint64, ok bool) {
	if !a.IsValid() {
		return 0, false
	}
	bytes := a.As16()
	network := bytes[:]
	if !a.Is4() && !a.Is4In6() {
		network = bytes[:8]
	}
	return maphash.Bytes(l.seed, network), true
}

func (l *Limiter) ticks(now time.Time) uint64 { return uint64(now.Sub(l.begin) / tick) }

// owed is the debt in a word, in ticks.
func (l *Limiter) owed(word, now uint64) uint64 {
	if owed := (word - now) & momentMask; owed <= l.full {
		return owed
	}
	return 0
}

// isSpent tells whether a debt leaves no room for another failure.
func (l *Limiter) isSpent(owed uint64) bool { return owed+l.step > l.full }

// spent tells whether a peer has spent what it is granted.
func (l *Limiter) spent(peer uint64, at time.Time) bool {
	now, words := l.ticks(at), &l.debts[peer%sets]
	for i := range words {
		if word := words[i].Load(); (word^peer)>>momentBits == 0 {
			return l.isSpent(l.owed(word, now))
		}
	}
	return false
}

// fail adds a failure to a peer's debt. Where there is no room for the peer, it takes
// over the least debt of those in its set: who could come back with a debt of its own
// alone would get rid of a greater one by being displaced.
func (l *Limiter) fail(peer uint64, at time.Time) {
	now, words := l.ticks(at), &l.debts[peer%sets]
	for {
		place, old, owed := 0, uint64(0), ^uint64(0)
		for i := range words {
			word := words[i].Load()
			debt := l.owed(word, now)
			if (word^peer)>>momentBits == 0 {
				place, old, owed = i, word, debt
				break
			}
			if debt < owed {
				place, old, owed = i, word, debt
			}
		}
		next := peer&^momentMask | (now+min(owed+l.step, l.full))&momentMask
		if words[place].CompareAndSwap(old, next) {
			return
		}
	}
}

// Limited is how many peers have spent what they are granted now.
func (l *Limiter) Limited(at time.Time) (n int) {
	now := l.ticks(at)
	for i := range l.debts {
		for j := range l.debts[i] {
			if l.isSpent(l.owed(l.debts[i][j].Load(), now)) {
				n++
			}
		}
	}
	return n
}

// credential is the hash of what a peer shows.
func (l *Limiter) credential(peer uint64, kind byte, text string) uint64 {
	return maphash.String(l.seed, text) ^ (peer<<32 | peer>>32) ^ uint64(kind)<<56
}

func (l *Limiter) minute(at time.Time) uint64 {
	return uint64(at.Sub(l.begin)/time.Minute) & minuteMask
}

// greet remembers a credential for some time.
func (l *Limiter) greet(credential uint64, at time.Time) {
	now, words := l.minute(at), &l.known[credential%sets]
	next := credential&^minuteMask | now
	place, oldest := 0, uint64(0)
	for i := range words {
		word := words[i].Load()
		if word == next {
			return
		}
		age := (now - word) & minuteMask
		if (word^credential)>>minuteBits == 0 {
			place = i
			break
		}
		if word == 0 {
			age = minuteMask
		}
		if age > oldest {
			place, oldest = i, age
		}
	}
	words[place].Store(next) // of two who meet here one is known, and the other next time
}

// knows tells whether a credential was remembered lately.
func (l *Limiter) knows(credential uint64, at time.Time) bool {
	now, words := l.minute(at), &l.known[credential%sets]
	for i := range words {
		if word := words[i].Load(); (word^credential)>>minuteBits == 0 {
			return word != 0 && (now-word)&minuteMask <= acquaintance
		}
	}
	return false
}

// record tells whether a limited request is to be recorded, and how many were not
// since the last that was.
func (l *Limiter) record(at time.Time) (unrecorded uint64, ok bool) {
	now, next := at.Sub(l.begin), l.recordAt.Load()
	if int64(now) < next || !l.recordAt.CompareAndSwap(next, int64(now+recordInterval)) {
		l.unrecorded.Add(1)
		return 0, false
	}
	return l.unrecorded.Swap(0), true
}
