package authz

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// mostLayers bounds the layers of a decision that has a key: five and the
// levels of the organization.
const mostLayers = 24

// fixedLayers are the layers without those of the organization.
const fixedLayers = 5

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
// ok is false if the decision cannot be remembered, because a statement reads the
// clock in another way, as text, or because there are more levels of an
// organization than AWS has.
//
// The identity of a Policies is its own, and so is that of a caller that is prepared
// (see Caller.Prepare): no other that the process makes has the same, even if it holds
// the same documents. A key says nothing outside of the
// process.
func AppendKey(dst []byte, c *Caller, r *Request, a *Access) (key []byte, ok bool) {
	var l layerSets
	if !l.collect(c, r, a) {
		return dst, false
	}
	dst = appendIdentity(dst, c, r, a)
	e := environment{caller: c, request: r, access: a}
	var w written
	for _, set := range l.sets[:l.count] {
		for i := range set.reads {
			if l.count == 1 || w.wants(&set.reads[i]) {
				dst = set.reads[i].append(dst, &e)
			}
		}
	}
	return dst, true
}

// layerSets is what those statements read whose action elements match, for each
// layer of which some read anything.
type layerSets struct {
	count int
	sets  [mostLayers]*readSet
}

// collect collects the sets. ok is false if the decision has no key.
func (l *layerSets) collect(c *Caller, r *Request, a *Access) (ok bool) {
	hash := key.Hash(a.Action)
	if fixedLayers+len(a.RCP) > mostLayers || !l.collectCaller(c, a, hash) {
		return false
	}
	ok = l.add(r.Endpoint, a, hash) && l.add(a.Policy, a, hash)
	for i := 0; ok && i < len(a.RCP); i++ {
		ok = l.add(a.RCP[i], a, hash)
	}
	return ok
}

// collectCaller collects those of the caller's own layers.
func (l *layerSets) collectCaller(c *Caller, a *Access, hash uint32) (ok bool) {
	if c.ready() && !c.prepared.several {
		return c.prepared.reads == nil || l.addReads(c.prepared.reads, a, hash)
	}
	if fixedLayers+len(c.SCP)+len(a.RCP) > mostLayers {
		return false
	}
	ok = l.add(c.Identity, a, hash) && l.add(c.Boundary, a, hash) && l.add(c.Session, a, hash)
	for i := 0; ok && i < len(c.SCP); i++ {
		ok = l.add(c.SCP[i], a, hash)
	}
	return ok
}

// add adds the set of a layer, if it reads anything. ok is false if it reads the
// clock as text.
func (l *layerSets) add(p *Policies, a *Access, hash uint32) (ok bool) {
	return p == nil || p.reads == nil || l.addReads(p.reads, a, hash)
}

func (l *layerSets) addReads(r *layerReads, a *Access, hash uint32) (ok bool) {
	set := r.of(a.Action, hash)
	l.sets[l.count] = set
	l.count++
	return !set.clock
}

// written are the reads that a key has already, by the hashes of their names. It
// may have forgotten some.
type written [8]*read

// wants tells whether a read says more than what is written of its key.
func (w *written) wants(r *read) bool {
	slot := &w[r.key.Hash%uint32(len(w))]
	if was := *slot; was != nil && was.name == r.name {
		if was.whole || !r.whole && len(r.numbers)+len(r.dates) == 0 {
			return false
		}
	}
	*slot = r
	return true
}

// numbered stands in a key where others have the type of the caller, which is less.
const numbered = 0xff

// appendIdentity appends what principals, actions and resources are compared
// with, and which policies are attached. The number of a prepared caller stands for
// all that the caller is.
func appendIdentity(key []byte, c *Caller, r *Request, a *Access) []byte {
	if c.ready() {
		key = binary.AppendUvarint(append(key, numbered), c.prepared.number) // whole, where an int has 32 bits too
	} else {
		key = c.appendIdentity(key)
	}
	key = append(key, byte(a.Kind))
	key = appendNumber(key, len(a.RCP))
	key = appendText(key, a.Action)
	key = appendText(key, a.Resource)
	key = appendText(key, a.Account)
	key = r.Endpoint.appendIdentity(key)
	key = a.Policy.appendIdentity(key)
	for _, p := range a.RCP {
		key = p.appendIdentity(key)
	}
	return key
}

// appendIdentity appends what the caller is, and which policies are attached to it.
func (c *Caller) appendIdentity(key []byte) []byte {
	key = append(key, byte(c.Type))
	key = appendNumber(key, len(c.SCP))
	key = appendText(key, c.Account)
	key = appendText(key, c.ARN)
	key = appendText(key, c.ParentARN)
	key = appendText(key, c.ID)
	key = appendText(key, c.ParentID)
	key = appendText(key, c.CanonicalID)
	key = appendText(key, c.Provider)
	for _, p := range [...]*Policies{c.Identity, c.Boundary, c.Session} {
		key = p.appendIdentity(key)
	}
	for _, p := range c.SCP {
		key = p.appendIdentity(key)
	}
	return key
}

func appendNumber(key []byte, n int) []byte { return binary.AppendUvarint(key, uint64(n)) }

func appendText(key []byte, s string) []byte { return append(appendNumber(key, len(s)), s...) }

// appendIdentity appends the number of the policies: 0 for nil, 1 for the zero
// value.
func (p *Policies) appendIdentity(key []byte) []byte {
	if p == nil {
		return append(key, 0)
	}
	return binary.AppendUvarint(key, p.identity+1)
}

// What a request has of a condition key.
const (
	keyAbsent byte = iota
	keySingle
	keyList
	keyUnusable
	keyUnread
)

// append appends what the statements can learn of a key that they read.
func (r *read) append(key []byte, e *environment) []byte {
	v, c, family := e.find(&r.key)
	switch {
	case family != "":
		return appendText(append(key, keyUnread), family)
	case c != noClock:
		return r.appendClock(append(key, keySingle), e, c)
	case v == nil:
		return append(key, keyAbsent)
	case !v.Usable():
		return append(key, keyUnusable)
	case v.multiple():
		key = appendNumber(append(key, keyList), len(v.other.list))
		for _, text := range v.other.list {
			key = appendText(key, text)
		}
		return key
	case r.whole:
		return appendText(append(key, keySingle), v.text)
	default:
		return r.appendRanks(append(key, keySingle), v.text)
	}
}

// appendRanks appends the place of a value among the thresholds.
func (r *read) appendRanks(key []byte, text string) []byte {
	if len(r.numbers) > 0 {
		n, ok := policy.ParseNumber(text)
		at, equal := slices.BinarySearchFunc(r.numbers, n, policy.Number.Compare)
		key = appendNumber(key, rank(at, equal, ok))
	}
	if len(r.dates) > 0 {
		d, ok := policy.ParseDate(text)
		at, equal := slices.BinarySearchFunc(r.dates, d, time.Time.Compare)
		key = appendNumber(key, rank(at, equal, ok))
	}
	return key
}

// appendClock is appendRanks for the clock: aws:EpochTime is a number, which
// aws:CurrentTime is not, and both are dates.
func (r *read) appendClock(key []byte, e *environment, c clock) []byte {
	if len(r.numbers) > 0 {
		at, equal := slices.BinarySearchFunc(r.numbers, e.now().Unix(), policy.Number.CompareInt)
		key = appendNumber(key, rank(at, equal, c == epochTime))
	}
	if len(r.dates) > 0 {
		at, equal := slices.BinarySearchFunc(r.dates, e.now(), time.Time.Compare)
		key = appendNumber(key, rank(at, equal, true))
	}
	return key
}

// rank is 0 for what is not of the thresholds' type, and else rises with every
// threshold that is reached or passed.
func rank(at int, equal, readable bool) int {
	switch {
	case !readable:
		return 0
	case equal:
		return 2*at + 2
	default:
		return 2*at + 1
	}
}
