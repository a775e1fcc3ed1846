package pattern

import (
	"math/bits"
	"strings"
)

// find finds tokens, none of which takes any run of characters, one behind the
// other: at all places at once, which are the bits of a set. They begin at a
// place of the text, or if anywhere is set there or behind. It gives the first
// place where they can end, or if last is set the end; -1 if they cannot, or
// not up to the end.
func (p *Places) find(q *places, tokens []token, values []string, from, end int, anywhere, last bool) int {
	if q.table == nil {
		p.write(q)
	}
	t := q.table
	if !t.read {
		t.readText(q.text)
		p.charge(q, 2*len(q.text))
	}
	t.begin(q.text, from, anywhere)
	for i := 0; i < len(tokens); i++ {
		tok, skip := &tokens[i], 0
		for t.ascii && tok.kind != runInField && skip < mostShift-maxGram && i+1 < len(tokens) && tokens[i+1].kind == one {
			skip, i = skip+1, i+1
		}
		switch tok.kind {
		case literal:
			p.take(q, tok.text, tok.number, skip)
		case variable:
			value := values[tok.number]
			for ; len(value) > maxGram && t.low <= t.high; value = value[maxGram:] {
				p.take(q, value[:maxGram], hash(value[:maxGram]), 0)
			}
			if value != "" {
				p.take(q, value, hash(value), skip)
			} else if skip > 0 {
				t.step(q.text, skip)
			}
			t.keepStarts(len(q.text))
		case runInField:
			t.flood(len(q.text))
		case oneInField:
			t.dropColons()
			t.step(q.text, 1+skip)
		default:
			t.step(q.text, 1+skip)
		}
		if t.low > t.high {
			return -1
		}
		p.charge(q, t.high-t.low+1)
	}
	if last {
		if w := end / 64; w < t.low || w > t.high || t.sets[w]>>(end%64)&1 == 0 {
			return -1
		}
		return end
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

// begin puts a place into the set at work; or all beginnings of characters from
// there on, and the end of the text.
func (t *table) begin(text string, from int, anywhere bool) {
	t.low, t.high = from/64, from/64
	t.sets[t.low] = 1 << (from % 64)
	if !anywhere {
		return
	}
	t.high = t.words - 1
	for i := t.low; i <= t.high; i++ {
		t.sets[i] = ^uint64(0)
	}
	t.sets[t.low] &= ^uint64(0) << (from % 64)
	t.sets[t.high] &= ^uint64(0) >> (63 - len(text)%64)
	t.keepStarts(len(text))
}

// flood adds to the places at work those that come behind, up to the next
// colon. A sum carries each of them there, through the ones that stand for what
// is no colon.
func (t *table) flood(end int) {
	carry := uint64(0)
	for w := t.low; w < t.words; w++ {
		set, free := uint64(0), ^t.sets[t.colons+w]
		if w <= t.high {
			set = t.sets[w]
		} else if carry == 0 {
			break
		}
		if w == end/64 {
			free &= 1<<(end%64) - 1
		}
		sum, out := bits.Add64(set&free, free, carry)
		t.sets[w] = set | (free ^ sum)
		if carry != 0 && w > t.high {
			t.high = w
		}
		carry = out
	}
	t.keepStarts(end)
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

// take moves every place at work behind a literal that stands there, of up to
// maxGram bytes, and behind some more characters, each of one byte. It drops the
// others.
func (p *Places) take(q *places, lit string, number uint32, skip int) {
	t, n := q.table, len(lit)+skip
	if t.drop(len(q.text) - n); t.low > t.high || n == 0 {
		return
	}
	one := 64 * (t.high - t.low + 1)
	g := p.gramsOf(q, len(lit), one)
	if g == nil {
		p.charge(q, one)
		t.keepEach(q.text, lit)
		t.put(n)
		return
	}
	x := g.find(q.text, lit, number)
	switch {
	case x == nil:
		t.low = t.high + 1
	case t.many(x):
		t.move(t.setOf(g, x), n)
	default:
		t.kept = t.kept[:0]
		for _, at := range g.places[x.from : x.from+x.count] {
			if w := int(at / 64); t.low <= w && w <= t.high && t.sets[w]>>(at%64)&1 != 0 {
				t.kept = append(t.kept, at)
			}
		}
		t.put(n)
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
	if last/64 > t.high {
		return
	}
	if last < 0 {
		t.low = t.high + 1
		return
	}
	t.high = last / 64
	if t.low <= t.high {
		t.sets[t.high] &= ^uint64(0) >> (63 - last%64)
	}
	t.trim()
}
