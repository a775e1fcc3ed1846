package pattern

import (
	"bytes"
	"hash/maphash"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Folded is what a text has in common with those alone that differ from it in
// case, under Unicode's simple case folding. Bytes that are not UTF-8 equal
// themselves alone.
type Folded struct {
	text []byte
	hash uint64 // 0 if nobody has worked it out
}

// The seed is random, so that no request can be made of texts that collide.
var foldSeed = maphash.MakeSeed()

// Hash is the FoldedHash of the text.
func (f Folded) Hash() uint64 {
	if f.hash != 0 {
		return f.hash
	}
	return maphash.Bytes(foldSeed, f.text)
}

// FoldedHash is the number of a text that is folded, as the literals of Fold are.
// Others may have the same.
func FoldedHash(text string) uint64 { return maphash.String(foldSeed, text) }

// A text of up to shortFold bytes is folded each time.
const shortFold = 32

// FoldRoom has room for a short text that is folded.
type FoldRoom [2 * shortFold]byte

// folds are the longer texts that a decision folded.
type folds struct {
	texts []foldedText
	room  []byte
}

type foldedText struct {
	text string
	Folded
}

// Bounds of what is remembered of long texts. Past mostFolds all are forgotten;
// a larger room is not kept for other decisions.
const (
	mostFolds = 256
	mostRoom  = 1 << 16
)

var foldRooms = sync.Pool{New: func() any { return new(folds) }}

// Fold folds a text, a short one into room. It holds until Release.
func (p *Places) Fold(text string, room *FoldRoom) Folded {
	if len(text) <= shortFold && !p.Eager {
		return Folded{text: appendFolded(room[:0], text)}
	}
	if p.folds == nil {
		p.folds = foldRooms.Get().(*folds)
	}
	return p.folds.of(text, &p.Work)
}

// of folds a text once.
func (f *folds) of(text string, work *int) Folded {
	*work += 1 + len(f.texts)/8
	for i := range f.texts {
		if f.texts[i].text == text {
			return f.texts[i].Folded
		}
	}
	*work += len(text)
	if len(f.texts) == mostFolds {
		clear(f.texts)
		f.texts, f.room = f.texts[:0], nil // what it holds is in use
	}
	from := len(f.room)
	f.room = appendFolded(f.room, text)
	folded := f.room[from:len(f.room):len(f.room)]
	f.texts = append(f.texts, foldedText{text, Folded{folded, maphash.Bytes(foldSeed, folded)}})
	return f.texts[len(f.texts)-1].Folded
}

// release gives the room back, without what it held.
func (f *folds) release() {
	clear(f.texts)
	clear(f.room)
	f.texts, f.room = f.texts[:0], f.room[:0]
	if cap(f.room) <= mostRoom {
		foldRooms.Put(f)
	}
}

// MatchFold is Match without regard to case, of a pattern made by Fold.
func (p *Pattern) MatchFold(text string, values []string, places *Places) bool {
	var room FoldRoom
	return p.MatchFolded(places.Fold(text, &room), values, places)
}

// MatchFolded is MatchFold for a text that is folded.
func (p *Pattern) MatchFolded(text Folded, values []string, places *Places) bool {
	if p.never {
		return false
	}
	rest := text.text
	for i := range p.tokens {
		t := &p.tokens[i]
		if t.kind == literal {
			if len(rest) < len(t.text) || string(rest[:len(t.text)]) != t.text {
				return false
			}
			rest = rest[len(t.text):]
			continue
		}
		var room FoldRoom
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, places.Fold(values[t.number], &room).text); !ok {
			return false
		}
	}
	return len(rest) == 0
}

// notUTF8 stands in front of a byte that is not UTF-8, in which it never is
// itself: so that pieces that make a character together are none.
const notUTF8 = 0xFF

func appendFolded(dst []byte, text string) []byte {
	for text != "" {
		if c := text[0]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c |= caseBit
			}
			dst, text = append(dst, c), text[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, notUTF8, text[0])
		} else {
			dst = utf8.AppendRune(dst, representative(r))
		}
		text = text[n:]
	}
	return dst
}

// caseBit is what the letters of ASCII differ in.
const caseBit = 'a' - 'A'

// representative is the least of the characters that differ from one in case
// alone; a letter of ASCII in lower case.
func representative(r rune) rune {
	least := r
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		least = min(least, c)
	}
	if 'A' <= least && least <= 'Z' {
		least |= caseBit
	}
	return least
}
