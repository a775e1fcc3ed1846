package authz

// DecideEagerly is Decide by what is written down of texts that much is compared
// with, however little it is.
func DecideEagerly(c *Caller, r *Request, a *Access) Decision {
	e := environment{caller: c, request: r, access: a, notes: &notes{}}
	e.notes.places.Eager = true
	e.action.Set(a.Action)
	defer e.notes.places.Release()
	return e.decide()
}
