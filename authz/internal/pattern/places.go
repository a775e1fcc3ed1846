package pattern

import (
	"strings"
	"sync"
)

// Places remembers of the texts of one decision where what patterns look for
// stands in them. Nothing is written down of a text before it has been searched
// for as long as that takes: ordinary decisions never get there. The zero value
// is ready to use; what it borrows it keeps until Release.
type Places struct {
	// Work counts the steps that matching took, of some nanoseconds each: tokens
	// compared, eights of the bytes that were searched, words of sets, and what
	// it took to write down the places.
	Work int
	// Eager makes it write everything down at once, so that tests get there.
	Eager bool

	// current is the text that was matched last. The others are there as soon as
	// there are two.
	current places
	others  *others
}

// others are texts that were matched before. Of more than these the one that
// has waited longest is forgotten.
type others struct {
	texts [7]places
	next  int // is forgotten next
}

// places are those of one text.
type places struct {
	text string
	// work is how many steps the text took.
	work  int
	table *table // once it is worth while
	// fold is the FoldHash of the text, once it was asked for.
	fold   uint32
	folded bool
}

// Bounds of a table. A text longer than mostPlaces, which no head of a request
// can hold, has none. Grams take up to 44 bytes for each place and length: those
// of the longest key of S3 1.5 MiB in all, and never more than tableRoom allows
// for, some 6 MiB.
const (
	mostPlaces = 1<<16 - 1
	tableRoom  = 1 << 17
)

// buildSteps is how many steps it takes to write down the grams of a length, for
// each place.
const buildSteps = 3

// table is what is written down of a text.
type table struct {
	grams [maxGram + 1]grams
	arena arena
	// room is how many places the grams may still take.
	room int
	// tails are the hashes of the ends of the text, by their length.
	tails [maxGram + 1]uint32
	// sets hold places as the bits of words, each of the length of the first:
	// that is the one at work, of which only the words from low to high hold
	// any.
	words     int
	sets      []uint64
	low, high int
	kept      []uint16 // of them, while they are looked through
	// starts are where a character of 1 to 4 bytes begins, and colons where one
	// stands, once they are asked for. ascii is set if those of 1 byte are all.
	read   bool
	starts [4]int
	colons int
	ascii  bool
}

var waiting = sync.Pool{New: func() any { return new(others) }}

var tables = sync.Pool{New: func() any { return new(table) }}

// Release gives back what was borrowed, and forgets all texts.
func (p *Places) Release() {
	p.current.release()
	if p.others != nil {
		for i := range p.others.texts {
			p.others.texts[i].release()
		}
		p.others.next = 0
		waiting.Put(p.others)
		p.others = nil
	}
}

func (q *places) release() {
	if q.table != nil {
		tables.Put(q.table)
	}
	*q = places{}
}

// of turns to a text.
func (p *Places) of(text string) *places {
	if p.current.text != text {
		p.turn(text)
	}
	return &p.current
}

func (p *Places) turn(text string) {
	if p.current.work == 0 {
		p.current = places{text: text} // nothing was written down but a fold
		return
	}
	if p.others == nil {
		p.others = waiting.Get().(*others)
	}
	for i := range p.others.texts {
		if q := &p.others.texts[i]; q.text == text {
			p.current, *q = *q, p.current
			return
		}
	}
	q := &p.others.texts[p.others.next]
	p.others.next = (p.others.next + 1) % len(p.others.texts)
	q.release()
	p.current, *q = places{text: text}, p.current
}

// charge counts steps that a text took.
func (p *Places) charge(q *places, steps int) {
	p.Work += steps
	q.work += steps
}

// written is the table of a text; nil while it is not worth while.
func (p *Places) written(q *places) *table {
	if q.table == nil && (p.Eager || q.work > buildSteps*len(q.text)+128) && len(q.text) <= mostPlaces {
		p.write(q)
	}
	return q.table
}

// write borrows a table for a text.
func (p *Places) write(q *places) {
	t := tables.Get().(*table)
	q.table = t
	t.room, t.read = tableRoom, false
	t.arena.reset()
	for i := range t.grams {
		t.grams[i] = grams{}
		if i <= len(q.text) {
			t.tails[i] = hash(q.text[len(q.text)-i:])
		}
	}
	t.words, t.sets = len(q.text)/64+1, t.sets[:0]
	t.add()
	p.charge(q, 2*maxGram)
}

// add makes an empty set.
func (t *table) add() int {
	at := len(t.sets)
	for range t.words {
		t.sets = append(t.sets, 0)
	}
	return at
}

func (t *table) set(at int) []uint64 { return t.sets[at : at+t.words] }

// index is where a literal stands first between two places of a text; -1 if it
// does not.
func (p *Places) index(q *places, lit *token, from, end int) int {
	if t := p.written(q); t != nil {
		if g := p.gramsOf(q, len(lit.text), 1+(end-from)/8); g != nil {
			p.charge(q, 1)
			at := -1
			if x := g.find(q.text, lit.text, lit.number); x != nil {
				at = t.next(g, x, from)
			}
			if at+len(lit.text) > end {
				return -1
			}
			return at
		}
	}
	n := strings.Index(q.text[from:end], lit.text)
	if n < 0 {
		p.charge(q, 1+(end-from)/8)
		return -1
	}
	p.charge(q, 1+n/8)
	return from + n
}

// gramsOf are the grams of a length, up to maxGram, of a text that has a table; nil while it is
// not worth while to write them down. steps is what it takes to do without.
func (p *Places) gramsOf(q *places, length, steps int) *grams {
	t := q.table
	g := &t.grams[length]
	if g.slots != nil {
		return g
	}
	if g.asked += steps; !p.Eager && g.asked <= buildSteps*len(q.text)+32 || t.room < len(q.text) {
		return nil
	}
	t.room -= len(q.text)
	g.build(&t.arena, q.text, length)
	p.charge(q, buildSteps*len(q.text))
	return g
}

// May tells whether a text can match a pattern of a sieve.
func (p *Places) May(text string, s Sieve) bool {
	return s == 0 || p.may(p.of(text), s)
}

func (p *Places) may(q *places, s Sieve) bool {
	if p.written(q) == nil {
		return true
	}
	length := s.length()
	if s.tail() {
		return length <= len(q.text) && q.table.tails[length] == s.hash()
	}
	g := p.gramsOf(q, length, matchSteps)
	return g == nil || g.has(s.hash())
}

// matchSteps is about how many steps it takes to begin with a match.
const matchSteps = 8

// FoldHash is the FoldHash of a text.
func (p *Places) FoldHash(text string) uint32 {
	q := p.of(text)
	if !q.folded {
		q.fold, q.folded = FoldHash(text), true
		p.charge(q, len(text))
	}
	return q.fold
}
