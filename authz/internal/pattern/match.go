package pattern

import (
	"math"
	"strings"
	"unicode/utf8"
)

// match goes back to the last run when a token fails, and no further: all that
// an earlier run could take, the last one can. A run inside a field cannot take
// a colon; where one stops it, the last run that can is tried. The first match
// of what stands between two such runs also ends first, so that nothing is
// lost by keeping to it.
//
// A piece between two runs that takes too many steps is looked for at all places
// at once. Only the text up to the end is matched: what is behind it
// the end of the pattern took.
func match(tokens []token, q *places, end int, values []string, p *Places) bool {
	text := q.text[:end]
	t, at := 0, 0
	steps := 0
	defer func() { p.charge(q, steps) }()
	runT, runAt := -1, 0
	fieldT, fieldAt, fieldEnd := -1, 0, 0
	// The piece at hand begins at a token and a place, begun steps from here.
	pieceT, pieceAt, begun := 0, 0, 0
	for at < len(text) {
		steps++
		if t < len(tokens) {
			switch tok := &tokens[t]; tok.kind {
			case run:
				t++
				if t == len(tokens) {
					return true
				}
				runT, runAt, fieldT = t, at, -1
				pieceT, begun = t, steps
				if lit := &tokens[t]; lit.kind == literal {
					if !strings.HasPrefix(text[at:], lit.text) {
						if runAt = p.index(q, lit, at, end); runAt < 0 {
							return false
						}
					}
					t, at = t+1, runAt+len(lit.text)
				}
				continue
			case runInField:
				if runT < 0 && fieldT < 0 {
					pieceT, pieceAt, begun = t, at, steps
				}
				t++
				fieldT, fieldAt = t, at
				if fieldEnd = len(text); strings.IndexByte(text[at:], ':') >= 0 {
					fieldEnd = at + strings.IndexByte(text[at:], ':')
				}
				continue
			default:
				if n, ok := tok.prefix(text[at:], values); ok {
					t, at = t+1, at+n
					continue
				}
			}
		}
		if runT < 0 && fieldT < 0 {
			return false
		}
		if steps-begun > p.patience(q) {
			if runT >= 0 {
				pieceAt = runAt
			}
			next := piece(tokens, pieceT)
			last := next == len(tokens)
			if at = p.find(q, tokens[pieceT:next], values, pieceAt, end, runT >= 0, last); at < 0 || last {
				return at >= 0
			}
			t, begun = next, steps
			continue
		}
		if fieldT >= 0 {
			if fieldAt = p.skip(q, tokens, fieldT, text, fieldAt, fieldEnd); fieldAt >= 0 {
				t, at = fieldT, fieldAt
				continue
			}
		}
		if runT < 0 {
			return false
		}
		if runAt = p.skip(q, tokens, runT, text, runAt, end); runAt < 0 {
			return false
		}
		t, at, fieldT = runT, runAt, -1
	}
	for ; t < len(tokens); t++ {
		switch tok := &tokens[t]; tok.kind {
		case run, runInField:
		default:
			if n, ok := tok.prefix("", values); !ok || n > 0 {
				return false
			}
		}
	}
	return true
}

// patience is how many steps a piece of a pattern may take before it is looked
// for at all places at once, which costs about as much: more if nothing was
// written down for that.
func (p *Places) patience(q *places) int {
	switch {
	case len(q.text) > mostPlaces:
		return math.MaxInt
	case p.Eager:
		return 0
	case q.table == nil:
		return 12
	default:
		return 5
	}
}

// piece is where tokens end that stand in front of a run, or of nothing.
func piece(tokens []token, from int) int {
	for t := from; t < len(tokens); t++ {
		if tokens[t].kind == run {
			return t
		}
	}
	return len(tokens)
}

// skip is where a run can end next that ended at a place of the text, so that
// the token behind it may match; -1 if it cannot go on that far.
func (p *Places) skip(q *places, tokens []token, next int, text string, at, end int) int {
	if at >= end {
		return -1
	}
	at += size(text[at:])
	if next < len(tokens) && tokens[next].kind == literal {
		lit := &tokens[next]
		return p.index(q, lit, at, min(end+len(lit.text), len(text)))
	}
	return at
}

// prefix tells how much of the text a token that is no run takes.
func (t *token) prefix(text string, values []string) (n int, ok bool) {
	switch t.kind {
	case literal:
		return len(t.text), strings.HasPrefix(text, t.text)
	case variable:
		n = len(values[t.number])
		return n, strings.HasPrefix(text, values[t.number]) && between(text, n)
	case oneInField:
		if text != "" && text[0] == ':' {
			return 0, false
		}
	}
	return size(text), text != ""
}

// cutTail takes what tokens, none of which is a run, take from the end of a
// text.
func cutTail(text string, tokens []token, values []string) (rest string, ok bool) {
	for i := len(tokens) - 1; i >= 0; i-- {
		switch t := &tokens[i]; t.kind {
		case literal:
			if text, ok = strings.CutSuffix(text, t.text); !ok {
				return "", false
			}
		case variable:
			before, ok := strings.CutSuffix(text, values[t.number])
			if !ok || !between(text, len(before)) {
				return "", false
			}
			text = before
		default:
			if text == "" || t.kind == oneInField && text[len(text)-1] == ':' {
				return "", false
			}
			_, n := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-n]
		}
	}
	return text, true
}

// size is the length of the first character; of a byte that is not UTF-8, one.
func size(s string) int {
	if s != "" && s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// between tells whether a place in a text is between two characters, which the
// value of a variable may end inside of.
func between(text string, at int) bool {
	if at >= len(text) || utf8.RuneStart(text[at]) {
		return true
	}
	for i := at - 1; i >= 0 && i > at-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			_, n := utf8.DecodeRuneInString(text[i:])
			return i+n <= at
		}
	}
	return true
}
