package reference

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// question is what is to be decided.
type question struct {
	caller  *authz.Caller
	request *authz.Request
	access  *authz.Access
}

// match is a statement that applies.
type match struct {
	statement *authz.Statement
	named     named
}

// applying lists the statements of an effect that apply, in order.
func (q question) applying(p *authz.Policies, effect policy.Effect) []match {
	var list []match
	for _, d := range p.Documents() {
		doc := d.Source()
		for i := range doc.Statements {
			s := &doc.Statements[i]
			if s.Effect != effect {
				continue
			}
			if n, ok := q.applies(doc, s); ok {
				list = append(list, match{&authz.Statement{
					Policy: doc.Name, Sid: s.Sid, File: doc.File,
					Index: s.Index, Line: s.Line, Column: s.Column,
				}, n})
			}
		}
	}
	return list
}

// applies tells whether every element of a statement matches, and how its
// principals name the caller.
func (q question) applies(doc *policy.Document, s *policy.Statement) (named, bool) {
	n, ok := q.principals(doc, s)
	if !ok || !q.actions(s) || !q.resources(doc, s) {
		return n, false
	}
	for i := range s.Conditions {
		if !q.condition(doc, s, &s.Conditions[i]) {
			return n, false
		}
	}
	return n, true
}

func (q question) actions(s *policy.Statement) bool {
	listed := func(patterns []policy.Value) bool {
		for _, p := range patterns {
			if actionMatches(p.Text, q.access.Action) {
				return true
			}
		}
		return false
	}
	if s.NotActions != nil {
		return len(s.NotActions) > 0 && !listed(s.NotActions)
	}
	return listed(s.Actions)
}

// actionMatches compares without regard to case; the prefix is literal.
func actionMatches(pattern, action string) bool {
	if pattern == "*" {
		return true
	}
	prefix, name, found := strings.Cut(pattern, ":")
	if !found || prefix == "" || name == "" {
		return false
	}
	for _, c := range pattern {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			return false
		}
	}
	for _, c := range prefix {
		if c == '*' || c == '?' {
			return false
		}
	}
	return globMatches(plain(small(pattern)), small(action))
}

// small maps A-Z to a-z.
func small(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c - 'A' + 'a'
		}
		return c
	}, s)
}

func (q question) resources(doc *policy.Document, s *policy.Statement) bool {
	listed := func(patterns []policy.Value) bool {
		for _, p := range patterns {
			if q.resourceMatches(doc, p.Text) {
				return true
			}
		}
		return false
	}
	if s.NotResources != nil {
		return len(s.NotResources) > 0 && !listed(s.NotResources)
	}
	if s.Resources == nil {
		// Left out, it is the resource that the policy is attached to.
		return doc.Kind == policy.Resource || doc.Kind == policy.Trust
	}
	return listed(s.Resources)
}

func (q question) resourceMatches(doc *policy.Document, text string) bool {
	if text == "*" {
		return true
	}
	if !strings.HasPrefix(text, "arn:") {
		return false
	}
	symbols, ok := q.expand(doc, text)
	if !ok {
		return false
	}
	fields := splitFields(symbols)
	for _, field := range fields[:min(len(fields), 5)] {
		for _, c := range field {
			if c.substituted {
				return false // a variable before the fifth colon
			}
		}
	}
	if doc.Kind == policy.Identity || doc.Kind == policy.Boundary {
		for len(fields) < 6 {
			fields = append(fields, []symbol{{wild: '*'}})
		}
	}
	// Wildcards stay in their field, but for those of the sixth and a "*" at
	// the end of another.
	var all []symbol
	for i, field := range fields {
		if i > 0 {
			all = append(all, symbol{char: ":"})
		}
		for j, c := range field {
			c.inField = i < 5 && !(c.wild == '*' && onlyStars(field[j:]))
			all = append(all, c)
		}
	}
	return globMatches(all, q.access.Resource)
}

func onlyStars(symbols []symbol) bool {
	for _, c := range symbols {
		if c.wild != '*' {
			return false
		}
	}
	return true
}
