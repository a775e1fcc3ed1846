package authz

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
)

// DecideEagerly is Decide by what is written down of texts that much is compared
// with, however little it is.
func DecideEagerly(c *Caller, r *Request, a *Access) Decision {
	e := environment{caller: c, request: r, access: a, notes: &notes{}}
	e.notes.places.Eager = true
	e.action.Set(a.Action)
	defer e.notes.places.Release()
	return e.decide()
}

// Reads is what the statements read that an action matches, as text.
func (p *Policies) Reads(action string) string {
	if p == nil || p.reads == nil {
		return ""
	}
	set := p.reads.of(action, key.Hash(action))
	var text []byte
	for i := range set.reads {
		text = set.reads[i].appendWhole(text)
	}
	return fmt.Sprintf("%t%q", set.clock, text)
}

// ReadsAs tells whether both keep what they read in one place.
func (p *Policies) ReadsAs(q *Policies) bool { return p.reads == q.reads }
