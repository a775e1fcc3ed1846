package policy

import (
	"strings"
	"unicode/utf8"
)

// MatchAction tells whether an action pattern of a policy matches an action
// such as "s3:GetObject". Case does not count; "*" matches any run of
// characters in the name and "?" one. The prefix is literal: a pattern whose
// prefix holds a wildcard, or that is no action at all, matches nothing.
func MatchAction(pattern, action string) bool {
	p, ok := ParseAction(pattern)
	return ok && p.Match(action)
}

// ActionPattern is an entry of an Action or NotAction element that can match.
type ActionPattern struct {
	text string // in lower case
}

// ParseAction reads an entry of an Action or NotAction element; ok is false if
// it can match nothing.
func ParseAction(pattern string) (p ActionPattern, ok bool) {
	if pattern != "*" {
		prefix, name, colon := strings.Cut(pattern, ":")
		if !colon || prefix == "" || name == "" || strings.ContainsAny(prefix, "*?") || strings.ContainsAny(pattern, " \t\r\n") {
			return ActionPattern{}, false
		}
	}
	return ActionPattern{lowerASCII(pattern)}, true
}

// PackActions moves the texts of patterns into one piece of memory.
func PackActions(patterns []ActionPattern) {
	n := 0
	for _, p := range patterns {
		n += len(p.text)
	}
	var b strings.Builder
	b.Grow(n)
	for _, p := range patterns {
		b.WriteString(p.text)
	}
	all := b.String()
	for i := range patterns {
		n := len(patterns[i].text)
		patterns[i].text, all = all[:n], all[n:]
	}
}

// Match tells whether the pattern matches an action. It takes time
// proportional to the product of the lengths at worst.
func (p ActionPattern) Match(action string) bool {
	i, t := 0, 0
	star, mark := -1, 0
	for t < len(action) {
		switch {
		case i < len(p.text) && p.text[i] == '*':
			if i++; i == len(p.text) {
				return true
			}
			star, mark = i, t
		case i < len(p.text) && p.text[i] == '?':
			i++
			t += runeLen(action[t:])
		case i < len(p.text) && p.text[i] == lower(action[t]):
			i++
			t++
		case star >= 0:
			mark += runeLen(action[mark:])
			i, t = star, mark
		default:
			return false
		}
	}
	return strings.Trim(p.text[i:], "*") == ""
}

// Service is the literal prefix, in lower case; empty for "*".
func (p ActionPattern) Service() string {
	service, _, ok := strings.Cut(p.text, ":")
	if !ok {
		return ""
	}
	return service
}

// Exact is the one action that the pattern matches, in lower case; ok is false
// if it holds a wildcard.
func (p ActionPattern) Exact() (action string, ok bool) {
	return p.text, !strings.ContainsAny(p.text, "*?")
}

// Literal is the text before the first wildcard, in lower case: the whole
// pattern if it is exact. whole is set if everything that begins with it
// matches.
func (p ActionPattern) Literal() (prefix string, exact, whole bool) {
	n := strings.IndexAny(p.text, "*?")
	if n < 0 {
		return p.text, true, false
	}
	return p.text[:n], false, strings.Trim(p.text[n:], "*") == ""
}

// Searches is the number of wildcards that matching an action may have to try; 0
// if the literal beginning tells everything.
func (p ActionPattern) Searches() int {
	if _, exact, whole := p.Literal(); exact || whole {
		return 0
	}
	return strings.Count(p.text, "*") + strings.Count(p.text, "?")
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// runeLen is the length in bytes of the first character; of a byte that is
// not UTF-8, one.
func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
