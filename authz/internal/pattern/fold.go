package pattern

import (
	"unicode"
	"unicode/utf8"
)

// MatchFold is Match without regard to case, of a pattern made by Exact.
func (p *Pattern) MatchFold(text string, values []string) bool {
	if p.never {
		return false
	}
	for i := range p.tokens {
		piece := p.tokens[i].text
		if p.tokens[i].kind == variable {
			piece = values[p.tokens[i].number]
		}
		var ok bool
		if text, ok = cutPrefixFold(text, piece); !ok {
			return false
		}
	}
	return text == ""
}

// cutPrefixFold compares character by character under Unicode's simple case
// folding. Bytes that are not UTF-8 equal themselves alone.
func cutPrefixFold(text, prefix string) (rest string, ok bool) {
	for prefix != "" {
		if text != "" && text[0] < utf8.RuneSelf && prefix[0] < utf8.RuneSelf {
			if a, b := text[0], prefix[0]; a != b && (a|caseBit != b|caseBit || a|caseBit < 'a' || 'z' < a|caseBit) {
				return "", false
			}
			text, prefix = text[1:], prefix[1:]
			continue
		}
		a, n := utf8.DecodeRuneInString(text)
		b, m := utf8.DecodeRuneInString(prefix)
		switch {
		case n == 0:
			return "", false
		case n == m && text[:n] == prefix[:m]:
		case a == utf8.RuneError || b == utf8.RuneError || !equalFold(a, b):
			return "", false
		}
		text, prefix = text[n:], prefix[m:]
	}
	return text, true
}

// caseBit is what the letters of ASCII differ in.
const caseBit = 'a' - 'A'

func equalFold(a, b rune) bool {
	for c := unicode.SimpleFold(a); c != a; c = unicode.SimpleFold(c) {
		if c == b {
			return true
		}
	}
	return a == b
}

// FoldHash is a number that texts which differ in case alone have in common.
func FoldHash(text string) uint32 {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	hash := uint32(offset)
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			r = -rune(text[0]) // a byte that is not UTF-8 equals itself alone
		}
		hash = (hash ^ uint32(least(r))) * prime
		text = text[n:]
	}
	return hash
}

// least is the least of the characters that differ from one in case alone.
func least(r rune) rune {
	if 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
		return r
	}
	first := r
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		first = min(first, c)
	}
	return first
}
