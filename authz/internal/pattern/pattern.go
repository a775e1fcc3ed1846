// Package pattern matches the strings of policies: resource ARNs, the values of
// string and ARN operators, and what policy variables make of them.
//
// A pattern is compiled once into tokens. Matching needs no memory, and time
// proportional at worst to the product of the lengths of pattern and text.
package pattern

import (
	"slices"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

type tokenKind uint8

const (
	literal    tokenKind = iota
	variable             // the value of Pattern.Variables[number], literally
	one                  // any character
	oneInField           // any character but a colon
	run                  // any run of characters
	runInField           // any run of characters without a colon
)

type token struct {
	kind tokenKind
	// number is the index of a variable, and of a literal its hash.
	number uint32
	text   string
}

// Variable is a policy variable whose value Match wants.
type Variable struct {
	Key key.Key
	// Default stands in for a key without a value, if HasDefault.
	Default    string
	HasDefault bool
}

// Pattern is a compiled pattern. The zero value matches the empty string.
type Pattern struct {
	tokens []token
	// template is nil if there are no variables, as in most patterns.
	template *template
	// body is the number of tokens up to the last run, which takes what it can;
	// the others stand at the end of the text. It is all of them if there is no
	// run, or another one behind it.
	body int32
	// least is how many bytes a text has at least.
	least int32
	sieve Sieve
	never bool
}

// template is what a pattern with variables has besides.
type template struct {
	variables []Variable
	// source is what an ARN with variables before its last field was compiled
	// from: a value with a colon in it moves the fields.
	source []policy.Part
}

// Never matches no text.
func Never() Pattern { return Pattern{never: true} }

// Variables are the variables of the pattern. The values given to Match are
// theirs, in this order.
func (p *Pattern) Variables() []Variable {
	if p.template == nil {
		return nil
	}
	return p.template.variables
}

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
	return exact(s, variables, func(text string) string { return text })
}

// Fold compiles a string without wildcards, to be matched without regard to case
// by MatchFold and MatchFolded alone. Its Literal is folded.
func Fold(s string, variables bool) Pattern {
	return exact(s, variables, func(text string) string { return string(appendFolded(nil, text)) })
}

func exact(s string, variables bool, literal func(string) string) Pattern {
	split, ok := parts(s, variables)
	if !ok {
		return Never()
	}
	var m maker
	for _, part := range split {
		if part.Kind == policy.Variable {
			m.addVariable(part)
		} else {
			m.addLiteral(literal(part.Text))
		}
	}
	m.settle()
	m.measure()
	return m.Pattern
}

// Glob compiles a string in which "*" matches any run of characters and "?"
// any one.
func Glob(s string, variables bool) Pattern {
	split, ok := parts(s, variables)
	if !ok {
		return Never()
	}
	var m maker
	for _, part := range split {
		m.addPart(part)
	}
	return m.done()
}

// cut cuts what may have to be looked for into grams.
func (p *Pattern) cut() {
	long := func(t token) bool { return len(t.text) > maxGram }
	if len(p.tokens) < 2 || !slices.ContainsFunc(p.tokens[1:], long) {
		for i := range p.tokens {
			if t := &p.tokens[i]; i > 0 && t.kind == literal {
				t.number = hash(t.text)
			}
		}
		return
	}
	cut := p.tokens[:1:1]
	for _, t := range p.tokens[1:] {
		for ; len(t.text) > maxGram; t.text = t.text[maxGram:] {
			cut = append(cut, token{literal, hash(t.text[:maxGram]), t.text[:maxGram]})
		}
		if t.kind == literal {
			t.number = hash(t.text)
		}
		cut = append(cut, t)
	}
	p.tokens = cut
}

func (p *Pattern) measure() {
	p.body = int32(len(p.tokens))
	inTail := true
	for i := len(p.tokens) - 1; i >= 0; i-- {
		switch p.tokens[i].kind {
		case literal:
			p.least += int32(len(p.tokens[i].text))
		case one, oneInField:
			p.least++
		case runInField:
			inTail = false
		case run:
			if inTail {
				p.body, inTail = int32(i+1), false
			}
		}
	}
}

// sift makes the sieve, of the end of the longest literal, but for the beginning
// of the pattern, by which an index knows it.
func (p *Pattern) sift() {
	longest, star := -1, false
	for i := range p.tokens {
		switch t := &p.tokens[i]; t.kind {
		case run:
			star = true
		case runInField:
			star = false // the end is not cut off
		case literal:
			if i > 0 && (longest < 0 || len(t.text) >= len(p.tokens[longest].text)) {
				longest = i
			}
		}
	}
	if longest > 0 {
		text := p.tokens[longest].text
		p.sieve = newSieve(text[max(0, len(text)-maxGram):], star && longest == len(p.tokens)-1)
	}
}

// Sieve is what a text must have so that the pattern can match it; it says
// nothing of the literal beginning.
func (p *Pattern) Sieve() Sieve { return p.sieve }

// Searches is what a text may have to be searched for to match the pattern, each
// at a cost that hardly depends on where it stands: the variables, the literals of
// up to 32 bytes and the question marks between two wildcards, and thrice the runs
// among them that stay in a field.
func (p *Pattern) Searches() int {
	n, wild := 0, false
	for i := range p.tokens {
		between := wild && i < int(p.body)
		switch p.tokens[i].kind {
		case run:
			wild = true
		case runInField:
			if between {
				n += 3
			}
			wild = true
		case variable:
			n++
		default:
			if between {
				n++
			}
		}
	}
	return n
}

// IsNever tells whether the pattern matches no text, whatever the variables.
func (p *Pattern) IsNever() bool { return p.never && !p.Moves() }

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
func (p *Pattern) Match(text string, values []string, places *Places) bool {
	if p.never || len(text) < int(p.least) {
		return false
	}
	q := places.of(text)
	places.charge(q, matchSteps)
	if p.sieve != 0 && !places.may(q, p.sieve) {
		return false
	}
	rest, ok := cutTail(text, p.tokens[p.body:], values)
	return ok && match(p.tokens[:p.body], q, len(rest), values, places)
}

// MayMatch is Match for a pattern some of whose variables have no value yet, and
// may stand for any text.
func (p *Pattern) MayMatch(text string, values []string, unread []bool, places *Places) bool {
	if p.never || len(text) < int(p.least) {
		return false
	}
	var room [32]token
	tokens := room[:0]
	for _, t := range p.tokens {
		if t.kind == variable && unread[t.number] {
			t = token{kind: run}
		}
		tokens = append(tokens, t)
	}
	return match(tokens, places.of(text), len(text), values, places)
}
