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
	index    index.Index // of a long list
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
		l.index = b.Build()
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

// patternList are patterns, any of which may match.
type patternList struct {
	patterns []pattern.Pattern
	index    index.Index // of a long list
}

func newPatternList(patterns []pattern.Pattern) patternList {
	l := patternList{patterns: patterns}
	if len(patterns) >= longList {
		var b index.Builder
		for i := range patterns {
			if p := &patterns[i]; !p.IsNever() {
				e := patternElement(p, i)
				b.Add(index.Any, e.key, index.Entry{Statement: int32(i), Action: index.Matched, Resource: e.pattern})
			}
		}
		l.index = b.Build()
	}
	return l
}

func (l *patternList) match(e *environment, text string) bool {
	if len(l.patterns) < longList {
		for i := range l.patterns {
			if e.matches(&l.patterns[i], text) {
				return true
			}
		}
		return false
	}
	c := l.index.Find(nil, text)
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		for _, entry := range entries {
			if entry.Resource == index.Matched || e.matches(&l.patterns[entry.Statement], text) {
				return true
			}
		}
	}
	return false
}

// matches tells whether a pattern matches a text.
func (e *environment) matches(p *pattern.Pattern, text string) bool {
	if len(p.Variables()) == 0 {
		return p.Match(text, nil)
	}
	var buffer [4]string
	values, ok := e.resolve(p.Variables(), buffer[:0])
	return ok && p.Match(text, values)
}
