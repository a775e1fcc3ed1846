// Package operator compares single values as the typed condition operators do:
// numbers, dates, booleans, addresses and binary. Policy values are read once.
package operator

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Operator is an operator with its policy values, any of which may match.
type Operator struct {
	test       policy.Test
	numbers    []policy.Number
	dates      []time.Time
	prefixes   []netip.Prefix
	binaries   []string
	trueOrNot  [2]bool // which booleans are among the values
	unreadable bool
}

// New compiles the values of a test that has no variables.
func New(test policy.Test, values []policy.Value) Operator {
	o := Operator{test: test}
	for _, v := range values {
		if !o.add(v.Text) {
			o.unreadable = true
		}
	}
	return o
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
func (o *Operator) Match(text string) (matched, readable bool) {
	switch {
	case o.numeric():
		n, ok := policy.ParseNumber(text)
		return ok && o.anyNumber(n), ok
	case o.date():
		d, ok := policy.ParseDate(text)
		return ok && o.anyDate(d), ok
	case o.address():
		p, ok := policy.ParsePrefix(text)
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
		for _, p := range o.numbers {
			if o.holds(-p.CompareInt(now.Unix())) {
				return true, true
			}
		}
		return false, true
	}
	return false, false
}

// holds tells what the order of request value and policy value means.
func (o *Operator) holds(order int) bool {
	switch o.test {
	case policy.NumericLessThan, policy.DateLessThan:
		return order < 0
	case policy.NumericLessThanEquals, policy.DateLessThanEquals:
		return order <= 0
	case policy.NumericGreaterThan, policy.DateGreaterThan:
		return order > 0
	case policy.NumericGreaterThanEquals, policy.DateGreaterThanEquals:
		return order >= 0
	default:
		return order == 0
	}
}

func (o *Operator) anyNumber(n policy.Number) bool {
	for _, p := range o.numbers {
		if o.holds(n.Compare(p)) {
			return true
		}
	}
	return false
}

func (o *Operator) anyDate(d time.Time) bool {
	for _, p := range o.dates {
		if o.holds(d.Compare(p)) {
			return true
		}
	}
	return false
}

// anyPrefix tells whether a range holds the request's address or range.
func (o *Operator) anyPrefix(r netip.Prefix) bool {
	for _, p := range o.prefixes {
		if p.Bits() <= r.Bits() && p.Contains(r.Addr()) {
			return true
		}
	}
	return false
}

// anyBinary decodes the request's value four characters at a time, so that it
// needs no memory.
func (o *Operator) anyBinary(text string) (matched, readable bool) {
	for _, p := range o.binaries {
		equal, ok := equalBinary(text, p)
		if !ok {
			return false, false
		}
		matched = matched || equal
	}
	if len(o.binaries) == 0 {
		_, readable = equalBinary(text, "")
		return false, readable
	}
	return matched, true
}

func equalBinary(text, want string) (equal, ok bool) {
	equal = true
	for text != "" {
		if len(text) < 4 || strings.ContainsAny(text[:4], "\r\n") {
			return false, false
		}
		var quad [4]byte
		var plain [3]byte
		copy(quad[:], text)
		n, err := base64.StdEncoding.Decode(plain[:], quad[:])
		if text = text[4:]; err != nil || n < len(plain) && text != "" {
			return false, false
		}
		if len(want) < n || want[:n] != string(plain[:n]) {
			equal = false
			continue
		}
		want = want[n:]
	}
	return equal && want == "", true
}
