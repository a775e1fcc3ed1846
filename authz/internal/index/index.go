// Package index finds, among the statements of a document, those whose action
// elements can match an action.
package index

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Index maps an action to statements, which it knows by number. Statements are
// added in rising order and found in rising order within a bucket.
type Index struct {
	exact   map[string][]int
	service map[string][]Entry
	rest    []Entry
}

// Entry is a statement and how its action elements match.
type Entry struct {
	Statement int
	// Pattern is the one pattern that brought the statement here; unused if
	// Not is set.
	Pattern policy.ActionPattern
	// Not are the patterns of NotAction, none of which may match.
	Not []policy.ActionPattern
}

// Add indexes a statement. One whose action elements match nothing is left
// out.
func (x *Index) Add(number int, s *policy.Statement) {
	if s.NotActions != nil {
		if len(s.NotActions) > 0 {
			x.addNot(number, s.NotActions)
		}
		return
	}
	for _, v := range s.Actions {
		if p, ok := policy.ParseAction(v.Text); ok {
			x.add(number, p)
		}
	}
}

func (x *Index) addNot(number int, patterns []policy.Value) {
	e := Entry{Statement: number, Not: []policy.ActionPattern{}}
	for _, v := range patterns {
		if p, ok := policy.ParseAction(v.Text); ok {
			e.Not = append(e.Not, p)
		}
	}
	x.rest = append(x.rest, e)
}

func (x *Index) add(number int, p policy.ActionPattern) {
	e := Entry{Statement: number, Pattern: p}
	action, exact := p.Exact()
	switch service := p.Service(); {
	case service == "":
		x.rest = append(x.rest, e)
	case exact:
		if x.exact == nil {
			x.exact = map[string][]int{}
		}
		x.exact[action] = append(x.exact[action], number)
	default:
		if x.service == nil {
			x.service = map[string][]Entry{}
		}
		x.service[service] = append(x.service[service], e)
	}
}

// Matches tells whether the entry's statement matches the action.
func (e *Entry) Matches(a *Action) bool {
	if e.Not == nil {
		return e.Pattern.Match(a.text)
	}
	for _, p := range e.Not {
		if p.Match(a.text) {
			return false
		}
	}
	return true
}

// Exact are the statements that name the action in full.
func (x *Index) Exact(a *Action) []int { return x.exact[string(a.lower())] }

// Service are the statements that may match by a wildcard in the name.
func (x *Index) Service(a *Action) []Entry { return x.service[string(a.lower()[:a.service])] }

// Rest are the statements that no service narrows.
func (x *Index) Rest() []Entry { return x.rest }

// Action is an action in the form that an Index looks up.
type Action struct {
	text    string
	service int // length of the prefix
	buffer  [64]byte
	long    []byte // in place of the buffer, if that is too short
}

// Set readies the action, without memory of its own if the name is of usual
// length.
func (a *Action) Set(action string) {
	a.text = action
	a.service = max(strings.IndexByte(action, ':'), 0)
	a.long = nil
	if len(action) > len(a.buffer) {
		a.long = make([]byte, len(action))
	}
	lower := a.lower()
	for i := range lower {
		c := action[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
}

func (a *Action) lower() []byte {
	if a.long != nil {
		return a.long
	}
	return a.buffer[:len(a.text)]
}
