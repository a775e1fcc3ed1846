// Package cache remembers decisions of package authz.
//
// A remembered decision is the one that authz.Decide would come to. What it is
// found by is all that the decision can depend on (see authz.AppendKey) and the
// generation of the policies, written out in full and compared in full: a hash
// leads to the entry, and is not trusted with an authorisation. An entry has no
// life span, because time enters as its place among the thresholds that policies
// compare it with.
//
// # When it is asked
//
// Looking up is not free: who asks, for what, and the condition keys that matter
// must be written out, hashed and compared. Where there is little to evaluate,
// evaluating is cheaper. Which of the two it is, is decided in two steps. For
// what is attached to most callers and resources, evaluating is cheaper whatever
// is asked for, which is known when it is attached (see authz.MostWork). Of the
// rest, a decision is looked up if it took longer when the same caller asked for
// the same action on the same resource before (see authz.Weigh) than it takes to
// find it (see authz.FindingCost): how many statements are candidates, and how
// many of their conditions are looked at, depends on the resource. MinGain draws
// the line in both. Work is counted, not timed.
//
// # What is not relied on
//
// Writing to the cache is lossy. A decision is remembered when it was looked up in
// vain for a second time, if there is room or it seems worth that of others, and
// if the cache is not too busy: so that requests which never repeat cost little.
// Nothing but the time it takes depends on it.
package cache

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/sallyport-iam/sallyport/authz"
)

// MinGain is how many nanoseconds finding a decision must save over evaluating
// it, for it to be looked up. Looking up in vain costs some 200 more.
const MinGain = 24

// Options bound a cache.
type Options struct {
	// MaxBytes is the memory that the cache may take, at least MinBytes; 0 is no
	// cache: every decision is evaluated.
	MaxBytes int64
	// MinGain is what finding must gain, in nanoseconds; 0 is MinGain. If it is
	// below zero, every decision that can be remembered is looked up.
	MinGain int
}

// Cache decides, and remembers. It is safe for concurrent use. A nil Cache
// evaluates every decision.
type Cache struct {
	entries *ristretto.Cache[uint64, *entry]
	seed    maphash.Seed
	mask    uint64 // of the hash; all bits, except in tests
	least   int
	// front tells which accesses to look up, and has what was found of them; seen
	// tells which keys were looked up in vain.
	front front
	seen  seen

	// generation is that of the entries.
	generation atomic.Uint64
	clearing   sync.Mutex
	counters   counters
}

// New makes a cache. Without MaxBytes it is nil.
func New(o Options) (*Cache, error) {
	return newCache(o, math.MaxUint64)
}

func newCache(o Options, mask uint64) (*Cache, error) {
	if o.MaxBytes <= 0 {
		return nil, nil
	}
	if o.MinGain == 0 {
		o.MinGain = MinGain
	}
	b := divide(o.MaxBytes)
	k := &Cache{seed: maphash.MakeSeed(), mask: mask, least: o.MinGain, front: make(front, b.places), seen: make(seen, b.seen)}
	var err error
	k.entries, err = ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		NumCounters:        b.counters,
		MaxCost:            b.entries,
		IgnoreInternalCost: true, // cost knows better
		BufferItems:        64,
		KeyToHash:          func(hash uint64) (uint64, uint64) { return hash, 0 },
		OnEvict:            k.counters.evicted,
		OnReject:           k.counters.rejected,
		OnExit:             k.exit,
	})
	return k, err
}

// Decide is authz.Decide, answered from memory where that is cheaper. generation
// is that of the policies: it rises whenever they are loaded again. What was
// remembered of an earlier one is forgotten.
func (k *Cache) Decide(generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	if k == nil || !k.pays(authz.MostWork(c, r, a), authz.LeastFindingCost) || !k.current(generation) {
		return authz.Decide(c, r, a)
	}
	asked := k.asked(c, a)
	e, cost, dear := k.front.of(asked)
	if dear || k.least < 0 {
		return k.find(asked, e, generation, c, r, a)
	}
	d, work := authz.Weigh(c, r, a)
	if !k.pays(work, authz.LeastFindingCost) {
		return d
	}
	known := cost != 0
	if !known {
		cost = authz.FindingCost(c, r, a)
	}
	if dear = k.pays(work, cost); dear || !known {
		k.front.put(asked, cost, dear)
	}
	return d
}

// pays tells whether to find a decision gains enough over making it.
func (k *Cache) pays(work, cost int) bool { return k.least < 0 || work-cost >= k.least }

// asked is a hash of what is asked, and by whom. It is made for every decision
// that is weighed, so it takes the ends of the names for the whole where they tell
// most: in a verdict, one may be taken for another.
func (k *Cache) asked(c *authz.Caller, a *authz.Access) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h := maphash.String(k.seed, a.Resource[max(0, len(a.Resource)-96):])
	h = (h ^ ends(a.Action)) * odd
	return (h ^ h>>32 ^ c.NameHash()) * odd & k.mask
}

// ends is a number made of the first and the last bytes of a text.
func ends(s string) uint64 {
	if len(s) < 8 {
		return uint64(len(s))
	}
	first, last := s[:8], s[len(s)-8:]
	return eight(first)*31 + eight(last)
}

func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// find looks a decision up, and makes and remembers it if it is not found. What is
// asked was found in e lately, unless that is nil.
func (k *Cache) find(asked uint64, e *entry, generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	if len(a.Resource) > usualResource {
		return k.findLong(asked, e, generation, c, r, a)
	}
	var buffer [512]byte
	return k.findBy(buffer[:0], asked, e, generation, c, r, a)
}

// findLong is find where names are long. What it takes of a stack is not to be part
// of what find does: with it the stacks of connections would not do with 8 KiB.
//
//go:noinline
func (k *Cache) findLong(asked uint64, e *entry, generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	var buffer [2048]byte
	return k.findBy(buffer[:0], asked, e, generation, c, r, a)
}

// usualResource is the length of a resource that leaves room for the rest of most
// keys in the smaller buffer. A key that has no room in either takes memory.
const usualResource = 192

func (k *Cache) findBy(buffer []byte, asked uint64, e *entry, generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	key, ok := authz.AppendKey(binary.LittleEndian.AppendUint64(buffer, generation), c, r, a)
	if !ok {
		return authz.Decide(c, r, a)
	}
	if e != nil && e.key == string(key) {
		if n := k.counters.hit(asked); k.counts(n) {
			_, _ = k.entries.Get(e.hash)
		}
		return e.decision
	}
	hash := maphash.Bytes(k.seed, key) & k.mask
	if e, found := k.entries.Get(hash); found && e.key == string(key) {
		k.counters.hit(asked)
		k.front.keep(e)
		return e.decision
	}
	k.counters.miss(asked)
	d, work := authz.Weigh(c, r, a)
	switch cost := authz.FindingCost(c, r, a); {
	case !k.pays(work, cost):
		k.front.put(asked, cost, false)
	case k.seen.before(hash):
		if k.least < 0 {
			k.front.put(asked, cost, true)
		}
		e, size := newEntry(key, d)
		e.hash, e.asked = hash, asked
		if !k.entries.Set(hash, e, size+placesBytes) {
			k.counters.dropped()
		}
	}
	return d
}

// counts tells whether the library is to know of a use of what the front has: of each
// as soon as entries make room for others, and until then, to be ready for that, of
// some.
func (k *Cache) counts(use uint64) bool {
	const some = 64
	return use%some == 0 || k.counters.evictions.Load() > 0
}

// exit lets go of an entry that is remembered no more.
func (k *Cache) exit(e *entry) {
	if e != nil {
		e.gone.Store(true)
		k.front.drop(e)
	}
}

// current tells whether a generation is the latest, and makes room for one that
// is new. Requests that began under an earlier one are few, and soon over.
func (k *Cache) current(generation uint64) bool {
	for {
		latest := k.generation.Load()
		if generation <= latest {
			return generation == latest
		}
		if k.generation.CompareAndSwap(latest, generation) {
			if latest > 0 {
				// Entries of the old generation would never be found again, but
				// take memory until others take their room.
				go k.forget()
			}
			return true
		}
	}
}

// forget drops the entries. It may drop new ones as well.
func (k *Cache) forget() {
	k.clearing.Lock()
	defer k.clearing.Unlock()
	k.counters.pause(true)
	k.entries.Clear()
	k.front.forget()
	k.counters.pause(false)
}

// Wait returns when everything that was to be remembered so far is, or is not.
// It is for tests.
func (k *Cache) Wait() {
	if k != nil {
		k.entries.Wait()
	}
}

// Close frees what the cache holds. No decision may be under way; those that come
// later are evaluated.
func (k *Cache) Close() {
	if k == nil {
		return
	}
	k.clearing.Lock()
	defer k.clearing.Unlock()
	k.counters.pause(true)
	k.entries.Close()
}
