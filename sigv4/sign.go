package sigv4

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/wire"
)

// Credentials are what a request is signed with.
type Credentials struct {
	AccessKeyID string
	// SecretAccessKey is the secret; SessionToken goes with temporary
	// credentials and is empty otherwise.
	SecretAccessKey, SessionToken secret.Value
}

// Signer signs requests for the next hop. It remembers a bounded number of
// derived signing keys.
type Signer struct {
	keys *keyCache
	// last is the last timestamp: that of many requests.
	last atomic.Pointer[timestamp]
}

// timestamp is a second and its text.
type timestamp struct {
	second int64
	text   string
}

const signerKeyEntries = 256

// NewSigner makes a Signer.
func NewSigner() *Signer { return &Signer{keys: newKeyCache(signerKeyEntries)} }

// Sign puts a header signature on the request as it will go out: nothing is
// sorted or encoded on the wire. What is signed is the canonical form: for
// Amazon S3 the path decoded and encoded again by AWS's rules, as stores
// verify it. It is the path itself where that is encoded so already, as SDKs
// do; one with a raw "+" or a "%7E" goes out as it came all the same. payload
// is the value of x-amz-content-sha256, or for services
// other than Amazon S3 the hash of the body.
//
// It first strips what authenticated the request before and then sets
// authorization, x-amz-date, for Amazon S3 x-amz-content-sha256, and with
// temporary credentials x-amz-security-token. req.Fields is changed in place.
// Signed are the host, all x-amz-* fields, and those that change what a
// request does; fields that load balancers add to or rewrite are not.
func (g *Signer) Sign(req *wire.Request, c Credentials, service, region, payload string, now time.Time) {
	g.sign(req, c, service, region, payload, now)
}

// sign is Sign; it returns what signatures of chunks continue.
func (g *Signer) sign(req *wire.Request, c Credentials, service, region, payload string, now time.Time) seed {
	s := newScratch()
	defer s.release()
	StripAuthentication(req)
	timestamp := g.timestamp(now)
	setFields(req, c, isS3(service), timestamp, payload)

	s.sortFields(req.Fields)
	s.listSigned(req.Fields)
	form := pathAsSent
	if isS3(service) && !isCanonicalPath(req.Path) {
		form = pathReencoded
	}
	s.buildCanonical(req, form, !isS3(service), false, payload)

	key, credential := g.key(s, c, timestamp[:8], region, service)
	out := seed{key: key, timestamp: timestamp, scope: credential[len(c.AccessKeyID)+1:]}
	s.buildToSign(hmacSHA256, timestamp, out.scope)
	b := append(s.canonical[:0], hmacSHA256...)
	b = append(append(b, " Credential="...), credential...)
	b = append(append(b, ", SignedHeaders="...), s.signed...)
	b = append(b, ", Signature="...)
	s.canonical = appendHex(b, s.sign(key))
	copy(out.signature[:], s.canonical[len(b):])
	req.Fields.Add("authorization", wire.TextOf(s.canonical))
	return out
}

// timestamp is a time as text.
func (g *Signer) timestamp(now time.Time) string {
	second := now.Unix()
	last := g.last.Load()
	if last == nil || last.second != second {
		last = &timestamp{second, now.UTC().Format(timestampFormat)}
		g.last.Store(last)
	}
	return last.text
}

// setFields sets the fields of the new authentication but the signature.
func setFields(req *wire.Request, c Credentials, s3 bool, timestamp, payload string) {
	req.Fields.Del("x-amz-content-sha256")
	if cap(req.Fields)-len(req.Fields) < 4 {
		req.Fields = append(make(wire.Fields, 0, len(req.Fields)+4), req.Fields...)
	}
	req.Fields.Add("x-amz-date", timestamp)
	if s3 {
		req.Fields.Add("x-amz-content-sha256", payload)
	}
	if !c.SessionToken.IsEmpty() {
		req.Fields.Add("x-amz-security-token", c.SessionToken.Reveal())
	}
}

// listSigned writes the list of names to sign into s.signed. The fields are
// sorted in s.
func (s *scratch) listSigned(fields wire.Fields) {
	b := s.signed[:0]
	host, previous := false, ""
	for _, at := range s.order {
		name := fields[at].Name
		if name == previous || !signable(name) {
			continue
		}
		previous = name
		if !host && name > "host" {
			host = true
			b = append(b, "host;"...)
		}
		b = append(append(b, name...), ';')
	}
	if !host {
		b = append(b, "host;"...)
	}
	s.signed = b[:len(b)-1]
}

// signable tells whether a field is signed for the next hop.
func signable(name string) bool {
	if strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "if-") {
		return true
	}
	switch name {
	case "cache-control", "content-disposition", "content-encoding", "content-language", "content-md5", "content-type",
		"expires", "range":
		return true
	}
	return false
}

// key returns the signing key and the credential with its scope, remembering
// both.
func (g *Signer) key(s *scratch, c Credentials, date, region, service string) (*signingKey, string) {
	b := append(s.toSign[:0], c.AccessKeyID...)
	b = append(append(b, '/'), date...)
	b = append(append(b, '/'), region...)
	b = append(append(b, '/'), service...)
	s.toSign = append(append(b, '/'), scopeTerminator...)
	if e := g.keys.find(s.toSign, 0); e != nil && e.secret.Equal(c.SecretAccessKey) {
		return &e.signing, e.credential
	}
	e := &cachedKey{secret: c.SecretAccessKey, credential: string(s.toSign)}
	e.named(s.toSign)
	e.signing.derive(c.SecretAccessKey, date, region, service)
	g.keys.add(e)
	return &e.signing, e.credential
}
