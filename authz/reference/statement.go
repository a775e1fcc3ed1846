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
	// hopeful takes an Allow that may apply for one that does.
	hopeful bool
}

// match is a statement that applies.
type match struct {
	statement *authz.Statement
	named     named
}

// applying lists the statements of an effect that apply, in order.
func (q question) applying(p *authz.Policies, effect policy.Effect) []match {
	var list []match
	q.each(p, effect, func(m match, a answer) {
		if a.holds || q.hopeful && effect == policy.Allow && a.isOpen() {
			list = append(list, m)
		}
	})
	return list
}

// unsettled lists the families of unread keys that decide whether statements of
// an effect apply.
func (q question) unsettled(p *authz.Policies, effect policy.Effect) []string {
	var families []string
	q.each(p, effect, func(_ match, a answer) { families = append(families, a.open...) })
	return families
}

// each calls f with the statements of an effect whose principals match, in
// order.
func (q question) each(p *authz.Policies, effect policy.Effect, f func(match, answer)) {
	for _, d := range p.Documents() {
		doc := d.Source()
		for i := range doc.Statements {
			s := &doc.Statements[i]
			n, named := q.principals(doc, s)
			if s.Effect != effect || !named {
				continue
			}
			f(match{&authz.Statement{
				Policy: doc.Name, Sid: s.Sid, File: doc.File,
				Index: s.Index, Line: s.Line, Column: s.Column,
			}, n}, q.applies(doc, s))
		}
	}
}

// applies tells whether every element of a statement matches, but for the
// principals.
func (q question) applies(doc *policy.Document, s *policy.Statement) answer {
	elements := []answer{settled(q.actions(s)), q.resourcesAnswer(doc, s)}
	for i := range s.Conditions {
		elements = append(elements, q.conditionAnswer(doc, s, &s.Conditions[i]))
	}
	return allOf(elements)
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

// resources tells whether the resource elements match for certain.
func (q question) resources(doc *policy.Document, s *policy.Statement) bool {
	return q.resourcesAnswer(doc, s).holds
}

func (q question) resourcesAnswer(doc *policy.Document, s *policy.Statement) answer {
	listed := func(patterns []policy.Value) answer {
		var list []answer
		for _, p := range patterns {
			list = append(list, q.resourceMatches(doc, p.Text))
		}
		return anyOf(list)
	}
	if s.NotResources != nil {
		if len(s.NotResources) == 0 {
			return settled(false)
		}
		return listed(s.NotResources).not()
	}
	if s.Resources == nil {
		// Left out, it is the resource that the policy is attached to.
		return settled(doc.Kind == policy.Resource || doc.Kind == policy.Trust)
	}
	return listed(s.Resources)
}

func (q question) resourceMatches(doc *policy.Document, text string) answer {
	if text == "*" {
		return settled(true)
	}
	if !strings.HasPrefix(text, "arn:") {
		return settled(false)
	}
	symbols, unread, ok := q.expand(doc, text)
	if !ok {
		return settled(false)
	}
	fields := splitFields(symbols)
	for _, field := range fields[:min(len(fields), 5)] {
		for _, c := range field {
			if c.substituted {
				return settled(false) // a variable before the fifth colon
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
	if matched := globMatches(all, q.access.Resource); !matched || len(unread) == 0 {
		return settled(matched)
	}
	return open(unread...)
}

func onlyStars(symbols []symbol) bool {
	for _, c := range symbols {
		if c.wild != '*' {
			return false
		}
	}
	return true
}
