package authz

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/internal/operator"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
)

// environment is what one decision reads.
type environment struct {
	caller  *Caller
	request *Request
	access  *Access
	action  index.Action
	reading operator.Reading
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

// find finds a condition key. The value of a clock's key is not written out:
// most operators compare it as it is. v is nil then, and if there is no value.
func (e *environment) find(k *key.Key) (v *Value, c clock) {
	if v = e.access.Keys.find(k.Name, k.Hash); v == nil {
		if v = e.request.Keys.find(k.Name, k.Hash); v == nil {
			v = e.caller.Keys.find(k.Name, k.Hash)
		}
	}
	if v == nil && !e.request.Now.IsZero() {
		switch k.Name {
		case currentTimeKey:
			return nil, currentTime
		case epochTimeKey:
			return nil, epochTime
		}
	}
	if v != nil && v.multiple && len(v.list) == 0 {
		return nil, noClock
	}
	return v, noClock
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
	value, c := e.find(&v.Key)
	switch {
	case c != noClock:
		return e.clockText(c), true
	case value == nil:
		return v.Default, v.HasDefault
	case v.Key.Multivalued:
		return "", false
	}
	return value.Single()
}
