package authz

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// environment is what one decision reads.
type environment struct {
	caller  *Caller
	request *Request
	access  *Access
	action  index.Action
}

// The keys that follow from the clock of the request.
const (
	currentTimeKey = "aws:currenttime"
	epochTimeKey   = "aws:epochtime"
)

// clock tells which of the clock's keys a value is.
type clock uint8

const (
	noClock clock = iota
	currentTime
	epochTime
)

// lookup finds a condition key. The value of a clock's key is not written out:
// most operators compare it as it is.
func (e *environment) lookup(key string) (v Value, c clock, ok bool) {
	if v, ok = e.access.Keys.Lookup(key); !ok {
		if v, ok = e.request.Keys.Lookup(key); !ok {
			v, ok = e.caller.Keys.Lookup(key)
		}
	}
	if !ok && !e.request.Now.IsZero() {
		switch key {
		case currentTimeKey:
			return Value{}, currentTime, true
		case epochTimeKey:
			return Value{}, epochTime, true
		}
	}
	if v.multiple && len(v.list) == 0 {
		return Value{}, noClock, false
	}
	return v, noClock, ok
}

// now is the instant of the clock's keys, which count whole seconds.
func (e *environment) now() time.Time { return time.Unix(e.request.Now.Unix(), 0) }

// clockText writes out a value of the clock.
func (e *environment) clockText(c clock) string {
	if c == epochTime {
		return strconv.FormatInt(e.request.Now.Unix(), 10)
	}
	return e.now().UTC().Format(time.RFC3339)
}

// resolve appends the values of policy variables. ok is false if one has none.
func (e *environment) resolve(variables []pattern.Variable, values []string) (_ []string, ok bool) {
	for i := range variables {
		text, ok := e.variable(&variables[i])
		if !ok {
			return nil, false
		}
		values = append(values, text)
	}
	return values, true
}

// variable is the text of a policy variable: of a single-valued key alone.
func (e *environment) variable(v *pattern.Variable) (text string, ok bool) {
	value, c, found := e.lookup(v.Key)
	switch {
	case !found:
		return v.Default, v.HasDefault
	case c != noClock:
		return e.clockText(c), true
	case policy.KeyCardinality(v.Key) == policy.Multivalued:
		return "", false
	}
	return value.Single()
}
