package policy

import "strings"

// MatchAction tells whether an action pattern of a policy matches an action
// such as "s3:GetObject". Case does not count; "*" matches any run of
// characters in the name and "?" one. The prefix is literal: a pattern whose
// prefix holds a wildcard, or that is no action at all, matches nothing.
func MatchAction(pattern, action string) bool {
	if pattern == "*" {
		return true
	}
	return validAction(pattern) && globFold(pattern, action)
}

// validAction tells whether a pattern other than "*" can match an action.
func validAction(pattern string) bool {
	prefix, name, ok := strings.Cut(pattern, ":")
	return ok && prefix != "" && name != "" &&
		!strings.ContainsAny(prefix, "*?") && !strings.ContainsAny(pattern, " \t\r\n")
}

// globFold matches without regard to the case of ASCII letters, in time
// proportional to the product of the lengths at worst.
func globFold(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += runeLen(text[t:])
		case p < len(pattern) && lower(pattern[p]) == lower(text[t]):
			p++
			t++
		case star >= 0:
			mark += runeLen(text[mark:])
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
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
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}
