package reference

import (
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// condition evaluates one key under one operator.
func (q question) condition(doc *policy.Document, s *policy.Statement, c *policy.Condition) bool {
	values, list, usable := q.values(c.Key)
	absent := values == nil
	op := c.Operator

	if op.Test == policy.Null {
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
	}

	if len(c.Values) == 0 {
		if op.Set == policy.ForAnyValue {
			return false
		}
		return absent && (op.Set == policy.ForAllValues || op.IfExists)
	}

	negated := negation(op.Test)
	if negated {
		for _, p := range c.Values {
			if !q.typed(doc, op.Test, p.Text) {
				return false
			}
		}
	}

	if absent {
		switch op.Set {
		case policy.ForAllValues:
			return true
		case policy.ForAnyValue:
			return false
		}
		return negated || op.IfExists
	}
	if op.Set == policy.NoSet && (list || multivalued(c.Key)) {
		return false
	}
	if !usable {
		return s.Effect == policy.Deny
	}

	every, some := true, false
	for _, r := range values {
		passes := q.passes(doc, c, r, negated)
		every = every && passes
		some = some || passes
	}
	if op.Set == policy.ForAllValues {
		return every
	}
	return some
}

// passes tests one value of the request against the list of the policy.
func (q question) passes(doc *policy.Document, c *policy.Condition, r string, negated bool) bool {
	found := false
	for _, p := range c.Values {
		matched, readable := q.compare(doc, c.Operator.Test, r, p.Text)
		if !readable && negated {
			return false
		}
		found = found || matched && readable
	}
	if negated {
		return !found
	}
	return found
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
func (q question) compare(doc *policy.Document, t policy.Test, r, p string) (matched, readable bool) {
	switch t {
	case policy.StringEquals, policy.StringNotEquals:
		text, ok := q.literal(doc, p)
		return ok && text == r, true
	case policy.StringEqualsIgnoreCase, policy.StringNotEqualsIgnoreCase:
		text, ok := q.literal(doc, p)
		return ok && folded(text) == folded(r), true
	case policy.StringLike, policy.StringNotLike:
		symbols, ok := q.expand(doc, p)
		return ok && globMatches(symbols, r), true
	case policy.ArnEquals, policy.ArnLike, policy.ArnNotEquals, policy.ArnNotLike:
		symbols, ok := q.expand(doc, p)
		if !ok {
			_, readable = arnMatches(plain(":::::"), r)
			return false, readable
		}
		return arnMatches(symbols, r)
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
func (q question) literal(doc *policy.Document, p string) (string, bool) {
	symbols, ok := q.expand(doc, p)
	text := ""
	for _, s := range symbols {
		if s.wild != 0 {
			text += string(s.wild)
		} else {
			text += s.char
		}
	}
	return text, ok
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
