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
	prefixes   []netip.Prefix
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

// Reading remembers what the address of a request was read as: as a rule there
// is one, which many statements compare. The zero value remembers nothing.
type Reading struct {
	text   string
	prefix netip.Prefix
	read   bool
}

func (r *Reading) address(text string) (p netip.Prefix, ok bool) {
	if !r.read || r.text != text {
		r.text, r.read = text, true
		r.prefix, _ = policy.ParsePrefix(text)
	}
	return r.prefix, r.prefix.IsValid()
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
			o.binaries = append(o.binaries, string(b))
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
		n, ok := policy.ParseNumber(text)
		return ok && o.anyNumber(n), ok
	case o.date():
		d, ok := policy.ParseDate(text)
		return ok && o.anyDate(d), ok
	case o.address():
		p, ok := r.address(text)
		return ok && o.anyPrefix(p), ok
	case o.test == policy.BinaryEquals:
		return o.anyBinary(text)
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

// anyBinary decodes the request's value four characters at a time, so that it
// needs no memory.
func (o *Operator) anyBinary(text string) (matched, readable bool) {
	if !isBinary(text) {
		return false, false
	}
	for _, p := range o.binaries {
		if equalBinary(text, p) {
			return true, true
		}
	}
	return false, true
}

// isBinary tells whether a text is base64.
func isBinary(text string) bool {
	for ; text != ""; text = text[4:] {
		if _, n, ok := quad(text); !ok || n < 3 && len(text) > 4 {
			return false
		}
	}
	return true
}

// quad decodes the first four characters of a text to n bytes.
func quad(text string) (plain [3]byte, n int, ok bool) {
	if len(text) < 4 || strings.ContainsAny(text[:4], "\r\n") {
		return plain, 0, false
	}
	var four [4]byte
	copy(four[:], text)
	n, err := base64.StdEncoding.Decode(plain[:], four[:])
	return plain, n, err == nil
}

// equalBinary compares base64 with what it is to stand for.
func equalBinary(text, want string) bool {
	for ; text != ""; text = text[4:] {
		plain, n, _ := quad(text)
		if len(want) < n || want[:n] != string(plain[:n]) {
			return false
		}
		want = want[n:]
	}
	return want == ""
}
