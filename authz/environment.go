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
	notes   *notes
	// optimistic takes every Allow that may apply for one that does.
	optimistic bool
}

// notes are what a decision keeps on its way. They are not part of the
// environment: what is kept there would drag what the environment points to,
// which is the caller's own, to the heap.
type notes struct {
	reading operator.Reading
	// places are of the resource and of the values of condition keys.
	places pattern.Places
	// family is the first family of unread keys that makes the statement at hand
	// a maybe, unread the first one that makes any candidate one.
	family, unread string
	// work is about how many nanoseconds the decision took so far.
	work int
}

// maybe notes the family that a verdict depends on.
func (e *environment) maybe(family string) verdict {
	e.notes.family = earlier(e.notes.family, family)
	return maybe
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

// find finds a condition key. v is nil if it is absent; if it is unread, and
// family says by which family; and if it is one of the clock's, the value of
// which is not written out: most operators compare it as it is.
func (e *environment) find(k *key.Key) (v *Value, c clock, family string) {
	for _, keys := range [...]*Context{&e.access.Keys, &e.request.Keys, &e.caller.Keys} {
		if v = keys.find(k.Name, k.Hash); v != nil {
			if v.multiple() && len(v.other.list) == 0 {
				return nil, noClock, ""
			}
			return v, noClock, ""
		}
		if len(keys.unread) > 0 {
			if family = keys.Unread(k.Name); family != "" {
				return nil, noClock, family
			}
		}
	}
	if !e.request.Now.IsZero() {
		switch k.Name {
		case currentTimeKey:
			return nil, currentTime, ""
		case epochTimeKey:
			return nil, epochTime, ""
		}
	}
	return nil, noClock, ""
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

// usualVariables is how many variables a pattern has at most, as a rule.
const usualVariables = 4

// resolve appends the values of policy variables, and which of them are unread.
// family is the first of their families; ok is false if a variable has no value.
func (e *environment) resolve(variables []pattern.Variable, values []string, unread []bool) (_ []string, _ []bool, family string, ok bool) {
	for i := range variables {
		text, f, ok := e.variable(&variables[i])
		if !ok {
			return nil, nil, "", false
		}
		values, unread = append(values, text), append(unread, f != "")
		family = earlier(family, f)
	}
	return values, unread, family, true
}

// variable is the text of a policy variable: of a single-valued key alone.
func (e *environment) variable(v *pattern.Variable) (text, family string, ok bool) {
	value, c, family := e.find(&v.Key)
	switch {
	case c != noClock:
		return e.clockText(c), "", true
	case v.Key.Multivalued && (value != nil || family != "" && !v.HasDefault):
		return "", "", false
	case family != "":
		return "", family, true
	case value == nil:
		return v.Default, "", v.HasDefault
	}
	text, ok = value.Single()
	return text, "", ok
}
