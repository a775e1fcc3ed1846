package authz

// verdict is whether an element of a statement matches, as far as can be told
// while some condition keys are unread.
type verdict uint8

const (
	// no: it does not, whatever the unread keys hold.
	no verdict = iota
	// maybe: that depends on what an unread key holds.
	maybe
	// yes: it does, whatever the unread keys hold.
	yes
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// not is the verdict on the opposite.
func (v verdict) not() verdict { return yes - v }

// earlier is the first of two families in the order of their names; the empty
// one is none.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}
