package authz

import (
	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
)

// denied is the first statement in order that denies; nil if none does.
func (p *Policies) denied(e *environment) *Statement {
	if p == nil {
		return nil
	}
	for _, d := range p.documents {
		if s, _ := d.first(&d.denies, e, grantNone, grantNone); s != nil {
			return s
		}
	}
	return nil
}

// allowed is the first statement in order that allows; nil if none does.
func (p *Policies) allowed(e *environment) *Statement {
	if p == nil {
		return nil
	}
	for _, d := range p.documents {
		if s, _ := d.first(&d.allows, e, grantNone, grantNone); s != nil {
			return s
		}
	}
	return nil
}

// granted is the first statement in order among those that name the caller in
// the strongest way, and that way.
func (p *Policies) granted(e *environment) (*Statement, grant) {
	if p == nil {
		return nil, grantNone
	}
	// To all but the holder of a token, being one of everybody is as good as
	// being named.
	enough := grantAny
	if e.caller.Type == WebIdentity || e.caller.Type == SAML {
		enough = grantSelf
	}
	var statement *Statement
	best := grantNone
	for _, d := range p.documents {
		if s, g := d.first(&d.allows, e, best+1, enough); s != nil {
			statement, best = s, g
		}
		if best == enough {
			break
		}
	}
	return statement, best
}

// search looks for a statement among the candidates of one document.
type search struct {
	document *Document
	found    int // number of the statement; -1 if none
	grant    grant
	// least is the weakest grant that counts, enough the one above which
	// nothing better is looked for.
	least, enough grant
}

// first finds the first statement that applies with at least a grant; between
// two of them the stronger one, up to enough.
func (d *Document) first(x *index.Index, e *environment, least, enough grant) (*Statement, grant) {
	s := search{document: d, found: -1, least: least, enough: enough}
	for _, n := range x.Exact(&e.action) {
		if !s.wants(n) {
			break
		}
		s.try(n, e)
	}
	s.entries(x.Service(&e.action), e)
	s.entries(x.Rest(), e)
	if s.found < 0 {
		return nil, grantNone
	}
	return &d.statements[s.found].where, s.grant
}

func (s *search) entries(list []index.Entry, e *environment) {
	for i := range list {
		entry := &list[i]
		if !s.wants(entry.Statement) {
			break
		}
		if entry.Matches(&e.action) {
			s.try(entry.Statement, e)
		}
	}
}

// wants tells whether a statement, or one behind it, can be better than what
// was found.
func (s *search) wants(n int) bool {
	return s.found < 0 || s.grant < s.enough || n < s.found
}

func (s *search) try(n int, e *environment) {
	applies, g := s.document.statements[n].applies(e)
	if !applies || g < s.least {
		return
	}
	if g = min(g, s.enough); s.found < 0 || g > s.grant || g == s.grant && n < s.found {
		s.found, s.grant = n, g
	}
}

// applies tells whether a statement whose action matches applies, and how it
// names the caller.
func (s *statement) applies(e *environment) (bool, grant) {
	if !s.coversResource(e) {
		return false, grantNone
	}
	g := grantNone
	if !s.bindsAll {
		switch {
		case len(s.principals) > 0:
			if g = strongest(s.principals, e.caller); g == grantNone {
				return false, grantNone
			}
		case len(s.notPrincipals) == 0 || exempt(s.notPrincipals, e.caller):
			return false, grantNone
		}
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e, s.deny) {
			return false, grantNone
		}
	}
	return true, g
}

func (s *statement) coversResource(e *environment) bool {
	switch {
	case s.anyResource:
		return true
	case len(s.notResources) > 0:
		return !anyMatches(s.notResources, e)
	default:
		return anyMatches(s.resources, e)
	}
}

func anyMatches(list []pattern.Pattern, e *environment) bool {
	for i := range list {
		var buffer [4]string
		if values, ok := e.resolve(list[i].Variables(), buffer[:0]); ok && list[i].Match(e.access.Resource, values) {
			return true
		}
	}
	return false
}
