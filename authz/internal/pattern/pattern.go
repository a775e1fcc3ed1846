// Package pattern matches the strings of policies: resource ARNs, the values of
// string and ARN operators, and what policy variables make of them.
//
// A pattern is compiled once into tokens. Matching needs no memory, and time
// proportional at worst to the product of the lengths of pattern and text.
package pattern

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

type tokenKind uint8

const (
	literal    tokenKind = iota
	variable             // the value of Pattern.Variables[index], literally
	one                  // any character
	oneInField           // any character but a colon
	run                  // any run of characters
	runInField           // any run of characters without a colon
)

type token struct {
	kind  tokenKind
	text  string
	index int
}

// Variable is a policy variable whose value Match wants.
type Variable struct {
	// Key is the condition key, in lower case.
	Key string
	// Default stands in for a key without a value, if HasDefault.
	Default    string
	HasDefault bool
}

// Pattern is a compiled pattern. The zero value matches the empty string.
type Pattern struct {
	tokens    []token
	variables []Variable
	never     bool
	// source is what an ARN with variables before its last field was compiled
	// from: a value with a colon in it moves the fields.
	source []policy.Part
}

// Never matches no text.
func Never() Pattern { return Pattern{never: true} }

// Variables are the variables of the pattern. The values given to Match are
// theirs, in this order.
func (p *Pattern) Variables() []Variable { return p.variables }

// parts splits a string, into one piece where variables have no meaning.
func parts(s string, variables bool) ([]policy.Part, bool) {
	if !variables {
		return []policy.Part{{Kind: policy.Text, Text: s}}, true
	}
	split, err := policy.ParseTemplate(s)
	return split, err == nil
}

// Exact compiles a string without wildcards.
func Exact(s string, variables bool) Pattern {
	split, ok := parts(s, variables)
	if !ok {
		return Never()
	}
	var p Pattern
	for _, part := range split {
		if part.Kind == policy.Variable {
			p.addVariable(part)
		} else {
			p.addLiteral(part.Text)
		}
	}
	return p
}

// Glob compiles a string in which "*" matches any run of characters and "?"
// any one.
func Glob(s string, variables bool) Pattern {
	split, ok := parts(s, variables)
	if !ok {
		return Never()
	}
	var p Pattern
	for _, part := range split {
		p.addPart(part, one, run)
	}
	return p
}

// addPart adds a part whose wildcards become tokens of the two kinds.
func (p *Pattern) addPart(part policy.Part, question, star tokenKind) {
	switch part.Kind {
	case policy.Variable:
		p.addVariable(part)
	case policy.Literal:
		p.addLiteral(part.Text)
	default:
		p.addText(part.Text, question, star)
	}
}

func (p *Pattern) addText(s string, question, star tokenKind) {
	for s != "" {
		n := strings.IndexAny(s, "*?")
		if n < 0 {
			n = len(s)
		}
		p.addLiteral(s[:n])
		if s = s[n:]; s == "" {
			return
		}
		if s[0] == '?' {
			p.tokens = append(p.tokens, token{kind: question})
		} else {
			p.tokens = append(p.tokens, token{kind: star})
		}
		s = s[1:]
	}
}

func (p *Pattern) addLiteral(s string) {
	if s == "" {
		return
	}
	if n := len(p.tokens); n > 0 && p.tokens[n-1].kind == literal {
		p.tokens[n-1].text += s
		return
	}
	p.tokens = append(p.tokens, token{kind: literal, text: s})
}

func (p *Pattern) addVariable(part policy.Part) {
	v := Variable{Key: part.Key, Default: part.Text, HasDefault: part.HasDefault}
	i := slices.Index(p.variables, v)
	if i < 0 {
		i = len(p.variables)
		p.variables = append(p.variables, v)
	}
	p.tokens = append(p.tokens, token{kind: variable, index: i})
}

// IsNever tells whether the pattern matches no text, whatever the variables.
func (p *Pattern) IsNever() bool { return p.never && p.source == nil }

// Literal is the text before the first wildcard or variable: the whole pattern
// if it is exact. whole is set if everything that begins with it matches.
func (p *Pattern) Literal() (prefix string, exact, whole bool) {
	rest := p.tokens
	if len(rest) > 0 && rest[0].kind == literal {
		prefix, rest = rest[0].text, rest[1:]
	}
	whole = len(rest) > 0
	for i := range rest {
		whole = whole && rest[i].kind == run
	}
	return prefix, len(rest) == 0, whole
}

// Match tells whether the whole text matches. values are those of Variables.
func (p *Pattern) Match(text string, values []string) bool {
	return !p.never && match(p.tokens, text, values)
}

// match goes back to the last run when a token fails, and no further: all that
// an earlier run could take, the last one can. A run inside a field cannot take
// a colon; where one stops it, the last run that can is tried. The first match
// of what stands between two such runs also ends first, so that nothing is
// lost by keeping to it.
func match(tokens []token, text string, values []string) bool {
	t, at := 0, 0
	runT, runAt := -1, 0
	fieldT, fieldAt := -1, 0
	for at < len(text) {
		if t < len(tokens) {
			switch tok := &tokens[t]; tok.kind {
			case run:
				t++
				if t == len(tokens) {
					return true
				}
				runT, runAt, fieldT = t, at, -1
				continue
			case runInField:
				t++
				fieldT, fieldAt = t, at
				continue
			default:
				if n, ok := tok.prefix(text[at:], values); ok {
					t, at = t+1, at+n
					continue
				}
			}
		}
		switch {
		case fieldT >= 0 && text[fieldAt] != ':':
			fieldAt += size(text[fieldAt:])
			t, at = fieldT, fieldAt
		case runT >= 0:
			runAt += size(text[runAt:])
			if next := &tokens[runT]; next.kind == literal {
				n := strings.Index(text[runAt:], next.text)
				if n < 0 {
					return false
				}
				runAt += n
			}
			t, at, fieldT = runT, runAt, -1
		default:
			return false
		}
	}
	for ; t < len(tokens); t++ {
		switch tok := &tokens[t]; tok.kind {
		case run, runInField:
		default:
			if n, ok := tok.prefix("", values); !ok || n > 0 {
				return false
			}
		}
	}
	return true
}

// prefix tells how much of the text a token that is no run takes.
func (t *token) prefix(text string, values []string) (n int, ok bool) {
	switch t.kind {
	case literal:
		return len(t.text), strings.HasPrefix(text, t.text)
	case variable:
		return len(values[t.index]), strings.HasPrefix(text, values[t.index])
	case oneInField:
		if text != "" && text[0] == ':' {
			return 0, false
		}
	}
	return size(text), text != ""
}

// size is the length of the first character; of a byte that is not UTF-8, one.
func size(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
