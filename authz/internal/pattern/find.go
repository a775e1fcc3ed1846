package pattern

import (
	"math/bits"
	"strings"
)

// find finds tokens, none of which is a run, one behind the other from a place
// of the text on: at all places at once, which are the bits of a set. It gives
// the first place where they can end; -1 if there is none up to the end.
func (p *Places) find(q *places, tokens []token, values []string, from, end int) int {
	if q.table == nil {
		p.write(q)
	}
	t := q.table
	if !t.read {
		t.readText(q.text)
		p.charge(q, 2*len(q.text))
	}
	t.begin(q.text, from)
	for i := 0; i < len(tokens); i++ {
		switch tok := &tokens[i]; tok.kind {
		case literal:
			p.take(q, tok.text, tok.number)
		case variable:
			for value := values[tok.number]; value != "" && t.low <= t.high; {
				part := value[:min(len(value), maxGram)]
				p.take(q, part, hash(part))
				value = value[len(part):]
			}
			t.keepStarts(len(q.text))
		case oneInField:
			t.dropColons()
			t.step(q.text, 1)
		default:
			n := 1
			for t.ascii && n < mostShift && i+1 < len(tokens) && tokens[i+1].kind == one {
				n, i = n+1, i+1
			}
			t.step(q.text, n)
		}
		if t.low > t.high {
			return -1
		}
		p.charge(q, t.high-t.low+1)
	}
	at := t.low*64 + bits.TrailingZeros64(t.sets[t.low])
	if at > end {
		return -1
	}
	return at
}

// readText notes where characters begin and colons stand.
func (t *table) readText(text string) {
	t.read, t.ascii = true, true
	for i := range t.starts {
		t.starts[i] = t.add()
	}
	t.colons = t.add()
	for i := 0; i < len(text); {
		n := size(text[i:])
		t.ascii = t.ascii && n == 1
		t.sets[t.starts[n-1]+i/64] |= 1 << (i % 64)
		if text[i] == ':' {
			t.sets[t.colons+i/64] |= 1 << (i % 64)
		}
		i += n
	}
}

// begin puts all beginnings of characters from a place on into the set at work,
// and the end of the text.
func (t *table) begin(text string, from int) {
	t.low, t.high = from/64, t.words-1
	for i := t.low; i <= t.high; i++ {
		t.sets[i] = ^uint64(0)
	}
	t.sets[t.low] &= ^uint64(0) << (from % 64)
	t.sets[t.high] &= ^uint64(0) >> (63 - len(text)%64)
	t.keepStarts(len(text))
}

// trim leaves words at both ends out that hold no place. low is above high if
// there is none.
func (t *table) trim() {
	for t.low <= t.high && t.sets[t.low] == 0 {
		t.low++
	}
	for t.low <= t.high && t.sets[t.high] == 0 {
		t.high--
	}
}

// keepStarts keeps the places at work that are between characters.
func (t *table) keepStarts(end int) {
	if !t.ascii {
		for i := t.low; i <= t.high; i++ {
			starts := uint64(0)
			for _, at := range t.starts {
				starts |= t.sets[at+i]
			}
			if i == end/64 {
				starts |= 1 << (end % 64)
			}
			t.sets[i] &= starts
		}
	}
	t.trim()
}

func (t *table) dropColons() {
	for i := t.low; i <= t.high; i++ {
		t.sets[i] &^= t.sets[t.colons+i]
	}
	t.trim()
}

// take moves every place at work behind a literal that stands there, and drops
// the others.
func (p *Places) take(q *places, lit string, number uint32) {
	t := q.table
	if t.low > t.high {
		return
	}
	one := 64 * (t.high - t.low + 1)
	g := p.gramsOf(q, len(lit), one)
	if g == nil {
		p.charge(q, one)
		t.keepEach(q.text, lit)
		t.put(len(lit))
		return
	}
	x := g.find(q.text, lit, number)
	switch {
	case x == nil:
		t.low = t.high + 1
	case t.many(x):
		t.move(t.setOf(g, x), len(lit))
	default:
		t.kept = t.kept[:0]
		for _, at := range g.places[x.from : x.from+x.count] {
			if w := int(at / 64); t.low <= w && w <= t.high && t.sets[w]>>(at%64)&1 != 0 {
				t.kept = append(t.kept, at)
			}
		}
		t.put(len(lit))
	}
}

// keepEach keeps those of the places at work at which a literal stands.
func (t *table) keepEach(text, lit string) {
	t.kept = t.kept[:0]
	for w := t.low; w <= t.high; w++ {
		for word := t.sets[w]; word != 0; word &= word - 1 {
			if at := w*64 + bits.TrailingZeros64(word); strings.HasPrefix(text[at:], lit) {
				t.kept = append(t.kept, uint16(at))
			}
		}
	}
}

// put puts the places that were kept, n bytes on, in the place of those at work.
func (t *table) put(n int) {
	clear(t.sets[t.low:min(t.high+2, t.words)])
	if len(t.kept) == 0 {
		t.low = t.high + 1
		return
	}
	for _, at := range t.kept {
		to := int(at) + n
		t.sets[to/64] |= 1 << (to % 64)
	}
	t.low, t.high = (int(t.kept[0])+n)/64, (int(t.kept[len(t.kept)-1])+n)/64
}

// mostShift bounds by how much places are moved at once.
const mostShift = 63

// move moves the places at work that are in another set by n, up to mostShift,
// and drops the others. There must be words for that.
func (t *table) move(of []uint64, n int) {
	carry := uint64(0)
	from := of[t.low : t.high+1]
	set := t.sets[t.low:][:len(from)]
	for w, word := range from {
		word &= set[w]
		set[w] = word<<(n&63) | carry
		carry = word >> ((64 - n) & 63)
	}
	if carry != 0 {
		t.high++
		t.sets[t.high] = carry
	}
	t.trim()
}

// step moves every place at work behind the character that begins there; in a
// text of characters of one byte, behind n of them.
func (t *table) step(text string, n int) {
	if t.ascii {
		// Places nearer to the end than that have too few behind them.
		if t.drop(len(text) - n); t.low <= t.high {
			t.move(t.set(t.starts[0]), n)
		}
		return
	}
	var carry [4]uint64
	some := uint64(0)
	for w := t.low; w <= t.high || some != 0; w++ {
		at, moved := uint64(0), uint64(0)
		if w <= t.high {
			at = t.sets[w]
		}
		some = 0
		for i, starts := range t.starts {
			n := i + 1
			m := uint64(0)
			if at != 0 {
				m = at & t.sets[starts+w]
			}
			moved |= m<<n | carry[i]
			carry[i] = m >> (64 - n)
			some |= carry[i]
		}
		t.sets[w] = moved
		t.high = max(t.high, w)
	}
	t.trim()
}

// drop drops the places at work behind one.
func (t *table) drop(last int) {
	if last < 0 {
		t.low = t.high + 1
		return
	}
	if w := last / 64; w < t.high {
		t.high = w
	}
	if last/64 == t.high {
		t.sets[t.high] &= ^uint64(0) >> (63 - last%64)
	}
	t.trim()
}
