package s3

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescapeXML resolves entities and character references. It refuses what XML
// does not allow.
func unescapeXML(s string) (string, bool) {
	special := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&' || c == '>':
			special = true
		case c < ' ' && !isXMLSpace(c):
			return "", false
		case c == 0xef && i+2 < len(s) && s[i+1] == 0xbf && s[i+2] >= 0xbe: // U+FFFE, U+FFFF
			return "", false
		}
	}
	if !special {
		return s, true
	}
	if strings.Contains(s, "]]>") {
		return "", false
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "&")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		entity, after, ok := strings.Cut(rest, ";")
		r := resolve(entity)
		if !ok || r == 0 {
			return "", false
		}
		b.WriteRune(r)
		s = after
	}
}

// resolve is the character of an entity or a character reference; 0 if it is
// none that XML allows.
func resolve(entity string) rune {
	switch entity {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	digits, ok := strings.CutPrefix(entity, "#")
	if !ok {
		return 0
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLChar(rune(n)) {
		return 0
	}
	return rune(n)
}

func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r && r <= utf8.MaxRune
}

// appendXML appends text so that every parser reads it back unchanged.
func appendXML(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '&':
			b = append(b, "&amp;"...)
		case '"':
			b = append(b, "&#34;"...)
		case '\'':
			b = append(b, "&#39;"...)
		case '\t', '\n', '\r':
			b = strconv.AppendUint(append(b, "&#"...), uint64(c), 10)
			b = append(b, ';')
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendElement appends <name>text</name>.
func appendElement(b []byte, name, text string) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = appendXML(b, text)
	return append(append(append(b, "</"...), name...), '>')
}
