package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of a text, whatever its kind. The largest documents that AWS
// publishes stay far below them.
const (
	// MaxLength is the number of bytes that Parse reads at most.
	MaxLength = 1 << 20
	maxDepth  = 16
)

type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeBool
	nodeNumber
	nodeString
	nodeArray
	nodeObject
)

var nodeNames = [...]string{
	nodeNull:   "null",
	nodeBool:   "a boolean",
	nodeNumber: "a number",
	nodeString: "a string",
	nodeArray:  "an array",
	nodeObject: "an object",
}

// node is a JSON value and where it begins.
type node struct {
	Position
	kind    nodeKind
	text    string // of a scalar: a string decoded, others as written
	items   []node
	members []member
}

// value is the node as a Value; of a scalar alone.
func (n *node) value() Value { return Value{Text: n.text, Position: n.Position} }

type member struct {
	Position // of the name
	name     string
	value    node
}

// syntaxError ends the reading of a text; nil while there is none.
type syntaxError struct {
	Position
	message, remedy string
}

// member is the one of a name; nil if the object has none.
func (n *node) member(name string) *member { return find(n.members, name) }

func find(members []member, name string) *member {
	for i := range members {
		if members[i].name == name {
			return &members[i]
		}
	}
	return nil
}

// scanner reads JSON as RFC 8259 has it, and nothing more.
type scanner struct {
	text string // what is left
	Position
	depth int
	*desk
	// duplicate is told of a member whose name the object has already.
	duplicate func(first, again Position, name string)
}

func (s *scanner) fail(message, remedy string) *syntaxError {
	return &syntaxError{s.Position, message, remedy}
}

// advance moves over n bytes of the text that hold no line break.
func (s *scanner) advance(n int) {
	s.Column += utf8.RuneCountInString(s.text[:n])
	s.text = s.text[n:]
}

func (s *scanner) space() {
	for s.text != "" {
		switch s.text[0] {
		case ' ', '\t':
			s.advance(1)
		case '\n':
			s.newline(1)
		case '\r':
			if strings.HasPrefix(s.text, "\r\n") {
				s.newline(2)
			} else {
				s.newline(1)
			}
		default:
			return
		}
	}
}

func (s *scanner) newline(n int) {
	s.text = s.text[n:]
	s.Line++
	s.Column = 1
}

// document reads the one value of a text.
func (s *scanner) document() (node, *syntaxError) {
	s.space()
	n, err := s.value()
	if err != nil {
		return node{}, err
	}
	s.space()
	if s.text != "" {
		return node{}, s.fail("text after the end of the document", "remove it: a policy is one JSON object")
	}
	return n, nil
}

func (s *scanner) value() (node, *syntaxError) {
	if s.text == "" {
		return node{}, s.fail("the text ends where a value is expected", "complete the document")
	}
	n := node{Position: s.Position}
	var err *syntaxError
	switch c := s.text[0]; {
	case c == '{':
		n.kind = nodeObject
		n.members, err = s.object()
	case c == '[':
		n.kind = nodeArray
		n.items, err = s.array()
	case c == '"':
		n.kind = nodeString
		n.text, err = s.str()
	case c == '-' || '0' <= c && c <= '9':
		n.kind = nodeNumber
		n.text, err = s.number()
	default:
		n.kind, n.text, err = s.word()
	}
	return n, err
}

func (s *scanner) word() (nodeKind, string, *syntaxError) {
	for word, kind := range map[string]nodeKind{"true": nodeBool, "false": nodeBool, "null": nodeNull} {
		if strings.HasPrefix(s.text, word) {
			s.advance(len(word))
			return kind, word, nil
		}
	}
	if strings.HasPrefix(s.text, "//") || strings.HasPrefix(s.text, "/*") {
		return 0, "", s.fail("JSON has no comments", "remove the comment")
	}
	r, _ := utf8.DecodeRuneInString(s.text)
	return 0, "", s.fail(fmt.Sprintf("%q cannot begin a value", r), "write a string in double quotes, an array or an object")
}

func (s *scanner) number() (string, *syntaxError) {
	n := 0
	if s.text[n] == '-' {
		n++
	}
	whole := digits(s.text[n:])
	ok := whole > 0 && (whole == 1 || s.text[n] != '0')
	n += whole
	if n < len(s.text) && s.text[n] == '.' {
		fraction := digits(s.text[n+1:])
		ok = ok && fraction > 0
		n += 1 + fraction
	}
	if n < len(s.text) && (s.text[n] == 'e' || s.text[n] == 'E') {
		n++
		if n < len(s.text) && (s.text[n] == '+' || s.text[n] == '-') {
			n++
		}
		exponent := digits(s.text[n:])
		ok = ok && exponent > 0
		n += exponent
	}
	if !ok {
		return "", s.fail("malformed number", "write it in double quotes, or as JSON has it")
	}
	text := s.text[:n]
	s.advance(n)
	return text, nil
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// enter begins an array or an object, and tells whether it has no content. It
// is left behind the opening bracket, or behind the closing one.
func (s *scanner) enter(closing byte) (empty bool, err *syntaxError) {
	if s.depth++; s.depth > maxDepth {
		return false, s.fail(fmt.Sprintf("nested deeper than %d levels", maxDepth), "no policy needs that: remove the brackets")
	}
	s.advance(1)
	s.space()
	if s.text != "" && s.text[0] == closing {
		s.depth--
		s.advance(1)
		return true, nil
	}
	return false, nil
}

// next moves over what follows a member or an item, and tells whether another
// one comes.
func (s *scanner) next(closing byte) (more bool, err *syntaxError) {
	s.space()
	switch {
	case s.text == "":
		return false, s.fail(fmt.Sprintf("the text ends before %q", closing), "complete the document")
	case s.text[0] == closing:
		s.depth--
		s.advance(1)
		return false, nil
	case s.text[0] != ',':
		return false, s.fail(fmt.Sprintf("neither a comma nor %q follows the value", closing), "add a comma between values, or close the bracket")
	}
	comma := s.Position
	s.advance(1)
	s.space()
	if s.text != "" && s.text[0] == closing {
		return false, &syntaxError{comma, fmt.Sprintf("a comma before %q", closing), "remove the comma"}
	}
	return true, nil
}

func (s *scanner) array() ([]node, *syntaxError) {
	first := len(s.items.open)
	empty, err := s.enter(']')
	for more := !empty; more && err == nil; {
		var item node
		if item, err = s.value(); err != nil {
			break
		}
		s.items.open = append(s.items.open, item)
		more, err = s.next(']')
	}
	return s.items.close(first), err
}

func (s *scanner) object() ([]member, *syntaxError) {
	first := len(s.members.open)
	var seen names
	empty, err := s.enter('}')
	for more := !empty; more && err == nil; {
		m := member{Position: s.Position}
		if m.name, err = s.name(); err != nil {
			break
		}
		if m.value, err = s.value(); err != nil {
			break
		}
		if known := seen.find(s.members.open[first:], m.name); known != nil {
			s.duplicate(known.Position, m.Position, m.name)
		} else {
			s.members.open = append(s.members.open, m)
		}
		more, err = s.next('}')
	}
	return s.members.close(first), err
}

// name reads a member's name and its colon.
func (s *scanner) name() (string, *syntaxError) {
	if s.text == "" || s.text[0] != '"' {
		return "", s.fail("a member's name in double quotes is expected", `write "Name": value`)
	}
	name, err := s.str()
	if err != nil {
		return "", err
	}
	s.space()
	if s.text == "" || s.text[0] != ':' {
		return "", s.fail(fmt.Sprintf("no colon follows the name %q", name), `write "Name": value`)
	}
	s.advance(1)
	s.space()
	return name, nil
}

func (s *scanner) str() (string, *syntaxError) {
	begin := s.Position
	s.advance(1)
	// Most strings hold no escape and are a part of the text as they stand.
	for i := range len(s.text) {
		switch c := s.text[i]; {
		case c == '"':
			text := s.text[:i]
			s.advance(i + 1)
			return text, nil
		case c == '\\':
			return s.escaped(begin, i)
		case c < ' ':
			s.advance(i)
			return "", s.fail("a control character in a string", `escape it, e.g. as \n or \t`)
		}
	}
	return "", endless(begin)
}

func endless(begin Position) *syntaxError {
	return &syntaxError{begin, "the string has no end", "close it with a double quote"}
}

// escaped reads the rest of a string whose first n bytes hold no escape.
func (s *scanner) escaped(begin Position, n int) (string, *syntaxError) {
	var b strings.Builder
	for {
		b.WriteString(s.text[:n])
		s.advance(n)
		switch {
		case s.text == "":
			return "", endless(begin)
		case s.text[0] == '"':
			s.advance(1)
			return b.String(), nil
		case s.text[0] < ' ':
			return "", s.fail("a control character in a string", `escape it, e.g. as \n or \t`)
		}
		r, size := escape(s.text)
		if size == 0 {
			return "", s.fail("malformed escape in a string", `write \" \\ \/ \b \f \n \r \t or \u and four hex digits; code points above U+FFFF are a pair`)
		}
		b.WriteRune(r)
		s.advance(size)
		n = strings.IndexFunc(s.text, func(r rune) bool { return r == '"' || r == '\\' || r < ' ' })
		if n < 0 {
			n = len(s.text)
		}
	}
}

// escape decodes the escape that s begins with. size is 0 if it is malformed
// or half of a surrogate pair.
func escape(s string) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r = hex4(s)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if r = utf16.DecodeRune(r, hex4(s[6:])); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 decodes \uXXXX; negative if s does not begin with that.
func hex4(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
