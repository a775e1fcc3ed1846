package authz

import (
	"math"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// What a decision costs, in nanoseconds on a machine of 2026.
const (
	// decideCost is what every decision costs, walkCost a walk through an index.
	decideCost = 44
	walkCost   = 36
	// tryCost is to look at a candidate, testCost to compare its action or its
	// resource with a pattern, and wildcardCost for each wildcard in it.
	tryCost      = 8
	testCost     = 6
	wildcardCost = 6
	variableCost = 25
	// conditionCost is a condition, whose key must be found; addressCost and
	// parseCost are to read a value of the request as an address, or as a date or
	// a number; valueCost a policy value to compare with, of which many are found
	// by an index unless they begin with a wildcard.
	conditionCost = 26
	addressCost   = 26
	parseCost     = 30
	valueCost     = 4
	mostValues    = 8
	leadingCost   = 20
)

// What it costs to find a decision instead.
const (
	// layerCost comes for each layer of which something is read, readCost for a
	// key's value, and rankCost for its place among thresholds.
	layerCost = 8
	readCost  = 16
	rankCost  = 40
	// bytesPerCost is how many bytes of the resource take a nanosecond.
	bytesPerCost = 8
)

// LeastFindingCost is the least that FindingCost can be: to write down who asks
// for what, to hash, find and compare.
const LeastFindingCost = 130

// MostWork is about the most work that Weigh can find, whatever is asked for. It
// is known from the moment policies are attached, and costs next to nothing.
func MostWork(c *Caller, r *Request, a *Access) int {
	work := decideCost + c.most() + r.Endpoint.most() + a.Policy.most()
	for _, p := range a.RCP {
		work += p.most()
	}
	return work
}

// most is what looking through the caller's own policies can cost.
func (c *Caller) most() int {
	if c.ready() {
		return int(c.prepared.most)
	}
	work := c.Identity.most() + c.Boundary.most() + c.Session.most()
	for _, p := range c.SCP {
		work += p.most()
	}
	return work
}

func (p *Policies) most() int {
	if p == nil {
		return 0
	}
	return p.heaviest
}

// Weigh is Decide, and tells about how many nanoseconds that takes. It is an
// estimate, made from what was looked at: the searches, the candidates and their
// patterns, the conditions and how many values they compare with. For the same
// access it is the same in every run.
func Weigh(c *Caller, r *Request, a *Access) (d Decision, work int) { return decide(c, r, a) }

// FindingCost is about how many nanoseconds it takes to find a decision by what
// AppendKey appends. It is math.MaxInt if that appends nothing.
func FindingCost(c *Caller, r *Request, a *Access) int {
	var l layerSets
	if !l.collect(c, r, a) {
		return math.MaxInt
	}
	cost := LeastFindingCost + len(a.Resource)/bytesPerCost
	var w written
	for _, set := range l.sets[:l.count] {
		cost += layerCost
		for i := range set.reads {
			if w.wants(&set.reads[i]) {
				cost += set.reads[i].cost()
			}
		}
	}
	return cost
}

// cost is what it costs to write down what is read of a key.
func (r *read) cost() int {
	if len(r.numbers)+len(r.dates) > 0 {
		return rankCost
	}
	return readCost
}

// weigh weighs the segment: for statements of both effects, the most that one access
// can lead to.
func (s *segment) weigh() {
	for _, x := range []*index.Index{&s.denies, &s.allows} {
		if x.Len() == 0 {
			continue
		}
		s.heaviest += walkCost + x.Heaviest(func(e index.Entry) int {
			st := s.statement(e.Statement)
			cost := int(st.cost)
			for i := range st.conditions {
				cost += st.conditions[i].cost
			}
			return cost
		})
	}
}

// evaluatingCost is about what it costs to evaluate a condition.
func evaluatingCost(c *policy.Condition) int {
	cost := conditionCost
	switch test := c.Operator.Test; {
	case test == policy.IPAddress, test == policy.NotIPAddress:
		cost += addressCost
	case policy.NumericEquals <= test && test <= policy.DateGreaterThanEquals:
		cost += parseCost
	}
	begin := 0
	for _, v := range c.Values {
		if strings.HasPrefix(v.Text, "*") || strings.HasPrefix(v.Text, "?") {
			cost += leadingCost
		} else {
			begin++
		}
	}
	return cost + valueCost*min(begin, mostValues)
}

// tryingCost is about what it costs to compare the statement's action and
// resource with an access, the dearest if its patterns differ.
func (s *statement) tryingCost(source *policy.Statement) int32 {
	n, m := len(s.actions.patterns), len(s.resources.patterns)
	whole := n*m > mostPairs*(n+m) // then the shorter list is tested as a whole
	actions := 0
	for i := range s.actions.patterns {
		if _, exact, all := s.actions.patterns[i].Literal(); !exact && !all {
			actions = testCost
		}
	}
	if s.notActions || whole && n < m {
		actions = walkCost + testCost
	}
	values := source.Resources
	if s.notResources {
		values = source.NotResources
	}
	resources := 0
	for i := range s.resources.patterns {
		p := &s.resources.patterns[i]
		if _, exact, all := p.Literal(); !exact && !all {
			resources = max(resources, testCost+variableCost*len(p.Variables())+wildcardCost*strings.Count(values[i].Text, "*"))
		}
	}
	if s.notResources || whole && n >= m {
		tests := min(m, longList)
		if m >= longList {
			tests = s.resources.index.Heaviest(func(index.Entry) int { return 1 })
		}
		resources = walkCost + tests*max(resources, testCost)
	}
	return int32(min(tryCost+actions+resources, math.MaxInt32))
}
