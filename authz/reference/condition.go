package reference

import (
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// condition tells whether a condition holds for certain.
func (q question) condition(doc *policy.Document, s *policy.Statement, c *policy.Condition) bool {
	return q.conditionAnswer(doc, s, c).holds
}

// conditionAnswer evaluates one key under one operator.
func (q question) conditionAnswer(doc *policy.Document, s *policy.Statement, c *policy.Condition) answer {
	values, list, usable := q.values(c.Key)
	absent := values == nil
	op := c.Operator
	unread := q.unread(c.Key)

	// Whether the key is absent is all that these ask for.
	byPresence := func(holds func(absent bool) bool) answer {
		if unread != "" && holds(true) != holds(false) {
			return open(unread)
		}
		return settled(holds(absent))
	}
	if op.Test == policy.Null {
		return byPresence(func(absent bool) bool {
			switch op.Set {
			case policy.ForAllValues:
				return true
			case policy.ForAnyValue:
				return false
			}
			for _, p := range c.Values {
				if wantAbsent, ok := boolean(p.Text); ok && wantAbsent == absent {
					return true
				}
			}
			return false
		})
	}
	if len(c.Values) == 0 {
		return byPresence(func(absent bool) bool {
			if op.Set == policy.ForAnyValue {
				return false
			}
			return absent && (op.Set == policy.ForAllValues || op.IfExists)
		})
	}

	negated := negation(op.Test)
	if negated {
		for _, p := range c.Values {
			if !q.typed(doc, op.Test, p.Text) {
				return settled(false)
			}
		}
	}

	if unread != "" {
		return open(unread)
	}
	if absent {
		switch op.Set {
		case policy.ForAllValues:
			return settled(true)
		case policy.ForAnyValue:
			return settled(false)
		}
		return settled(negated || op.IfExists)
	}
	if op.Set == policy.NoSet && (list || multivalued(c.Key)) {
		return settled(false)
	}
	if !usable {
		return settled(s.Effect == policy.Deny)
	}

	var passes []answer
	for _, r := range values {
		passes = append(passes, q.passes(doc, c, r, negated))
	}
	if op.Set == policy.ForAllValues {
		return allOf(passes)
	}
	return anyOf(passes)
}

// passes tests one value of the request against the list of the policy.
func (q question) passes(doc *policy.Document, c *policy.Condition, r string, negated bool) answer {
	var found []answer
	for _, p := range c.Values {
		matched, readable := q.compare(doc, c.Operator.Test, r, p.Text)
		if !readable && negated {
			return settled(false)
		}
		if !readable {
			matched = settled(false)
		}
		found = append(found, matched)
	}
	if negated {
		return anyOf(found).not()
	}
	return anyOf(found)
}

func negation(t policy.Test) bool {
	switch t {
	case policy.StringNotEquals, policy.StringNotEqualsIgnoreCase, policy.StringNotLike,
		policy.NumericNotEquals, policy.DateNotEquals, policy.NotIPAddress,
		policy.ArnNotEquals, policy.ArnNotLike:
		return true
	}
	return false
}

// typed tells whether a policy value is of the operator's type, as far as can
// be seen without a request.
func (q question) typed(doc *policy.Document, t policy.Test, p string) (ok bool) {
	switch t {
	case policy.NumericNotEquals:
		_, ok = number(p)
	case policy.DateNotEquals:
		_, ok = date(p)
	case policy.NotIPAddress:
		_, ok = network(p)
	case policy.ArnNotEquals, policy.ArnNotLike:
		ok = !arnShort(doc, p)
	default:
		ok = true
	}
	return ok
}

// compare tests one value of the request against one of the policy. A negated
// test is tested as what it negates. readable is false if one of the two is not
// of the operator's type.
func (q question) compare(doc *policy.Document, t policy.Test, r, p string) (matched answer, readable bool) {
	if t.HasVariables() {
		symbols, unread, ok := q.expand(doc, p)
		if arn := t >= policy.ArnEquals; arn {
			if _, readable := arnMatches(plain(":::::"), r); !readable || !ok {
				return settled(false), readable
			}
		}
		if ok && len(unread) > 0 {
			return open(unread...), true
		}
		holds, readable := compareText(t, r, symbols)
		return settled(ok && holds), readable
	}
	holds, readable := compareTyped(t, r, p)
	return settled(holds), readable
}

// compareText is compare for the tests of strings and ARNs.
func compareText(t policy.Test, r string, p []symbol) (matched, readable bool) {
	switch t {
	case policy.StringEquals, policy.StringNotEquals:
		return literal(p) == r, true
	case policy.StringEqualsIgnoreCase, policy.StringNotEqualsIgnoreCase:
		return folded(literal(p)) == folded(r), true
	case policy.StringLike, policy.StringNotLike:
		return globMatches(p, r), true
	default:
		return arnMatches(p, r)
	}
}

// compareTyped is compare for the others.
func compareTyped(t policy.Test, r, p string) (matched, readable bool) {
	switch t {
	case policy.Bool:
		a, ok1 := boolean(r)
		b, ok2 := boolean(p)
		return a == b, ok1 && ok2
	case policy.BinaryEquals:
		a, ok1 := binary(r)
		b, ok2 := binary(p)
		return a == b, ok1 && ok2
	case policy.IPAddress, policy.NotIPAddress:
		a, ok1 := network(r)
		b, ok2 := network(p)
		return ok1 && ok2 && b.contains(a), ok1 && ok2
	case policy.NumericEquals, policy.NumericNotEquals, policy.NumericLessThan, policy.NumericLessThanEquals,
		policy.NumericGreaterThan, policy.NumericGreaterThanEquals:
		a, ok1 := number(r)
		b, ok2 := number(p)
		if !ok1 || !ok2 {
			return false, false
		}
		return ordered(t, a.Cmp(b)), true
	default:
		a, ok1 := date(r)
		b, ok2 := date(p)
		return ordered(t, a.Compare(b)), ok1 && ok2
	}
}

// literal is a policy value with its variables put in, wildcards and all.
func literal(symbols []symbol) string {
	text := ""
	for _, s := range symbols {
		if s.wild != 0 {
			text += string(s.wild)
		} else {
			text += s.char
		}
	}
	return text
}

func ordered(t policy.Test, order int) bool {
	switch t {
	case policy.NumericLessThan, policy.DateLessThan:
		return order < 0
	case policy.NumericLessThanEquals, policy.DateLessThanEquals:
		return order <= 0
	case policy.NumericGreaterThan, policy.DateGreaterThan:
		return order > 0
	case policy.NumericGreaterThanEquals, policy.DateGreaterThanEquals:
		return order >= 0
	}
	return order == 0
}
