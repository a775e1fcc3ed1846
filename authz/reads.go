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

// readSet is what statements read: once it is settled, each key once, in the
// order of their names.
type readSet struct {
	reads []read
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
		r.reads = append(r.reads, conditionRead(c))
		if c.Operator.Test.HasVariables() {
			r.variables(doc, c.Values)
		}
	}
	r.variables(doc, s.Resources)
	r.variables(doc, s.NotResources)
	r.settle()
	return r
}

// joined is what several sets read.
func joined(sets []*readSet) *readSet {
	if len(sets) == 1 {
		return sets[0]
	}
	r := new(readSet)
	for _, s := range sets {
		r.reads = append(r.reads, s.reads...)
	}
	r.settle()
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
				r.reads = append(r.reads, variable)
			}
		}
	}
}

// size is how many keys and thresholds the set holds.
func (r *readSet) size() int {
	n := len(r.reads)
	for i := range r.reads {
		n += len(r.reads[i].numbers) + len(r.reads[i].dates)
	}
	return n
}

// settle brings what was added one by one into order.
func (r *readSet) settle() {
	slices.SortFunc(r.reads, func(a, b read) int { return strings.Compare(a.key.Name, b.key.Name) })
	kept := r.reads[:0]
	for from := 0; from < len(r.reads); {
		to := from + 1
		for to < len(r.reads) && r.reads[to].name == r.reads[from].name {
			to++
		}
		kept = append(kept, merged(r.reads[from:to]))
		from = to
	}
	r.reads = slices.Clone(kept) // without the room of those that were merged
	for i := range r.reads {
		r.clock = r.clock || r.reads[i].whole && followsClock(r.reads[i].key.Name)
	}
}

// merged is all that is read of one key.
func merged(same []read) read {
	m := same[0]
	if len(same) == 1 {
		return m
	}
	m.numbers, m.dates = nil, nil // those of others are theirs
	for i := range same {
		m.whole = m.whole || same[i].whole
		m.numbers = append(m.numbers, same[i].numbers...)
		m.dates = append(m.dates, same[i].dates...)
	}
	m.sort()
	return m
}

// sort puts the thresholds in order, each once.
func (r *read) sort() {
	slices.SortFunc(r.numbers, policy.Number.Compare)
	r.numbers = slices.CompactFunc(r.numbers, func(a, b policy.Number) bool { return a.Compare(b) == 0 })
	slices.SortFunc(r.dates, time.Time.Compare)
	r.dates = slices.CompactFunc(r.dates, time.Time.Equal)
}
