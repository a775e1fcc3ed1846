package authz

import (
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// The keys whose values follow from the clock, beside those of the clock.
const (
	multiFactorAuthAgeKey = "aws:multifactorauthage"
	signatureAgeKey       = "s3:signatureage"
)

// read is a condition key that statements read, and what of it.
type read struct {
	key key.Key
	// name is that of the key, quick to compare.
	name unique.Handle[string]
	// whole is set if the value counts. Otherwise its presence does, and its
	// place among the thresholds.
	whole bool
	// numbers and dates are the thresholds, in rising order, with which numeric
	// and date operators compare a key that follows from the clock.
	numbers []policy.Number
	dates   []time.Time
}

// readSet is what statements read, in the order of the keys.
type readSet struct {
	// action is the one that the set is for, hash that of its name; empty if it
	// is for several.
	action string
	hash   uint32
	reads  []read
	// clock is set if a statement reads the clock in a way that has no
	// thresholds: as text.
	clock bool
}

// readsOf is what a statement reads: the keys of its conditions, and those of
// the policy variables in their values and in its resources.
func readsOf(doc *policy.Document, s *policy.Statement) readSet {
	var r readSet
	for i := range s.Conditions {
		c := &s.Conditions[i]
		r.add(conditionRead(c))
		if c.Operator.Test.HasVariables() {
			r.variables(doc, c.Values)
		}
	}
	r.variables(doc, s.Resources)
	r.variables(doc, s.NotResources)
	return r
}

func newRead(name string) read { return read{key: key.New(name), name: unique.Make(name)} }

// conditionRead is what a condition reads of its own key.
func conditionRead(c *policy.Condition) read {
	r := newRead(c.Name())
	test := c.Operator.Test
	switch {
	case test == policy.Null:
	case !followsClock(r.key.Name):
		r.whole = true
	case policy.NumericEquals <= test && test <= policy.NumericGreaterThanEquals:
		for _, v := range c.Values {
			if n, ok := policy.ParseNumber(v.Text); ok {
				r.numbers = append(r.numbers, n)
			}
		}
	case policy.DateEquals <= test && test <= policy.DateGreaterThanEquals:
		for _, v := range c.Values {
			if d, ok := policy.ParseDate(v.Text); ok {
				r.dates = append(r.dates, d)
			}
		}
	default:
		r.whole = true
	}
	r.sort()
	return r
}

// followsClock tells the keys whose value is another one a moment later.
func followsClock(name string) bool {
	switch name {
	case currentTimeKey, epochTimeKey, multiFactorAuthAgeKey, signatureAgeKey:
		return true
	default:
		return false
	}
}

// variables adds the policy variables of strings.
func (r *readSet) variables(doc *policy.Document, values []policy.Value) {
	if !doc.HasVariables() {
		return
	}
	for _, v := range values {
		if !strings.Contains(v.Text, "${") {
			continue
		}
		parts, err := policy.ParseTemplate(v.Text)
		if err != nil {
			continue // it matches nothing
		}
		for _, p := range parts {
			if p.Kind == policy.Variable {
				variable := newRead(p.Key)
				variable.whole = true
				r.add(variable)
			}
		}
	}
}

// add adds what is read of one key.
func (r *readSet) add(a read) {
	r.clock = r.clock || a.whole && followsClock(a.key.Name)
	i, found := slices.BinarySearchFunc(r.reads, a.key.Name, func(b read, name string) int { return strings.Compare(b.key.Name, name) })
	if !found {
		r.reads = slices.Insert(r.reads, i, a)
		return
	}
	b := &r.reads[i]
	b.whole = b.whole || a.whole
	if len(a.numbers)+len(a.dates) > 0 {
		// The lists may be shared with another set.
		b.numbers = slices.Concat(b.numbers, a.numbers)
		b.dates = slices.Concat(b.dates, a.dates)
		b.sort()
	}
}

// sort puts the thresholds in order, each once.
func (r *read) sort() {
	slices.SortFunc(r.numbers, policy.Number.Compare)
	r.numbers = slices.CompactFunc(r.numbers, func(a, b policy.Number) bool { return a.Compare(b) == 0 })
	slices.SortFunc(r.dates, time.Time.Compare)
	r.dates = slices.CompactFunc(r.dates, time.Time.Equal)
}

// join adds all that another set reads.
func (r *readSet) join(other *readSet) {
	for _, a := range other.reads {
		r.add(a)
	}
	r.clock = r.clock || other.clock
}
