// Package operator compares single values as the typed condition operators do:
// numbers, dates, booleans, addresses and binary. Policy values are read once.
package operator

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Operator is an operator with its policy values, any of which may match.
type Operator struct {
	test policy.Test
	// numbers and dates are in rising order.
	numbers []policy.Number
	dates   []time.Time
	// prefixes are in rising order, and none holds another.
	prefixes []netip.Prefix
	// binaries are base64 in which the bits that stand for nothing are zero, in
	// rising order, the shorter ones first.
	binaries   []string
	trueOrNot  [2]bool // which booleans are among the values
	unreadable bool
}

// New compiles the values of a test that has no variables.
func New(test policy.Test, values []policy.Value) *Operator {
	o := &Operator{test: test}
	for _, v := range values {
		if !o.add(v.Text) {
			o.unreadable = true
		}
	}
	slices.SortFunc(o.numbers, policy.Number.Compare)
	slices.SortFunc(o.dates, time.Time.Compare)
	slices.SortFunc(o.prefixes, func(p, q netip.Prefix) int {
		return cmp.Or(p.Addr().Compare(q.Addr()), cmp.Compare(p.Bits(), q.Bits()))
	})
	slices.SortFunc(o.binaries, func(p, q string) int { return cmp.Or(len(p)-len(q), strings.Compare(p, q)) })
	widest := o.prefixes[:0]
	for _, p := range o.prefixes {
		if n := len(widest); n == 0 || !holdsPrefix(widest[n-1], p) {
			widest = append(widest, p)
		}
	}
	o.prefixes = widest
	return o
}

// holdsPrefix tells whether all addresses of q are in p.
func holdsPrefix(p, q netip.Prefix) bool { return p.Bits() <= q.Bits() && p.Contains(q.Addr()) }

// Reading remembers what the values of a request were read as: as a rule there
// is one, which many statements compare. The zero value remembers nothing.
type Reading struct {
	first reading
	more  []reading
}

type reading struct {
	text   string
	as     kind
	prefix netip.Prefix
	number policy.Number
	date   time.Time
	ok     bool
}

// kind is what a value is read as.
type kind uint8

const (
	unread kind = iota
	address
	number
	date
)

// A value that is longer than longValue is remembered beside the first one:
// there are few such in a request, and it takes long to read them.
const longValue = 64

// read reads a value as one of a kind.
func (r *Reading) read(as kind, text string) *reading {
	v := &r.first
	if v.as == as && v.text == text {
		return v
	}
	if v.as != unread && len(text) > longValue {
		for i := range r.more {
			if v = &r.more[i]; v.as == as && v.text == text {
				return v
			}
		}
		r.more = append(r.more, reading{})
		v = &r.more[len(r.more)-1]
	}
	*v = reading{text: text, as: as}
	switch as {
	case number:
		v.number, v.ok = policy.ParseNumber(text)
	case date:
		v.date, v.ok = policy.ParseDate(text)
	default:
		v.prefix, v.ok = policy.ParsePrefix(text)
	}
	return v
}

func (o *Operator) add(text string) (ok bool) {
	switch {
	case o.numeric():
		var n policy.Number
		if n, ok = policy.ParseNumber(text); ok {
			o.numbers = append(o.numbers, n)
		}
	case o.date():
		var d time.Time
		if d, ok = policy.ParseDate(text); ok {
			o.dates = append(o.dates, d)
		}
	case o.address():
		var p netip.Prefix
		if p, ok = policy.ParsePrefix(text); ok {
			o.prefixes = append(o.prefixes, p)
		}
	case o.test == policy.BinaryEquals:
		var b []byte
		if b, ok = policy.ParseBinary(text); ok {
			o.binaries = append(o.binaries, base64.StdEncoding.EncodeToString(b))
		}
	default:
		var b bool
		if b, ok = policy.ParseBool(text); ok {
			o.trueOrNot[index(b)] = true
		}
	}
	return ok
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (o *Operator) numeric() bool {
	return policy.NumericEquals <= o.test && o.test <= policy.NumericGreaterThanEquals
}

func (o *Operator) date() bool {
	return policy.DateEquals <= o.test && o.test <= policy.DateGreaterThanEquals
}

func (o *Operator) address() bool {
	return o.test == policy.IPAddress || o.test == policy.NotIPAddress
}

// Unreadable tells whether a policy value is not of the operator's type.
func (o *Operator) Unreadable() bool { return o.unreadable }

// HasBool tells whether a boolean is among the policy values.
func (o *Operator) HasBool(b bool) bool { return o.trueOrNot[index(b)] }

// Match tells whether a policy value matches the value of a request. For a
// negated test that is what must not be. readable is false if the request's
// value is not of the operator's type.
func (o *Operator) Match(text string, r *Reading) (matched, readable bool) {
	switch {
	case o.numeric():
		v := r.read(number, text)
		return v.ok && o.anyNumber(v.number), v.ok
	case o.date():
		v := r.read(date, text)
		return v.ok && o.anyDate(v.date), v.ok
	case o.address():
		v := r.read(address, text)
		return v.ok && o.anyPrefix(v.prefix), v.ok
	case o.test == policy.BinaryEquals:
		return o.anyBinary(text), true
	default:
		b, ok := policy.ParseBool(text)
		return ok && o.trueOrNot[index(b)], ok
	}
}

// MatchClock is Match with the reading of a clock, for the tests that can read
// it: those of dates, and those of numbers where seconds is true. read is false
// for the others.
func (o *Operator) MatchClock(now time.Time, seconds bool) (matched, read bool) {
	switch {
	case o.date():
		return o.anyDate(now), true
	case o.numeric() && seconds:
		return anyOf(o, o.numbers, func(p policy.Number) int { return -p.CompareInt(now.Unix()) }), true
	}
	return false, false
}

// holds tells what the order of request value and policy value means to a test
// that is not of equality.
func (o *Operator) holds(order int) bool {
	switch o.test {
	case policy.NumericLessThan, policy.DateLessThan:
		return order < 0
	case policy.NumericLessThanEquals, policy.DateLessThanEquals:
		return order <= 0
	case policy.NumericGreaterThan, policy.DateGreaterThan:
		return order > 0
	default:
		return order >= 0
	}
}

func (o *Operator) anyNumber(n policy.Number) bool {
	return anyOf(o, o.numbers, func(p policy.Number) int { return n.Compare(p) })
}

func (o *Operator) anyDate(d time.Time) bool {
	return anyOf(o, o.dates, func(p time.Time) int { return d.Compare(p) })
}

// anyOf tells whether one of the policy values holds. compare is the order of
// the request's value and one of them.
func anyOf[T any](o *Operator, sorted []T, compare func(T) int) bool {
	if len(sorted) == 0 {
		return false
	}
	switch o.test {
	case policy.NumericLessThan, policy.NumericLessThanEquals, policy.DateLessThan, policy.DateLessThanEquals:
		return o.holds(compare(sorted[len(sorted)-1]))
	case policy.NumericGreaterThan, policy.NumericGreaterThanEquals, policy.DateGreaterThan, policy.DateGreaterThanEquals:
		return o.holds(compare(sorted[0]))
	}
	_, found := slices.BinarySearchFunc(sorted, 0, func(p T, _ int) int { return -compare(p) })
	return found
}

// anyPrefix tells whether a range holds the request's address or range.
func (o *Operator) anyPrefix(r netip.Prefix) bool {
	i, found := slices.BinarySearchFunc(o.prefixes, r, func(p, r netip.Prefix) int { return p.Addr().Compare(r.Addr()) })
	if !found {
		i--
	}
	return i >= 0 && holdsPrefix(o.prefixes[i], r)
}

// anyBinary compares the request's value without decoding all of it: in the
// last four characters alone there can be bits that stand for nothing. What is
// equal to base64 is base64. Since no test of binaries is negated, a value that
// cannot be read is as good as one that does not match.
func (o *Operator) anyBinary(text string) bool {
	if len(text) < 4 {
		return text == "" && len(o.binaries) > 0 && o.binaries[0] == ""
	}
	rest := len(text) - 4
	i, found := slices.BinarySearchFunc(o.binaries, text[:rest], func(p, begin string) int {
		if d := len(p) - len(text); d != 0 {
			return d
		}
		return strings.Compare(p[:rest], begin)
	})
	if !found {
		return false
	}
	last, ok := lastBinary(text[rest:])
	for ; ok && i < len(o.binaries) && len(o.binaries[i]) == len(text) && o.binaries[i][:rest] == text[:rest]; i++ {
		if o.binaries[i][rest:] == string(last[:]) {
			return true
		}
	}
	return false
}

// lastBinary is what the last four characters of base64 are without the bits
// that stand for nothing.
func lastBinary(text string) (four [4]byte, ok bool) {
	if strings.ContainsAny(text, "\r\n") {
		return four, false
	}
	var plain [3]byte
	copy(four[:], text)
	n, err := base64.StdEncoding.Decode(plain[:], four[:])
	if err != nil {
		return four, false
	}
	base64.StdEncoding.Encode(four[:], plain[:n])
	return four, true
}
