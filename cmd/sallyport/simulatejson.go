package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonText reads one JSON value, strictly and without copying: strings without
// escapes, and whole documents, are parts of the text. A syntax error ends the
// reading; anything else that is wrong is collected, so that all of it is told.
type jsonText struct {
	text string
	at   int
	problems
}

// problems is what is wrong with one line; all of it, up to a bound.
type problems []string

// maxProblem bounds the bytes of one problem: what it repeats of the line may be
// long.
const (
	maxProblems = 20
	maxProblem  = 1000
)

// problem adds one; path says where in the line.
func (p *problems) problem(path, message string) {
	switch {
	case len(*p) > maxProblems:
		return
	case len(*p) == maxProblems:
		message = "and more"
	case path != "":
		message = path + ": " + message
	}
	*p = append(*p, shortened(message))
}

// shortened cuts a message that is too long.
func shortened(message string) string {
	if len(message) <= maxProblem {
		return message
	}
	n := maxProblem
	for !utf8.RuneStart(message[n]) {
		n--
	}
	return message[:n] + "…"
}

// fail is a syntax error at the place where the reading is.
func (t *jsonText) fail(message string) error {
	return fmt.Errorf("column %d: %s", utf8.RuneCountInString(t.text[:t.at])+1, message)
}

func (t *jsonText) space() {
	for t.at < len(t.text) {
		switch t.text[t.at] {
		case ' ', '\t', '\r', '\n':
			t.at++
		default:
			return
		}
	}
}

// next is the first byte of what comes; 0 at the end.
func (t *jsonText) next() byte {
	t.space()
	if t.at == len(t.text) {
		return 0
	}
	return t.text[t.at]
}

// take moves over a byte that must come.
func (t *jsonText) take(c byte) error {
	if t.next() != c {
		return t.fail(fmt.Sprintf("%q is expected", c))
	}
	t.at++
	return nil
}

// what names the kind of the value that comes.
func (t *jsonText) what() string {
	switch t.next() {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// mistyped skips a value that is not of the type its place wants.
func (t *jsonText) mistyped(path, want string) error {
	what := t.what()
	if _, err := t.skip(); err != nil {
		return err
	}
	t.problem(path, what+"; write "+want)
	return nil
}

// str reads a string, or reports what stands there.
func (t *jsonText) str(path string) (string, error) {
	if t.next() != '"' {
		return "", t.mistyped(path, "a string")
	}
	return t.quoted()
}

// quoted reads a string, whose opening quote comes.
func (t *jsonText) quoted() (string, error) {
	begin := t.at
	t.at++
	for i := t.at; i < len(t.text); i++ {
		switch c := t.text[i]; {
		case c == '"':
			s := t.text[t.at:i]
			t.at = i + 1
			return s, nil
		case c == '\\':
			return t.escaped(i)
		case c < ' ':
			t.at = i
			return "", t.fail("a control character in a string")
		}
	}
	t.at = begin
	return "", t.fail("the string has no end")
}

// escaped reads the rest of a string whose first escape stands at i.
func (t *jsonText) escaped(i int) (string, error) {
	var b strings.Builder
	b.WriteString(t.text[t.at:i])
	for t.at = i; t.at < len(t.text); {
		switch c := t.text[t.at]; {
		case c == '"':
			t.at++
			return b.String(), nil
		case c < ' ':
			return "", t.fail("a control character in a string")
		case c != '\\':
			b.WriteByte(c)
			t.at++
		default:
			r, n := unescape(t.text[t.at:])
			if n == 0 {
				return "", t.fail("malformed escape in a string")
			}
			b.WriteRune(r)
			t.at += n
		}
	}
	return "", t.fail("the string has no end")
}

// unescape decodes the escape at the beginning of s; n is 0 if there is none,
// or half of a surrogate pair.
func unescape(s string) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(letters, s[1]); i >= 0 {
		return rune(meanings[i]), 2
	}
	r, ok := codeUnit(s)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	low, _ := codeUnit(s[6:])
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// codeUnit decodes \uXXXX; it is 0 if s does not begin with that.
func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return 0, false
	}
	return rune(n), true
}

// skip moves over a value and returns its text. What is inside of an object or
// an array is not looked at beyond where it ends: whoever uses it parses it.
func (t *jsonText) skip() (string, error) {
	c := t.next()
	begin := t.at
	switch c {
	case '{', '[':
		return t.brackets()
	case '"':
		_, err := t.quoted()
		return t.text[begin:t.at], err
	}
	for t.at < len(t.text) && strings.IndexByte("{}[],:\" \t\r\n", t.text[t.at]) < 0 {
		t.at++
	}
	if s := t.text[begin:t.at]; json.Valid([]byte(s)) {
		return s, nil
	}
	t.at = begin
	return "", t.fail("no JSON value")
}

func (t *jsonText) brackets() (string, error) {
	begin := t.at
	for depth, i := 0, begin; i < len(t.text); i++ {
		switch t.text[i] {
		case '"':
			for i++; i < len(t.text) && t.text[i] != '"'; i++ {
				if t.text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				t.at = i + 1
				return t.text[begin:t.at], nil
			}
		}
	}
	return "", t.fail("the value has no end")
}

// list reads an array, or reports what stands there.
func (t *jsonText) list(path, want string, item func(i int) error) error {
	if t.next() != '[' {
		return t.mistyped(path, want)
	}
	t.at++
	if t.next() == ']' {
		t.at++
		return nil
	}
	for i := 0; ; i++ {
		if err := item(i); err != nil {
			return err
		}
		if more, err := t.more(']'); !more {
			return err
		}
	}
}

// more moves over a comma, behind which another member or item comes, or over
// the closing bracket.
func (t *jsonText) more(closing byte) (bool, error) {
	switch t.next() {
	case ',':
		t.at++
		return true, nil
	case closing:
		t.at++
		return false, nil
	default:
		return false, t.fail(fmt.Sprintf("',' or %q is expected", closing))
	}
}

// members reads an object, or reports what stands there.
func (t *jsonText) members(path string, member func(name string) error) error {
	if t.next() != '{' {
		return t.mistyped(path, "an object")
	}
	t.at++
	if t.next() == '}' {
		t.at++
		return nil
	}
	for {
		if t.next() != '"' {
			return t.fail("a member's name in double quotes is expected")
		}
		name, err := t.quoted()
		if err != nil {
			return err
		}
		if err := t.take(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		if more, err := t.more('}'); !more {
			return err
		}
	}
}

// record reads an object whose members are known. A member that is null is as
// good as none.
func (t *jsonText) record(path string, names []string, member func(name string) error) error {
	seen := 0
	return t.members(path, func(name string) error {
		known := -1
		for i := range names {
			if names[i] == name {
				known = i
			}
		}
		switch {
		case known < 0:
			t.problem(path, fmt.Sprintf("unknown member %q; there are %s", name, strings.Join(names, ", ")))
		case seen&(1<<known) != 0:
			t.problem(path, fmt.Sprintf("the member %q stands twice", name))
		case t.next() != 'n':
			seen |= 1 << known
			return member(name)
		default:
			seen |= 1 << known
		}
		_, err := t.skip()
		return err
	})
}
