package reference

import (
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// symbol is one character of a pattern, or a wildcard.
type symbol struct {
	char string // one code point, or one byte that is none
	wild byte   // '*' or '?', in place of char
	// substituted marks what a variable or an escape stands for.
	substituted bool
	// inField keeps a wildcard from taking a colon.
	inField bool
}

// characters splits a text into code points; a byte that belongs to none stands
// for itself.
func characters(s string) []string {
	var list []string
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		list = append(list, s[:n])
		s = s[n:]
	}
	return list
}

// plain reads a text in which nothing but wildcards has a meaning.
func plain(s string) []symbol {
	var list []symbol
	for _, c := range characters(s) {
		if c == "*" || c == "?" {
			list = append(list, symbol{wild: c[0]})
		} else {
			list = append(list, symbol{char: c})
		}
	}
	return list
}

// fixed reads a text in which nothing has a meaning, put in for a variable.
func fixed(s string) []symbol {
	var list []symbol
	for _, c := range characters(s) {
		list = append(list, symbol{char: c, substituted: true})
	}
	if list == nil {
		// An empty value leaves a trace, so that it is seen where variables
		// are not allowed.
		list = []symbol{{substituted: true}}
	}
	return list
}

// globMatches fills the table of which rests of the pattern match which rests
// of the text, and keeps the row at hand and the one below.
func globMatches(pattern []symbol, text string) bool {
	t := characters(text)
	row, below := make([]bool, len(t)+1), make([]bool, len(t)+1)
	row[len(t)] = true // nothing matches nothing
	for i := len(pattern) - 1; i >= 0; i-- {
		p := pattern[i]
		if p.wild == 0 && p.char == "" {
			continue
		}
		row, below = below, row
		for j := len(t); j >= 0; j-- {
			takes := j < len(t) && !(p.inField && t[j] == ":")
			switch p.wild {
			case '*':
				row[j] = below[j] || takes && row[j+1]
			case '?':
				row[j] = takes && below[j+1]
			default:
				row[j] = j < len(t) && t[j] == p.char && below[j+1]
			}
		}
	}
	return row[0]
}

// splitFields splits at the first five colons.
func splitFields(symbols []symbol) [][]symbol {
	fields := [][]symbol{nil}
	for _, s := range symbols {
		if last := len(fields) - 1; last < 5 && s.char == ":" {
			fields = append(fields, nil)
		} else {
			fields[last] = append(fields[last], s)
		}
	}
	return fields
}

// arnMatches compares the six fields of an ARN one by one. readable is false if
// one of the two is none.
func arnMatches(pattern []symbol, text string) (matched, readable bool) {
	fields := splitFields(pattern)
	values := strings.SplitN(text, ":", 6)
	if len(fields) < 6 || len(values) < 6 {
		return false, false
	}
	for i := range fields {
		if !globMatches(fields[i], values[i]) {
			return false, true
		}
	}
	return true, true
}

// piece is a part of a text with policy variables: plain text, or the character
// of an escape, or the name of a variable.
type piece struct {
	text, escape, name string
	fallback           *string // the default of a variable
}

// pieces takes a text apart. ok is false if a variable is malformed.
func pieces(doc *policy.Document, text string) (list []piece, ok bool) {
	if doc.Version != "2012-10-17" {
		return []piece{{text: text}}, true
	}
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			return append(list, piece{text: text}), true
		}
		list = append(list, piece{text: text[:i]})
		text = text[i+2:]
		switch {
		case strings.HasPrefix(text, "*}"), strings.HasPrefix(text, "?}"), strings.HasPrefix(text, "$}"):
			list = append(list, piece{escape: text[:1]})
			text = text[2:]
			continue
		}
		end := 0
		for end < len(text) && text[end] != '}' && text[end] != ',' {
			end++
		}
		if end == len(text) {
			return nil, false
		}
		p := piece{name: text[:end]}
		if p.name == "" || strings.Contains(p.name, "${") || strings.ContainsAny(p.name, " \t\r\n") {
			return nil, false
		}
		if text[end] == ',' {
			if !strings.HasPrefix(text[end:], ", '") {
				return nil, false
			}
			begin := end + 3
			length := strings.IndexByte(text[begin:], '\'')
			if length < 0 || !strings.HasPrefix(text[begin+length:], "'}") {
				return nil, false
			}
			fallback := text[begin : begin+length]
			p.fallback = &fallback
			end = begin + length + 1
		}
		list = append(list, p)
		text = text[end+1:]
	}
}

// expand puts the values of policy variables in their place. ok is false if one
// has no value or is malformed. Those that are unread stand for any text, and
// their families are listed.
func (q question) expand(doc *policy.Document, text string) (symbols []symbol, unread []string, ok bool) {
	list, ok := pieces(doc, text)
	for _, p := range list {
		switch {
		case p.escape != "":
			symbols = append(symbols, fixed(p.escape)...)
		case p.name != "":
			if family := q.unread(p.name); family != "" && (p.fallback != nil || !multivalued(p.name)) {
				symbols = append(symbols, symbol{wild: '*', substituted: true})
				unread = append(unread, family)
				continue
			}
			value, found := q.variable(p.name)
			if found == noValue && p.fallback != nil {
				value, found = *p.fallback, hasValue
			}
			ok = ok && found == hasValue
			symbols = append(symbols, fixed(value)...)
		default:
			symbols = append(symbols, plain(p.text)...)
		}
	}
	return symbols, unread, ok
}

// arnShort tells whether a policy value without variables has fewer than six
// fields.
func arnShort(doc *policy.Document, text string) bool {
	list, ok := pieces(doc, text)
	colons := 0
	for _, p := range list {
		if p.name != "" {
			return false
		}
		colons += strings.Count(p.text, ":")
	}
	return ok && colons < 5
}
