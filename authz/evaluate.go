package authz

import "github.com/sallyport-iam/sallyport/authz/internal/index"

// denied is the first statement in order that denies; nil if none does.
func (p *Policies) denied(e *environment) *Statement {
	if p == nil {
		return nil
	}
	for _, s := range p.segments {
		if st, _ := s.first(&s.denies, e, grantNone, grantNone); st != nil {
			return st
		}
	}
	return nil
}

// allowed is the first statement in order that allows; nil if none does.
func (p *Policies) allowed(e *environment) *Statement {
	if p == nil {
		return nil
	}
	for _, s := range p.segments {
		if st, _ := s.first(&s.allows, e, grantNone, grantNone); st != nil {
			return st
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
	for _, s := range p.segments {
		if st, g := s.first(&s.allows, e, best+1, enough); st != nil {
			statement, best = st, g
		}
		if best == enough {
			break
		}
	}
	return statement, best
}

// tryAllows tries all Allows that can match, for what they leave in e.notes.unread.
func (p *Policies) tryAllows(e *environment) {
	if p == nil {
		return
	}
	const unreachable = grantSelf + 1
	for _, s := range p.segments {
		s.first(&s.allows, e, grantNone, unreachable)
	}
}

// search looks for a statement among the candidates of one segment.
type search struct {
	segment *segment
	found   int32 // number of the statement; -1 if none
	grant   grant
	// least is the weakest grant that counts, enough the one above which
	// nothing better is looked for.
	least, enough grant
	// tried are numbers, less one, of statements that were tried, which several
	// of their patterns may lead to.
	tried [8]int32
}

// first finds the first statement that applies with at least a grant; between
// two of them the stronger one, up to enough.
func (s *segment) first(x *index.Index, e *environment, least, enough grant) (*Statement, grant) {
	if x.Len() == 0 {
		return nil, grantNone
	}
	h := search{segment: s, found: -1, least: least, enough: enough}
	e.notes.work += walkCost
	c := x.Find(e.action.Lower(), e.access.Resource)
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		for i := range entries {
			if !h.wants(entries[i].Statement) {
				break
			}
			h.try(&entries[i], e)
		}
	}
	if h.found < 0 {
		return nil, grantNone
	}
	return &s.statement(h.found).where, h.grant
}

// wants tells whether a statement, or one behind it, can be better than what
// was found.
func (h *search) wants(n int32) bool {
	return h.found < 0 || h.grant < h.enough || n < h.found
}

func (h *search) try(entry *index.Entry, e *environment) {
	n := entry.Statement
	slot := &h.tried[n%int32(len(h.tried))]
	if *slot == n+1 {
		return
	}
	if !e.notes.places.May(e.access.Resource, entry.Sieve) {
		return
	}
	s := h.segment.statement(n)
	e.notes.family = ""
	e.notes.work += int(s.cost)
	if !s.matchesAction(entry.Action, e) {
		return
	}
	v := s.matchesResource(entry.Resource, e)
	if v == no {
		return
	}
	*slot = n + 1
	var g grant
	if v, g = s.applies(e, v); v == no || g < h.least {
		return
	}
	if v == maybe && !e.optimistic {
		e.notes.unread = earlier(e.notes.unread, e.notes.family)
		return
	}
	if g = min(g, h.enough); h.found < 0 || g > h.grant || g == h.grant && n < h.found {
		h.found, h.grant = n, g
	}
}

// matchesAction tests what an entry of the index leaves open of the action.
func (s *statement) matchesAction(pattern int32, e *environment) bool {
	switch pattern {
	case index.Matched:
		return true
	case index.Untested:
		return s.actions.match(e) != s.notActions
	default:
		return s.actions.patterns[pattern].Match(e.access.Action)
	}
}

// matchesResource is matchesAction for the resource.
func (s *statement) matchesResource(pattern int32, e *environment) verdict {
	switch {
	case pattern == index.Matched:
		return yes
	case s.notResources:
		return s.resources.match(e).not()
	case pattern != index.Untested:
		if v := e.matches(&s.resources.patterns[pattern]); v != maybe {
			return v
		}
		e.notes.family = "" // another pattern may match for certain
	}
	return s.resources.match(e)
}

// applies tells whether a statement whose action matches applies, and how it
// names the caller. v is the verdict on the resource.
func (s *statement) applies(e *environment, v verdict) (verdict, grant) {
	g := grantNone
	if b := s.bound; b != nil {
		switch {
		case len(b.principals) > 0:
			if g = strongest(b.principals, e.caller); g == grantNone {
				return no, grantNone
			}
		case len(b.notPrincipals) == 0 || exempt(b.notPrincipals, e.caller):
			return no, grantNone
		}
	}
	for i := range s.conditions {
		e.notes.work += s.conditions[i].cost
		if v = min(v, s.conditions[i].holds(e, s.deny)); v == no {
			return no, grantNone
		}
	}
	return v, g
}
