package authz

import (
	"fmt"
	"time"

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
	text := fmt.Sprint(set.clock)
	for _, r := range set.reads {
		text += fmt.Sprintf("\n%q %t %#v", r.key.Name, r.whole, r.numbers)
		for _, d := range r.dates {
			text += d.UTC().Format(" " + time.RFC3339Nano)
		}
	}
	return text
}

// ReadsAs tells whether both keep what they read in one place.
func (p *Policies) ReadsAs(q *Policies) bool { return p.reads == q.reads }
