package authz

import (
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// segment is the statements of one document or of several, in the order of the
// documents, with an index for each effect.
type segment struct {
	// own are the statements of one document, copied those of several.
	own            []statement
	copied         []*statement
	denies, allows index.Index
	// heaviest is about the most that looking through it can cost.
	heaviest int
}

// fill makes an empty segment that of documents, and weighs it.
func (s *segment) fill(docs ...*Document) {
	n := 0
	for _, d := range docs {
		n += len(d.statements)
	}
	if len(docs) == 1 {
		s.own = docs[0].statements
	} else {
		s.copied = make([]*statement, 0, n)
		for _, d := range docs {
			for i := range d.statements {
				s.copied = append(s.copied, &d.statements[i])
			}
		}
	}
	b := builders.Get().(*effectBuilders)
	for i := range n {
		builder, st := &b.allows, s.statement(int32(i))
		if st.deny {
			builder = &b.denies
		}
		st.addTo(builder, i)
	}
	s.denies, s.allows = index.Build(&b.denies, &b.allows)
	builders.Put(b)
	s.weigh()
}

// effectBuilders build the two indexes of a segment. They keep their room for the next.
type effectBuilders struct{ denies, allows index.Builder }

var builders = sync.Pool{New: func() any { return new(effectBuilders) }}

// statement is a statement by its number.
func (s *segment) statement(n int32) *statement {
	if s.own != nil {
		return &s.own[n]
	}
	return s.copied[n]
}

// element is a pattern in the form that an index knows it by.
type element struct {
	key index.Key
	// pattern is its number, or index.Matched, or index.Untested.
	pattern int32
	sieve   pattern.Sieve
}

var (
	everything = []element{{key: index.Any, pattern: index.Matched}}
	untested   = []element{{key: index.Any, pattern: index.Untested}}
)

// mostPairs bounds how many pairs of an action and a resource a statement is
// indexed under, as a multiple of how many of each it has.
const mostPairs = 4

// addTo indexes the statement. One that can match nothing is left out.
func (s *statement) addTo(b *index.Builder, number int) {
	var ofActions, ofResources fewElements
	actions, resources := s.actionElements(&ofActions), s.resourceElements(&ofResources)
	if n, m := len(actions), len(resources); n*m > mostPairs*(n+m) {
		if n < m {
			actions = untested
		} else {
			resources = untested
		}
	}
	for _, a := range actions {
		for _, r := range resources {
			b.Add(a.key, r.key, index.Entry{Statement: int32(number), Action: a.pattern, Resource: r.pattern, Sieve: r.sieve})
		}
	}
}

// isUnindexed tells whether the statement is a candidate of every access, or of
// any on a resource of any service.
func (s *statement) isUnindexed() bool {
	var room fewElements
	anyService := func(e element) bool { return strings.Count(e.key.Prefix, ":") < 3 }
	return slices.ContainsFunc(s.actionElements(&room), func(e element) bool { return e.key == index.Any }) &&
		slices.ContainsFunc(s.resourceElements(&room), anyService)
}

// fewElements is room for those of most statements.
type fewElements [4]element

func (s *statement) actionElements(room *fewElements) []element {
	if s.notActions {
		return untested
	}
	list := room[:0]
	for i := range s.actions.patterns {
		e := actionElement(s.actions.patterns[i], i)
		if e == everything[0] {
			return everything
		}
		list = append(list, e)
	}
	return list
}

func actionElement(p policy.ActionPattern, number int) element {
	prefix, exact, whole := p.Literal()
	return newElement(prefix, exact, whole, number)
}

func (s *statement) resourceElements(room *fewElements) []element {
	switch {
	case s.anyResource:
		return everything
	case s.notResources:
		return untested
	}
	list := room[:0]
	for i := range s.resources.patterns {
		p := &s.resources.patterns[i]
		if p.IsNever() {
			continue
		}
		e := patternElement(p, i)
		if e == everything[0] {
			return everything
		}
		list = append(list, e)
	}
	return list
}

func patternElement(p *pattern.Pattern, number int) element {
	prefix, exact, whole := p.Literal()
	e := newElement(prefix, exact, whole, number)
	e.sieve = p.Sieve()
	return e
}

func newElement(prefix string, exact, whole bool, number int) element {
	e := element{key: index.Key{Prefix: prefix, Exact: exact}, pattern: int32(number)}
	if exact || whole {
		e.pattern = index.Matched
	}
	return e
}
