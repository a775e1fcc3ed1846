package session

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/action"
)

// payload is all that a token says of its session. What the session may do is not
// in it: that follows from the snapshot in force.
type payload struct {
	kind        Kind
	accessKeyID string
	// account is that of the role or the user, id its unique id, name the name of
	// the session or of the federated user.
	account, id, name string
	// issued and expires count seconds since 1970.
	issued, expires int64
	// mfa is when a second factor was shown; 0 if none was.
	mfa int64
	// provider is the ARN of the provider whose token the session is of, kept are
	// the condition keys that stay.
	provider string
	kept     []Key
	// tags are the session tags with those that were inherited, transitive the keys
	// of those that go on, as the tags have them.
	tags           []action.Tag
	transitive     []string
	sourceIdentity string
	// policy is the inline session policy, policyARNs are the managed ones.
	policy     string
	policyARNs []string
	// parentKeyID and parentID are the long-term access key at the beginning of the
	// chain and the unique id of its user; empty if there was none.
	parentKeyID, parentID string
}

const (
	// maxPayload bounds a payload, in bytes, before it is packed.
	maxPayload = 32 << 10
	// maxListed bounds the elements of each of its lists.
	maxListed = 512
	// maxTime is the last second of the year 9999.
	maxTime = 253402300799
)

var errPayload = errors.New("the payload of the token is malformed")

// append writes the payload: every text and list behind its length.
func (p *payload) append(b []byte) []byte {
	b = append(b, byte(p.kind))
	for _, t := range p.texts() {
		b = appendText(b, *t)
	}
	for _, n := range p.times() {
		b = binary.AppendUvarint(b, uint64(*n))
	}
	b = appendTexts(b, p.transitive)
	b = appendTexts(b, p.policyARNs)
	b = binary.AppendUvarint(b, uint64(len(p.tags)))
	for _, t := range p.tags {
		b = appendText(appendText(b, t.Key), t.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(p.kept)))
	for _, k := range p.kept {
		b = appendText(b, k.Name)
		if k.List {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = appendTexts(b, k.Values)
	}
	return b
}

// texts and times are the fields in the order in which they are written.
func (p *payload) texts() [9]*string {
	return [...]*string{&p.accessKeyID, &p.account, &p.id, &p.name, &p.provider, &p.sourceIdentity, &p.policy, &p.parentKeyID, &p.parentID}
}

func (p *payload) times() [3]*int64 { return [...]*int64{&p.issued, &p.expires, &p.mfa} }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// parsePayload reads what append wrote, and nothing else: there is one way to
// write a payload.
func parsePayload(b []byte) (*payload, error) {
	if len(b) > maxPayload {
		return nil, errPayload
	}
	r := &payloadReader{rest: string(b)}
	p := &payload{kind: Kind(r.byte())}
	for _, t := range p.texts() {
		*t = r.text()
	}
	for _, n := range p.times() {
		*n = r.time()
	}
	p.transitive = r.texts()
	p.policyARNs = r.texts()
	for range r.count() {
		p.tags = append(p.tags, action.Tag{Key: r.text(), Value: r.text()})
	}
	for range r.count() {
		k := Key{Name: r.text()}
		list := r.byte()
		k.List, k.Values = list == 1, r.texts()
		r.check(list <= 1 && (k.List || len(k.Values) == 1))
		p.kept = append(p.kept, k)
	}
	r.check(r.rest == "" && p.isSound())
	if r.failed {
		return nil, errPayload
	}
	return p, nil
}

// isSound tells whether the fields fit each other.
func (p *payload) isSound() bool {
	switch {
	case p.kind < AssumedRole || p.kind > Certificate:
		return false
	case p.accessKeyID == "" || p.account == "" || p.id == "":
		return false
	case (p.name == "") != (p.kind == User):
		return false
	case p.issued >= p.expires:
		return false
	case (p.provider != "") != (p.kind == WebIdentity || p.kind == SAML):
		return false
	case p.mfa != 0 && p.kind != User:
		return false
	}
	for _, key := range p.transitive {
		if !slices.ContainsFunc(p.tags, func(t action.Tag) bool { return t.Key == key }) {
			return false
		}
	}
	return true
}

func (p *payload) expiresAt() time.Time { return time.Unix(p.expires, 0).UTC() }

// payloadReader reads a payload; after the first failure everything is empty.
type payloadReader struct {
	rest   string
	failed bool
}

func (r *payloadReader) check(ok bool) {
	if !ok {
		r.rest, r.failed = "", true
	}
}

func (r *payloadReader) byte() byte {
	if r.rest == "" {
		r.check(false)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// number reads a number in its shortest form.
func (r *payloadReader) number() uint64 {
	var n uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if r.failed || shift > 56 || b == 0 && shift > 0 {
			r.check(false)
			return 0
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (r *payloadReader) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.check(false)
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	r.check(utf8.ValidString(s))
	return s
}

func (r *payloadReader) time() int64 {
	n := r.number()
	if n > maxTime {
		r.check(false)
		return 0
	}
	return int64(n)
}

func (r *payloadReader) count() int {
	n := r.number()
	if n > maxListed {
		r.check(false)
		return 0
	}
	return int(n)
}

func (r *payloadReader) texts() []string {
	var list []string
	for range r.count() {
		if r.failed {
			return nil
		}
		list = append(list, r.text())
	}
	return list
}
