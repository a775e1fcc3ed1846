package reference

// answer is whether something matches: it does, it does not, or it does for
// some of the values that unread keys may turn out to have.
type answer struct {
	holds bool
	// open are the families of the unread keys that decide; empty if nothing is
	// open. holds is false then.
	open []string
}

func settled(holds bool) answer { return answer{holds: holds} }

func open(families ...string) answer { return answer{open: families} }

func (a answer) isOpen() bool { return len(a.open) > 0 }

// anyOf is whether one of several matches at least.
func anyOf(list []answer) answer {
	var all answer
	for _, a := range list {
		if a.holds {
			return a
		}
		all.open = append(all.open, a.open...)
	}
	return all
}

// not is whether something does not match.
func (a answer) not() answer {
	if a.isOpen() {
		return a
	}
	return settled(!a.holds)
}

// allOf is whether all of several match.
func allOf(list []answer) answer {
	var opposites []answer
	for _, a := range list {
		opposites = append(opposites, a.not())
	}
	return anyOf(opposites).not()
}
