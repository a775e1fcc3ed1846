package pattern

import (
	"math/bits"
	"sync"
)

// Places is where the bytes of a text stand in it. Matching makes use of it when
// a piece of a pattern is tried in vain at place after place: with a set of
// places, as the bits of words, all of them are tried at once, in a 64th of the
// time. The zero value is ready to use, for one text after another; what it
// needs is borrowed until Release.
type Places struct {
	// Work counts the steps that matching took: tokens compared, and words of
	// sets.
	Work int

	text  string
	table *table
}

// table holds sets of places, which are numbers of bytes.
type table struct {
	words int
	sets  []uint64
	// starts are the places where a character of 1 to 4 bytes begins. ascii is
	// set if those of 1 byte are all.
	starts [4]int
	ascii  bool
	// of is the set of each byte, made when it is asked for; 0 if it was not.
	of [256]int
}

var tables = sync.Pool{New: func() any { return new(table) }}

// Release gives back what was borrowed.
func (p *Places) Release() {
	if p.table != nil {
		tables.Put(p.table)
		p.table = nil
	}
}

// ready borrows a table for a text.
func (p *Places) ready(text string) *table {
	if p.table != nil && p.text == text {
		return p.table
	}
	if p.table == nil {
		p.table = tables.Get().(*table)
	}
	p.text = text
	t := p.table
	t.words, t.sets, t.of = len(text)/64+1, t.sets[:0], [256]int{}
	t.add() // so that no set of a byte begins at 0, and to work on
	for i := range t.starts {
		t.starts[i] = t.add()
	}
	t.ascii = true
	for i := 0; i < len(text); {
		n := size(text[i:])
		t.ascii = t.ascii && n == 1
		t.set(t.starts[n-1])[i/64] |= 1 << (i % 64)
		i += n
	}
	p.Work += len(text)
	return t
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

// places is the set of a byte.
func (t *table) places(text string, b byte) []uint64 {
	if t.of[b] == 0 {
		t.of[b] = t.add()
		set := t.set(t.of[b])
		for i := range len(text) {
			if text[i] == b {
				set[i/64] |= 1 << (i % 64)
			}
		}
	}
	return t.set(t.of[b])
}

// find finds tokens, none of which is a run, one behind the other from a place
// of the text on. It gives the first place where they can end; -1 if there is
// none.
func (p *Places) find(tokens []token, text string, values []string, from int) int {
	t := p.ready(text)
	t.begin(from, len(text))
	for i := range tokens {
		switch tok := &tokens[i]; tok.kind {
		case literal:
			p.take(t, text, tok.text)
		case variable:
			p.take(t, text, values[tok.index])
			t.keepStarts(len(text))
		case oneInField:
			colons := t.places(text, ':')
			for w, set := 0, t.set(0); w < len(set); w++ {
				set[w] &^= colons[w]
			}
			p.step(t)
		default:
			p.step(t)
		}
	}
	for i, word := range t.set(0) {
		if word != 0 {
			return i*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// begin puts all beginnings of characters from a place on into the set at work,
// and the end of the text.
func (t *table) begin(from, end int) {
	set := t.set(0)
	for i := range set {
		set[i] = ^uint64(0)
		if i < from/64 {
			set[i] = 0
		}
	}
	set[from/64] &= ^uint64(0) << (from % 64)
	t.keepStarts(end)
}

// keepStarts keeps the places at work that are between characters.
func (t *table) keepStarts(end int) {
	set := t.set(0)
	if t.ascii {
		set[end/64] &= ^uint64(0) >> (63 - end%64)
		return
	}
	for i := range set {
		starts := uint64(0)
		for _, at := range t.starts {
			starts |= t.sets[at+i]
		}
		if i == end/64 {
			starts |= 1 << (end % 64)
		}
		set[i] &= starts
	}
}

// take moves every place at work behind a literal that stands there, and drops
// the others.
func (p *Places) take(t *table, text, lit string) {
	for i := range len(lit) {
		of := t.places(text, lit[i])
		set := t.set(0)
		if p.Work += t.words; !shift(set, of) {
			return
		}
	}
}

// shift moves the places of a set that are in another one by one, and drops the
// others. It tells whether there were any.
func shift(set, of []uint64) bool {
	of = of[:len(set)]
	carry, some := uint64(0), uint64(0)
	for w := range set {
		moved := set[w] & of[w]
		some |= moved
		set[w], carry = moved<<1|carry, moved>>63
	}
	return some != 0
}

// step moves every place at work behind the character that begins there.
func (p *Places) step(t *table) {
	set := t.set(0)
	if t.ascii {
		p.Work += t.words
		shift(set, t.set(t.starts[0]))
		return
	}
	p.Work += len(t.starts) * t.words
	var carry [4]uint64
	for w := range set {
		at, moved := set[w], uint64(0)
		for i, starts := range t.starts {
			n := i + 1
			m := at & t.sets[starts+w]
			moved |= m<<n | carry[i]
			carry[i] = m >> (64 - n)
		}
		set[w] = moved
	}
}
