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
			piece = values[p.tokens[i].index]
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

func equalFold(a, b rune) bool {
	for c := unicode.SimpleFold(a); c != a; c = unicode.SimpleFold(c) {
		if c == b {
			return true
		}
	}
	return a == b
}
