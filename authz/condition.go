package authz

import (
	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/internal/operator"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// condition is a compiled condition: one key under one operator.
type condition struct {
	key      key.Key
	test     policy.Test
	set      policy.Set
	ifExists bool
	negated  bool
	// empty is set if there are no policy values.
	empty bool
	// unreadable is set if a policy value is not of the operator's type.
	unreadable bool
	// typed are the policy values of operators that compare neither strings nor
	// ARNs; nil for those that do.
	typed *operator.Operator
	// fixed are the policy values without variables, variable the others.
	fixed    valueList
	variable []pattern.Pattern
	// cost is about what it takes to evaluate it.
	cost int
}

func (c *compiler) compileCondition(s *policy.Condition) condition {
	variables := c.doc.HasVariables()
	out := condition{
		key:      key.New(s.Name()),
		test:     s.Operator.Test,
		set:      s.Operator.Set,
		ifExists: s.Operator.IfExists,
		negated:  s.Operator.Negated(),
		empty:    len(s.Values) == 0,
		cost:     evaluatingCost(s),
	}
	if !out.test.HasVariables() {
		out.typed = operator.New(out.test, s.Values)
		out.unreadable = out.typed.Unreadable()
		return out
	}
	fixed := take(&c.patterns, len(s.Values))[:0]
	for _, v := range s.Values {
		var p pattern.Pattern
		switch {
		case out.arn():
			var ok bool
			if p, ok = pattern.ARN(v.Text, variables); !ok {
				out.unreadable = true
			}
		case out.test == policy.StringLike || out.test == policy.StringNotLike:
			p = pattern.Glob(v.Text, variables)
		case out.fold():
			p = pattern.Fold(v.Text, variables)
		default:
			p = pattern.Exact(v.Text, variables)
		}
		if len(p.Variables()) > 0 {
			out.variable = append(out.variable, p)
		} else {
			fixed = append(fixed, p)
		}
	}
	out.fixed = newValueList(fixed, out.fold())
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
func (c *condition) holds(e *environment, deny bool) verdict {
	v, clock, family := e.find(&c.key)
	present := v != nil || clock != noClock
	switch {
	case c.test == policy.Null:
		if family != "" && c.null(true) != c.null(false) {
			return e.maybe(family)
		}
		return verdictOf(c.null(present))
	case c.empty:
		if absent := c.set == policy.ForAllValues || c.set == policy.NoSet && c.ifExists; !absent || family == "" {
			return verdictOf(absent && !present)
		}
		return e.maybe(family)
	case c.negated && c.unreadable:
		return no
	case family != "":
		return e.maybe(family)
	case !present:
		return verdictOf(c.absent())
	case clock != noClock:
		return c.passesClock(e, clock)
	case c.set == policy.NoSet && (c.key.Multivalued || v.multiple()):
		return no
	case !v.Usable():
		// Nothing tells which of the two values counts: what the condition
		// guards is denied, and what it opens stays shut.
		return verdictOf(deny)
	case v.single():
		return c.passes(e, v.text)
	}
	return c.passesList(e, v.other.list)
}

// passesList is passes for a list of values: for all of them, or for any.
func (c *condition) passesList(e *environment, list []string) verdict {
	decisive := verdictOf(c.set == policy.ForAnyValue)
	outcome, family := decisive.not(), e.notes.family
	for _, text := range list {
		switch c.passes(e, text) {
		case decisive:
			e.notes.family = family
			return decisive
		case maybe:
			outcome = maybe
		}
	}
	return outcome
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
func (c *condition) passes(e *environment, text string) verdict {
	if c.typed != nil {
		matched, readable := c.typed.Match(text, &e.notes.reading)
		return verdictOf(readable && matched != c.negated)
	}
	if c.arn() && !pattern.IsARN(text) {
		return no
	}
	if c.fixed.match(text, &e.notes.places) {
		return verdictOf(!c.negated)
	}
	family := ""
	for i := range c.variable {
		p := &c.variable[i]
		var valueRoom [usualVariables]string
		var unreadRoom [usualVariables]bool
		values, _, f, ok := e.resolve(p.Variables(), valueRoom[:0], unreadRoom[:0])
		if !ok {
			continue
		}
		if f != "" {
			family = earlier(family, f)
			continue
		}
		matched, readable := c.matches(p, text, values, &e.notes.places)
		if matched {
			// No later value can undo a match, or make up for one.
			return verdictOf(!c.negated)
		}
		if c.negated && !readable {
			return no
		}
	}
	if family != "" {
		return e.maybe(family)
	}
	return verdictOf(c.negated)
}

func (c *condition) matches(p *pattern.Pattern, text string, values []string, places *pattern.Places) (matched, readable bool) {
	switch {
	case c.arn():
		return p.MatchARN(text, values, places)
	case c.fold():
		return p.MatchFold(text, values, places), true
	default:
		return p.Match(text, values, places), true
	}
}

// passesClock is passes for a value of the clock.
func (c *condition) passesClock(e *environment, which clock) verdict {
	if c.typed != nil {
		if matched, read := c.typed.MatchClock(e.now(), which == epochTime); read {
			return verdictOf(matched != c.negated)
		}
	}
	return c.passes(e, e.clockText(which))
}
