package authz

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// mostLayers bounds the layers of a decision that has a key: five and the
// levels of the organization.
const mostLayers = 24

// AppendKey appends to dst all that the decision about an access depends on:
// two accesses with equal keys are decided alike, with the same statement. It
// is for those who remember decisions.
//
// Beside who asks for what on which resource, and the identity of the policies
// attached, that is the values of the condition keys that the statements read
// whose action elements match, and of no others. Every field tells its length;
// that a key is absent, has one value, or has a list are three things. Of a key
// that follows from the clock (aws:CurrentTime, aws:EpochTime,
// aws:MultiFactorAuthAge, s3:signatureAge) the value is not in it, but its place
// among the values that numeric and date operators compare it with: so that what
// is remembered stays true for as long as the clock is between two of them.
//
// ok is false if the decision should not be remembered: because a statement
// reads the clock in another way, as text; or because there is less to evaluate
// than least, so that to evaluate is cheaper than to look up. A condition counts
// 3, and each of its values 1. For most callers that is known from what is
// attached to them, whatever the action.
//
// The identity of a Policies is its own: no other that the process makes has the
// same, even if it holds the same documents. A key says nothing outside of the
// process.
func AppendKey(dst []byte, least int, c *Caller, r *Request, a *Access) (key []byte, ok bool) {
	var buffer [mostLayers]*Policies
	layers := append(buffer[:0], c.Identity, c.Boundary, c.Session, r.Endpoint, a.Policy)
	if len(layers)+len(c.SCP)+len(a.RCP) > mostLayers {
		return dst, false
	}
	layers = append(layers, c.SCP...)
	layers = append(layers, a.RCP...)
	weight := 0
	for _, p := range layers {
		if p != nil && p.reads != nil {
			weight += p.reads.heaviest
		}
	}
	if weight < least {
		return dst, false
	}
	var sets [mostLayers]*readSet
	weight = 0
	for i, p := range layers {
		if p != nil && p.reads != nil {
			sets[i] = p.reads.of(a.Action)
			if sets[i].clock {
				return dst, false
			}
			weight += sets[i].weight
		}
	}
	if weight < least {
		return dst, false
	}
	k := keyWriter{key: dst}
	k.identity(c, a, layers)
	e := environment{caller: c, request: r, access: a}
	for i := range layers {
		if sets[i] == nil {
			continue
		}
		for j := range sets[i].reads {
			k.read(&sets[i].reads[j], &e)
		}
	}
	return k.key, true
}

// keyWriter writes a key.
type keyWriter struct{ key []byte }

func (k *keyWriter) byte(b byte) { k.key = append(k.key, b) }

func (k *keyWriter) number(n int) { k.key = binary.AppendUvarint(k.key, uint64(n)) }

func (k *keyWriter) text(s string) {
	k.number(len(s))
	k.key = append(k.key, s...)
}

// identity writes what principals, actions and resources are compared with, and
// which policies are attached.
func (k *keyWriter) identity(c *Caller, a *Access, layers []*Policies) {
	k.byte(byte(c.Type))
	k.byte(byte(a.Kind))
	k.number(len(c.SCP))
	k.number(len(a.RCP))
	k.text(c.Account)
	k.text(c.ARN)
	k.text(c.ParentARN)
	k.text(c.ID)
	k.text(c.ParentID)
	k.text(c.CanonicalID)
	k.text(c.Provider)
	k.text(a.Action)
	k.text(a.Resource)
	k.text(a.Account)
	for _, p := range layers {
		k.key = binary.LittleEndian.AppendUint64(k.key, p.number())
	}
}

// number identifies the policies: 0 is nil, 1 the zero value.
func (p *Policies) number() uint64 {
	if p == nil {
		return 0
	}
	return p.identity + 1
}

// How a key of the context is in the request.
const (
	keyAbsent byte = iota
	keySingle
	keyList
	keyUnusable
)

// read writes what statements can learn of one key of the context.
func (k *keyWriter) read(r *read, e *environment) {
	v, c, present := e.lookup(r.key)
	switch {
	case !present:
		k.byte(keyAbsent)
	case v.unusable:
		k.byte(keyUnusable)
	case v.multiple:
		k.byte(keyList)
		k.number(len(v.list))
		for _, text := range v.list {
			k.text(text)
		}
	case r.whole:
		k.byte(keySingle)
		k.text(v.text)
	case c != noClock:
		k.byte(keySingle)
		k.clock(r, e, c)
	default:
		k.byte(keySingle)
		k.ranks(r, v.text)
	}
}

// ranks writes the place of a value among the thresholds.
func (k *keyWriter) ranks(r *read, text string) {
	if len(r.numbers) > 0 {
		n, ok := policy.ParseNumber(text)
		at, equal := slices.BinarySearchFunc(r.numbers, n, policy.Number.Compare)
		k.rank(at, equal, ok)
	}
	if len(r.dates) > 0 {
		d, ok := policy.ParseDate(text)
		at, equal := slices.BinarySearchFunc(r.dates, d, time.Time.Compare)
		k.rank(at, equal, ok)
	}
}

// clock is ranks for the clock: aws:EpochTime is a number, which
// aws:CurrentTime is not, and both are dates.
func (k *keyWriter) clock(r *read, e *environment, c clock) {
	if len(r.numbers) > 0 {
		at, equal := slices.BinarySearchFunc(r.numbers, e.now().Unix(), policy.Number.CompareInt)
		k.rank(at, equal, c == epochTime)
	}
	if len(r.dates) > 0 {
		at, equal := slices.BinarySearchFunc(r.dates, e.now(), time.Time.Compare)
		k.rank(at, equal, true)
	}
}

// rank writes 0 for what is not of the thresholds' type, and else a number that
// rises with every threshold that is reached or passed.
func (k *keyWriter) rank(at int, equal, readable bool) {
	switch {
	case !readable:
		k.number(0)
	case equal:
		k.number(2*at + 2)
	default:
		k.number(2*at + 1)
	}
}
