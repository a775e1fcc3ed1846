package authz

// Decision is the outcome of an access. The zero value denies.
type Decision struct {
	Effect Effect
	// Layer is the one that denied, or that granted.
	Layer Layer
	// Statement is the one that denied or granted; nil for an implicit deny
	// and for what needs no policy.
	Statement *Statement
	// Needs is a family of condition keys that nobody has read, and that the
	// decision depends on: one that was named to Context.SetUnread. The Effect
	// is ImplicitDeny then, and says nothing: read the keys, and decide again.
	// It is empty if the decision is the same whatever the unread keys hold.
	Needs string
}

// Statement says where a statement stands.
type Statement struct {
	// Policy is the name or ARN of its policy, Sid its Sid; empty if it has
	// none.
	Policy, Sid string
	// File, Line and Column are where its text begins, Index its place in the
	// policy from 0.
	File                string
	Index, Line, Column int
}

// Allowed tells whether the access may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }
