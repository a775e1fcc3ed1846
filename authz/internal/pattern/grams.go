package pattern

import (
	"hash/maphash"
	"math/bits"
)

// maxGram is the length of the longest grams. Longer literals are cut into such.
const maxGram = 32

// The seed is random, so that neither policy nor request can be made of grams
// that collide.
var seed = maphash.MakeSeed()

const hashBits = 26

// hash is a number of hashBits bits.
func hash(text string) uint32 { return uint32(maphash.String(seed, text)) >> (32 - hashBits) }

// Sieve is what can be told about a pattern in one number: a part of a literal
// that each text which matches contains, or ends with. The zero value says
// nothing.
type Sieve uint32

const tailBit = 1 << 31

// newSieve makes the sieve of a part, of up to maxGram bytes.
func newSieve(part string, tail bool) Sieve {
	s := Sieve(len(part)-1)<<hashBits | Sieve(hash(part))
	if tail {
		s |= tailBit
	}
	return s
}

func (s Sieve) tail() bool   { return s&tailBit != 0 }
func (s Sieve) length() int  { return int(s>>hashBits&(maxGram-1)) + 1 }
func (s Sieve) hash() uint32 { return uint32(s) & (1<<hashBits - 1) }

// grams are all parts of a text that have one length, and where they begin.
type grams struct {
	// asked is how many steps it took to do without, before there were slots.
	asked int
	// slots are a hash table of numbers of groups, from 1 on.
	slots  []uint16
	groups []group
	// places of all groups, one group behind the other, in rising order.
	places []uint16
}

// group is what all grams have in common that are alike.
type group struct {
	hash        uint32
	first, last uint16 // place
	from, count uint16 // in places
	set         int32  // of the places, if there are many; 0 if it was not made
}

// arena is the memory of grams.
type arena struct {
	numbers []uint16
	groups  []group
}

func (a *arena) reset() { a.numbers, a.groups = a.numbers[:0], a.groups[:0] }

// carve takes n zero values. What was taken before stays where it is.
func carve[T any](from *[]T, n int) []T {
	if cap(*from)-len(*from) < n {
		*from = make([]T, 0, max(2*cap(*from), n))
	}
	taken := (*from)[len(*from) : len(*from)+n : len(*from)+n]
	*from = (*from)[:len(*from)+n]
	clear(taken)
	return taken
}

// build finds the grams of a text, which is not longer than mostPlaces.
func (g *grams) build(a *arena, text string, length int) {
	n := max(len(text)-length+1, 0)
	g.slots = carve(&a.numbers, 2<<bits.Len(uint(n)))
	g.places = carve(&a.numbers, n)
	of := carve(&a.numbers, n) // the group of each place
	g.groups = carve(&a.groups, n)
	used := uint16(0)
	for i := range n {
		part := text[i : i+length]
		h := hash(part)
		slot := g.slot(text, part, h)
		if *slot == 0 {
			g.groups[used] = group{hash: h, first: uint16(i)}
			used++
			*slot = used
		}
		x := &g.groups[*slot-1]
		x.count++
		x.last = uint16(i)
		of[i] = *slot - 1
	}
	from := uint16(0)
	for i := range g.groups[:used] {
		x := &g.groups[i]
		x.from = from
		from += x.count
		x.count = 0
	}
	for i := range n {
		x := &g.groups[of[i]]
		g.places[x.from+x.count] = uint16(i)
		x.count++
	}
	// What is left of the groups is for others.
	a.groups = a.groups[:len(a.groups)-n+int(used)]
}

// slot is the slot of a gram, 0 if the text does not have it.
func (g *grams) slot(text, gram string, hash uint32) *uint16 {
	mask := uint32(len(g.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		slot := &g.slots[i]
		if *slot == 0 {
			return slot
		}
		if x := &g.groups[*slot-1]; x.hash == hash && text[x.first:int(x.first)+len(gram)] == gram {
			return slot
		}
	}
}

// find is the group of a gram; nil if the text does not have it.
func (g *grams) find(text, gram string, hash uint32) *group {
	if n := *g.slot(text, gram, hash); n > 0 {
		return &g.groups[n-1]
	}
	return nil
}

// has tells whether the text has a gram of a hash.
func (g *grams) has(hash uint32) bool {
	mask := uint32(len(g.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		n := g.slots[i]
		if n == 0 || g.groups[n-1].hash == hash {
			return n > 0
		}
	}
}

// next is the first place of a group from one on; -1 if there is none.
func (t *table) next(g *grams, x *group, from int) int {
	switch {
	case from <= int(x.first):
		return int(x.first)
	case from > int(x.last):
		return -1
	case !t.many(x):
		for _, at := range g.places[x.from : x.from+x.count] {
			if int(at) >= from {
				return int(at)
			}
		}
	}
	set := t.setOf(g, x)
	w := from / 64
	word := set[w] &^ (1<<(from%64) - 1)
	for word == 0 {
		w++
		word = set[w] // there is the last one
	}
	return w*64 + bits.TrailingZeros64(word)
}

// many tells whether a group has so many places that they are quicker told by a
// set. There are few such groups.
func (t *table) many(x *group) bool { return int(x.count) > max(8, t.words/2) }

// setOf is the set of the places of a group.
func (t *table) setOf(g *grams, x *group) []uint64 {
	if x.set == 0 {
		x.set = int32(t.add())
		set := t.set(int(x.set))
		for _, at := range g.places[x.from : x.from+x.count] {
			set[at/64] |= 1 << (at % 64)
		}
	}
	return t.set(int(x.set))
}
