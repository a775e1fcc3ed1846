package authz

import (
	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// longList is the least number of patterns that are worth an index.
const longList = 8

// actionList are patterns of actions, any of which may match.
type actionList struct {
	patterns []policy.ActionPattern
	index    *index.Index // of a long list
}

func compileActions(values []policy.Value) actionList {
	var l actionList
	for _, v := range values {
		if p, ok := policy.ParseAction(v.Text); ok {
			l.patterns = append(l.patterns, p)
		}
	}
	if len(l.patterns) >= longList {
		var b index.Builder
		for i, p := range l.patterns {
			e := actionElement(p, i)
			b.Add(e.key, index.Any, index.Entry{Statement: int32(i), Action: e.pattern, Resource: index.Matched})
		}
		x := b.Build()
		l.index = &x
	}
	return l
}

func (l *actionList) match(e *environment) bool {
	if len(l.patterns) < longList {
		for _, p := range l.patterns {
			if p.Match(e.access.Action) {
				return true
			}
		}
		return false
	}
	c := l.index.Find(e.action.Lower(), "")
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		for _, entry := range entries {
			if entry.Action == index.Matched || l.patterns[entry.Statement].Match(e.access.Action) {
				return true
			}
		}
	}
	return false
}

// resourceList are patterns of resources, any of which may match.
type resourceList struct {
	patterns []pattern.Pattern
	index    *index.Index // of a long list
}

func newResourceList(patterns []pattern.Pattern) resourceList {
	l := resourceList{patterns: patterns}
	if len(patterns) >= longList {
		l.index = indexPatterns(patterns)
	}
	return l
}

// indexPatterns makes an index of patterns, under any action.
func indexPatterns(patterns []pattern.Pattern) *index.Index {
	var b index.Builder
	for i := range patterns {
		if p := &patterns[i]; !p.IsNever() {
			e := patternElement(p, i)
			b.Add(index.Any, e.key, index.Entry{Statement: int32(i), Action: index.Matched, Resource: e.pattern, Sieve: e.sieve})
		}
	}
	x := b.Build()
	return &x
}

func (l *resourceList) match(e *environment) verdict {
	family := e.notes.family
	v := l.best(e)
	if v == yes {
		e.notes.family = family // what may match as well does not count
	}
	return v
}

func (l *resourceList) best(e *environment) verdict {
	best := no
	if len(l.patterns) < longList {
		for i := range l.patterns {
			if best = max(best, e.matches(&l.patterns[i])); best == yes {
				break
			}
		}
		return best
	}
	text, places := e.access.Resource, &e.notes.places
	c := l.index.Find(nil, text)
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		for _, entry := range entries {
			if entry.Resource == index.Matched {
				return yes
			}
			if !places.May(text, entry.Sieve) {
				continue
			}
			if best = max(best, e.matches(&l.patterns[entry.Statement])); best == yes {
				return yes
			}
		}
	}
	return best
}

// matches tells whether a pattern matches the resource. A variable whose key is
// unread may stand for any text.
func (e *environment) matches(p *pattern.Pattern) verdict {
	if len(p.Variables()) == 0 {
		return verdictOf(p.Match(e.access.Resource, nil, &e.notes.places))
	}
	var valueRoom [usualVariables]string
	var unreadRoom [usualVariables]bool
	values, unread, family, ok := e.resolve(p.Variables(), valueRoom[:0], unreadRoom[:0])
	switch {
	case !ok:
		return no
	case family == "":
		return verdictOf(p.Match(e.access.Resource, values, &e.notes.places))
	case p.MayMatch(e.access.Resource, values, unread, &e.notes.places):
		return e.maybe(family)
	default:
		return no
	}
}

// valueList are patterns without variables that a value of the request is
// compared with, any of which may match.
type valueList struct {
	patterns []pattern.Pattern
	fold     bool
	// index is of a long list; folds of one that compares without regard to
	// case, by their hash.
	index *index.Index
	folds map[uint64][]int32
}

func newValueList(patterns []pattern.Pattern, fold bool) valueList {
	l := valueList{patterns: patterns, fold: fold}
	switch {
	case len(patterns) < longList:
	case fold:
		l.folds = map[uint64][]int32{}
		for i := range patterns {
			if text, exact, _ := patterns[i].Literal(); exact {
				hash := pattern.FoldedHash(text)
				l.folds[hash] = append(l.folds[hash], int32(i))
			}
		}
	default:
		l.index = indexPatterns(patterns)
	}
	return l
}

func (l *valueList) match(text string, places *pattern.Places) bool {
	switch {
	case len(l.patterns) == 0:
		return false
	case l.fold:
		return l.matchFold(text, places)
	case len(l.patterns) < longList:
		for i := range l.patterns {
			if l.patterns[i].Match(text, nil, places) {
				return true
			}
		}
		return false
	}
	c := l.index.Find(nil, text)
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		for _, entry := range entries {
			if entry.Resource == index.Matched ||
				places.May(text, entry.Sieve) && l.patterns[entry.Statement].Match(text, nil, places) {
				return true
			}
		}
	}
	return false
}

func (l *valueList) matchFold(text string, places *pattern.Places) bool {
	var room pattern.FoldRoom
	folded := places.Fold(text, &room)
	if l.folds != nil {
		for _, i := range l.folds[folded.Hash()] {
			if l.patterns[i].MatchFolded(folded, nil, places) {
				return true
			}
		}
		return false
	}
	for i := range l.patterns {
		if l.patterns[i].MatchFolded(folded, nil, places) {
			return true
		}
	}
	return false
}
