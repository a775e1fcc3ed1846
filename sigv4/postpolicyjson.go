package sigv4

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// parsePostPolicy reads a POST policy: an object with expiration and
// conditions, each once and nothing else, three levels deep at most. Its size is
// bounded by that of the form.
func parsePostPolicy(text []byte) (*postPolicy, *wire.Refusal) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errPolicyDocument("Invalid JSON.")
	}
	d := policyTokens{json.NewDecoder(bytes.NewReader(text))}
	d.UseNumber()
	if d.next() != json.Delim('{') {
		return nil, errPolicyDocument("a policy must be an Object.")
	}
	p := &postPolicy{}
	var expiration, conditions bool
	for d.More() {
		var refusal *wire.Refusal
		switch name := d.next(); {
		case name == "expiration" && !expiration:
			expiration = true
			p.expiration, refusal = d.expiration()
		case name == "conditions" && !conditions:
			conditions = true
			p.conditions, refusal = d.conditions()
		case name == "expiration", name == "conditions":
			refusal = errPolicyDocument("'" + name.(string) + "' is there twice, again before byte " + strconv.FormatInt(d.InputOffset(), 10) + ".")
		default:
			name, _ := name.(string)
			refusal = errPolicyDocument("Unexpected: '" + name + "'")
		}
		if refusal != nil {
			return nil, refusal
		}
	}
	switch {
	case !expiration:
		return nil, errPolicyDocument("Policy missing expiration.")
	case !conditions:
		return nil, errPolicyDocument("Policy missing conditions.")
	}
	return p, nil
}

// policyTokens are the tokens of a text that is known to be JSON.
type policyTokens struct{ *json.Decoder }

// next returns the next token; nil is null, and what no other token is.
func (d policyTokens) next() json.Token {
	t, err := d.Token()
	if err != nil {
		return nil
	}
	return t
}

// isPlain tells that a string was decoded without loss: a lone surrogate has
// become U+FFFD, which no policy needs.
func isPlain(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

// expiration reads ISO 8601 as Amazon S3 does: UTC as Z, seconds, and maybe a
// fraction of up to nine digits.
func (d policyTokens) expiration() (time.Time, *wire.Refusal) {
	const layout = "2006-01-02T15:04:05Z"
	value, _ := d.next().(string)
	whole, fraction, found := strings.Cut(strings.TrimSuffix(value, "Z"), ".")
	if len(whole) == len(layout)-1 && strings.HasSuffix(value, "Z") && found == (fraction != "") && len(fraction) <= 9 && areDigits(fraction) {
		if t, err := time.Parse(layout, whole+"Z"); err == nil {
			nanoseconds := number((fraction + "000000000")[:9])
			return t.Add(time.Duration(nanoseconds)), nil
		}
	}
	return time.Time{}, errPolicyDocument("Invalid 'expiration' value: '" + value + "'")
}

// conditions reads the list of conditions, which are objects or lists.
func (d policyTokens) conditions() ([]postCondition, *wire.Refusal) {
	if d.next() != json.Delim('[') {
		return nil, errPolicyDocument("Invalid 'conditions' value: must be a List.")
	}
	var all []postCondition
	for d.More() {
		var c postCondition
		var refusal *wire.Refusal
		switch d.next() {
		case json.Delim('{'):
			c, refusal = d.simple()
		case json.Delim('['):
			c, refusal = d.list()
		default:
			refusal = errPolicyDocument("Invalid condition test: must be a List or Object.")
		}
		if refusal != nil {
			return nil, refusal
		}
		all = append(all, c)
	}
	d.next() // the end of the list
	return all, nil
}

// simple reads {"field": "value"}.
func (d policyTokens) simple() (postCondition, *wire.Refusal) {
	const one = "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
	if !d.More() {
		return postCondition{}, errPolicyDocument(one)
	}
	name, _ := d.next().(string)
	value := d.next()
	text, ok := value.(string)
	switch {
	case value == nil, !isPlain(name), !isPlain(text):
		return postCondition{}, errPolicyDocument("Invalid JSON.")
	case !ok:
		return postCondition{}, errPolicyDocument("Invalid Simple-Condition: value must be a string.")
	case d.More():
		return postCondition{}, errPolicyDocument(one)
	}
	d.next() // the end of the object
	return postCondition{operator: postEquals, items: []string{"eq", "$" + name, text}, field: lowerASCII(name)}, nil
}

// list reads [operator, argument, argument].
func (d policyTokens) list() (postCondition, *wire.Refusal) {
	var c postCondition
	numbers := 0
	for d.More() {
		switch item := d.next().(type) {
		case string:
			if !isPlain(item) {
				return c, errPolicyDocument("Invalid JSON.")
			}
			c.items = append(c.items, item)
		case json.Number:
			// Only the bounds of a range are numbers, and whole ones.
			if numbers++; !areDigits(item.String()) || len(c.items) == 0 || lowerASCII(c.items[0]) != "content-length-range" {
				return c, errPolicyDocument("Invalid JSON.")
			}
			c.items = append(c.items, item.String())
		default:
			return c, errPolicyDocument("Invalid JSON.")
		}
	}
	d.next() // the end of the list
	if len(c.items) == 0 {
		return c, errPolicyDocument("Invalid Condition: missing operation identifier.")
	}
	operation := lowerASCII(c.items[0])
	switch operation {
	case "eq":
		c.operator = postEquals
	case "starts-with":
		c.operator = postStartsWith
	case "content-length-range":
		c.operator = postLengthRange
	default:
		return c, errPolicyDocument("Invalid Condition: unknown operation '" + c.items[0] + "'.")
	}
	if len(c.items) != 3 {
		return c, errPolicyDocument("Invalid " + operation + ": wrong number of arguments.")
	}
	if c.operator == postLengthRange {
		c.least, c.most = 1, 0
		least, ok1 := sizeOf(c.items[1])
		most, ok2 := sizeOf(c.items[2])
		if ok1 && ok2 {
			c.least, c.most = least, most
		}
		return c, nil
	}
	if name, ok := strings.CutPrefix(c.items[1], "$"); ok {
		c.field = lowerASCII(name)
	}
	return c, nil
}

// sizeOf reads a bound, which may be a number or its text.
func sizeOf(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && areDigits(s)
}
