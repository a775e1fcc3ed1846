package refusal

import (
	"strings"
	"unicode/utf8"
)

// appendElement appends an XML element. name is one of our own constants.
func appendElement(b []byte, name, value string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	b = append(b, '>')
	b = appendText(b, value)
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}

// appendText appends character data of XML 1.0. What a document may not hold
// becomes U+FFFD, so that no request can make an answer that does not parse.
func appendText(b []byte, s string) []byte {
	written := 0
	for i := 0; i < len(s); {
		if standsForItself[s[i]] {
			i++
			continue
		}
		b = append(b, s[written:i]...)
		if s[i] < utf8.RuneSelf {
			b = appendReference(b, s[i])
			i++
		} else {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == 0xFFFE || r == 0xFFFF {
				r = utf8.RuneError
			}
			b = utf8.AppendRune(b, r)
			i += size
		}
		written = i
	}
	return append(b, s[written:]...)
}

// standsForItself are the bytes of ASCII that character data may hold, wherever it
// stands. A parser would make a line feed of a carriage return.
var standsForItself = func() (set [256]bool) {
	for c := range utf8.RuneSelf {
		set[c] = c >= ' ' && !strings.ContainsRune(`<>&"'`, rune(c)) || c == '\n' || c == '\t'
	}
	return set
}()

// appendReference appends what stands for a byte of ASCII that does not stand for
// itself.
func appendReference(b []byte, c byte) []byte {
	switch c {
	case '<':
		return append(b, "&lt;"...)
	case '>':
		return append(b, "&gt;"...)
	case '&':
		return append(b, "&amp;"...)
	case '"':
		return append(b, "&quot;"...)
	case '\'':
		return append(b, "&#39;"...)
	case '\r':
		return append(b, "&#13;"...)
	}
	return utf8.AppendRune(b, utf8.RuneError)
}

// appendMember appends a member of a JSON object after before, which is "{" or
// ",".
func appendMember(b []byte, before byte, name, value string) []byte {
	b = append(b, before)
	b = appendString(b, name)
	b = append(b, ':')
	return appendString(b, value)
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string; invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ', r == 0x7f, r == '<', r == '>', r == '&':
			// As escapes, the last three do no harm where JSON is put into HTML.
			b = append(b, `\u00`...)
			b = append(b, hexDigits[r>>4], hexDigits[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
