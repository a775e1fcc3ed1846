package authz

import (
	"github.com/sallyport-iam/sallyport/authz/internal/operator"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// condition is a compiled condition: one key under one operator.
type condition struct {
	key      string
	test     policy.Test
	set      policy.Set
	ifExists bool
	negated  bool
	// multivalued keys match under a set operator alone.
	multivalued bool
	// empty is set if there are no policy values.
	empty bool
	// unreadable is set if a policy value is not of the operator's type.
	unreadable bool
	// patterns are the policy values of string and ARN operators, typed those
	// of the others.
	patterns []pattern.Pattern
	typed    operator.Operator
}

func compileCondition(doc *policy.Document, c *policy.Condition) condition {
	out := condition{
		key:         c.Name(),
		test:        c.Operator.Test,
		set:         c.Operator.Set,
		ifExists:    c.Operator.IfExists,
		negated:     c.Operator.Negated(),
		multivalued: policy.KeyCardinality(c.Name()) == policy.Multivalued,
		empty:       len(c.Values) == 0,
	}
	if !out.test.HasVariables() {
		out.typed = operator.New(out.test, c.Values)
		out.unreadable = out.typed.Unreadable()
		return out
	}
	out.patterns = make([]pattern.Pattern, len(c.Values))
	for i, v := range c.Values {
		switch {
		case out.arn():
			var ok bool
			if out.patterns[i], ok = pattern.ARN(v.Text, doc.HasVariables()); !ok {
				out.unreadable = true
			}
		case out.test == policy.StringLike || out.test == policy.StringNotLike:
			out.patterns[i] = pattern.Glob(v.Text, doc.HasVariables())
		default:
			out.patterns[i] = pattern.Exact(v.Text, doc.HasVariables())
		}
	}
	return out
}

func (c *condition) arn() bool {
	return policy.ArnEquals <= c.test && c.test <= policy.ArnNotLike
}

func (c *condition) fold() bool {
	return c.test == policy.StringEqualsIgnoreCase || c.test == policy.StringNotEqualsIgnoreCase
}

// holds evaluates the condition. deny tells the effect of its statement, which
// decides between two tags whose keys differ in case alone.
func (c *condition) holds(e *environment, deny bool) bool {
	v, clock, present := e.lookup(c.key)
	switch {
	case c.test == policy.Null:
		return c.null(present)
	case c.empty:
		return !present && (c.set == policy.ForAllValues || c.set == policy.NoSet && c.ifExists)
	case c.negated && c.unreadable:
		return false
	case !present:
		return c.absent()
	case c.set == policy.NoSet && (c.multivalued || v.multiple):
		return false
	case v.unusable:
		// Nothing tells which of the two values counts: what the condition
		// guards is denied, and what it opens stays shut.
		return deny
	case clock != noClock:
		return c.passesClock(e, clock)
	case !v.multiple:
		return c.passes(e, v.text)
	}
	all := c.set == policy.ForAllValues
	for _, text := range v.list {
		if c.passes(e, text) != all {
			return !all
		}
	}
	return all
}

func (c *condition) null(present bool) bool {
	if c.set != policy.NoSet {
		return c.set == policy.ForAllValues
	}
	return c.typed.HasBool(!present)
}

// absent is the result for a key that the request does not have.
func (c *condition) absent() bool {
	switch c.set {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return false
	default:
		return c.negated || c.ifExists
	}
}

// passes tells whether one value of the request passes the operator: it matches
// one of the policy values, or none of them if the operator is negated. A value
// that cannot be read never passes.
func (c *condition) passes(e *environment, text string) bool {
	if c.patterns == nil {
		matched, readable := c.typed.Match(text)
		return readable && matched != c.negated
	}
	if c.arn() && !pattern.IsARN(text) {
		return false
	}
	matched := false
	for i := range c.patterns {
		m, readable := c.matches(e, &c.patterns[i], text)
		if c.negated && !readable {
			return false
		}
		if matched = matched || m; matched {
			// No later value can undo a match, or make up for one.
			break
		}
	}
	return matched != c.negated
}

func (c *condition) matches(e *environment, p *pattern.Pattern, text string) (matched, readable bool) {
	var buffer [4]string
	values, ok := e.resolve(p.Variables(), buffer[:0])
	switch {
	case !ok:
		return false, true
	case c.arn():
		return p.MatchARN(text, values)
	case c.fold():
		return p.MatchFold(text, values), true
	default:
		return p.Match(text, values), true
	}
}

// passesClock is passes for a value of the clock.
func (c *condition) passesClock(e *environment, which clock) bool {
	if c.patterns == nil {
		if matched, read := c.typed.MatchClock(e.now(), which == epochTime); read {
			return matched != c.negated
		}
	}
	return c.passes(e, e.clockText(which))
}
