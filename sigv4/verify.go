package sigv4

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/wire"
)

// Options are the settings of a Verifier.
type Options struct {
	// MaxSkew is the tolerated difference between the client's clock and ours;
	// 0 means AWS's 15 minutes.
	MaxSkew time.Duration
	// KeyCacheEntries bounds the derived keys that are remembered; 0 means 4096.
	// An access key needs one for each day, region and service, and one for
	// SigV4A.
	KeyCacheEntries int
}

// Params are what one verification depends on besides the request.
type Params struct {
	// Now is the time of the request: the only clock of a verification.
	Now time.Time
	// Service is the endpoint's service, e.g. "s3".
	Service string
	// Regions are the regions that the endpoint accepts; errors name the first.
	Regions []string
	// Keys looks up the secret.
	Keys Keys
	// Payload is what the operation allows.
	Payload PayloadRule
}

func (p *Params) accepts(region string) bool {
	return region != "" && slices.Contains(p.Regions, region)
}

func (p *Params) region() string {
	if len(p.Regions) == 0 {
		return ""
	}
	return p.Regions[0]
}

// PayloadRule is what an operation allows of x-amz-content-sha256.
type PayloadRule struct {
	// Chunked permits aws-chunked bodies (the STREAMING-* values).
	Chunked bool
	// BodyHash is the SHA-256 in lower-case hex of a body that was read before:
	// for services whose clients send no x-amz-content-sha256. Amazon S3
	// ignores it.
	BodyHash string
}

// Verified is the result of a verification that succeeded.
type Verified struct {
	// Scheme is how the request was signed.
	Scheme Scheme
	// Algorithm is what it was signed with: "AWS4-HMAC-SHA256", or
	// "AWS4-ECDSA-P256-SHA256" for SigV4A.
	Algorithm string
	// AccessKeyID is the key that signed; SessionToken came with it, "" if none.
	AccessKeyID, SessionToken string
	// KeyVersion is the version of the secret that verified.
	KeyVersion uint64
	// SignedAt is the time the client signed at.
	SignedAt time.Time
	// Expires is how long after SignedAt a presigned request or the policy of a
	// form is good; 0 for a header.
	Expires time.Duration
	// Region and Service are those of the credential scope; for SigV4A, whose
	// scope has no region, Region is the first of the endpoint's that the region
	// set names.
	Region, Service string
	// Payload is the last line of the canonical request; UNSIGNED-PAYLOAD for a
	// form, which has none.
	Payload string
	// SignedHeaders is the list of signed names as sent; "" for a form.
	SignedHeaders string

	// What chunk signatures continue from.
	timestamp, scope, signature string
	key                         verifyingKey
}

// Verifier verifies signatures.
type Verifier struct {
	skew time.Duration
	keys *keyCache
}

// NewVerifier makes a Verifier.
func NewVerifier(o Options) *Verifier {
	if o.MaxSkew <= 0 {
		o.MaxSkew = defaultSkew
	}
	return &Verifier{skew: o.MaxSkew, keys: newKeyCache(o.KeyCacheEntries)}
}

// Verify checks the signature of a header-signed or presigned request. It
// touches no body: NewBody verifies that. A request without credentials is
// refused; callers that serve anonymous requests use VerifyIfSigned.
func (v *Verifier) Verify(req *wire.Request, p Params) (*Verified, *wire.Refusal) {
	verified, refusal := v.VerifyIfSigned(req, p)
	if verified == nil && refusal == nil {
		refusal = errNoCredentials()
	}
	return verified, refusal
}

// VerifyIfSigned is Verify, but that of a request whose Scheme is None the result
// is nil, without a refusal: it is the anonymous caller's.
func (v *Verifier) VerifyIfSigned(req *wire.Request, p Params) (*Verified, *wire.Refusal) {
	verified := new(Verified)
	if signed, refusal := v.VerifyInto(verified, req, p); !signed {
		return nil, refusal
	}
	return verified, nil
}

// VerifyInto is VerifyIfSigned into memory of the caller's, which is untouched
// unless signed is true. Nothing that is made of a Verified, such as a Body, refers
// to it afterwards.
func (v *Verifier) VerifyInto(into *Verified, req *wire.Request, p Params) (signed bool, refusal *wire.Refusal) {
	s := newScratch()
	defer s.release()
	var c claim
	if refusal := s.readClaim(req, &c, &p, v.skew); refusal != nil || c.scheme == None {
		return false, refusal
	}
	if refusal := s.checkSigned(req, &c); refusal != nil {
		return false, refusal
	}
	if refusal := c.readRegionSet(req, &p); refusal != nil {
		return false, refusal
	}
	if refusal := checkPath(req, p.Service); refusal != nil {
		return false, refusal
	}
	if refusal := v.verify(into, s, req, &c, &p); refusal != nil {
		return false, refusal
	}
	return true, nil
}

// readClaim recognises the scheme of a request and reads what it claims, which is
// nothing if the scheme is None.
func (s *scratch) readClaim(req *wire.Request, c *claim, p *Params, skew time.Duration) *wire.Refusal {
	scheme, query, refusal := s.recognise(req)
	if refusal != nil {
		return refusal
	}
	c.scheme = scheme
	switch scheme {
	case Header:
		return c.readHeader(req, p, skew)
	case Query:
		return c.readQuery(req, &query, p, skew)
	case None:
		return nil
	case Bearer:
		return errUnsupportedAuthorization()
	}
	return errNoCredentials()
}

// checkPath refuses a path that services other than Amazon S3 normalise before
// they sign it: what was signed would not be what arrived.
func checkPath(req *wire.Request, service string) *wire.Refusal {
	if isS3(service) {
		return nil
	}
	if path, ok := wire.Unescape(req.Path); !ok || !isNormal(path) || !isNormal(req.Path) {
		return refuse(400, "InvalidURI", "Couldn't parse the specified URI: the path holds dot segments or empty segments, which have no single signed form.")
	}
	return nil
}

// verify looks the key up and compares the signature. It writes into what verified
// alone.
func (v *Verifier) verify(into *Verified, s *scratch, req *wire.Request, c *claim, p *Params) *wire.Refusal {
	key, err := p.Keys.Key(c.accessKeyID, c.token)
	if err == nil && key.Secret.IsEmpty() {
		err = ErrUnknownKey
	}
	if err != nil {
		// The same work as for a known key, so that time does not tell the two
		// apart.
		s.matches(req, c, newVerifyingKey(decoy, 0, c).verifying)
		return keyRefusal(err, c)
	}
	s.toSign = c.appendKeyName(s.toSign[:0])
	entry := v.keys.find(s.toSign, key.Version)
	cached := entry != nil
	if !cached {
		entry = newVerifyingKey(key.Secret, key.Version, c)
	}
	if !s.matches(req, c, entry.verifying) {
		// The canonical request shown is the one of the request as sent.
		return s.mismatch(req, c)
	}
	if !cached {
		// Only a holder of the secret gets a place in the cache.
		entry.named(c.appendKeyName(s.toSign[:0]))
		v.keys.add(entry)
	}
	if c.scheme == Query && c.mode.streaming() {
		// Chunks are decoded for header signatures only: the body is compared
		// with the literal text, which is no hash of anything.
		return errPayloadHash(c.payload, "")
	}
	*into = Verified{
		Scheme: c.scheme, Algorithm: string(c.algorithm), AccessKeyID: c.accessKeyID, SessionToken: c.token, KeyVersion: key.Version,
		SignedAt: c.signedAt, Expires: c.expires, Region: c.region, Service: c.service,
		Payload: c.payload, SignedHeaders: c.signedHeaders,
		timestamp: c.timestamp, scope: c.scope, signature: c.signature, key: entry.verifying,
	}
	return nil
}

// decoy stands in for the secret of a key that does not exist.
var decoy = secret.New("no-such-access-key-has-this-secret-key!!")

// keyRefusal translates what a look-up said.
func keyRefusal(err error, c *claim) *wire.Refusal {
	switch {
	case errors.Is(err, ErrUnknownKey):
		return errAccessKey(c.accessKeyID)
	case errors.Is(err, ErrInvalidToken):
		return errToken(c.token)
	case errors.Is(err, ErrExpiredToken):
		return errTokenExpired(c.token)
	}
	return wire.Unavailable("looking up the access key: " + err.Error())
}

// mismatch is the refusal of a signature that is not that of the request as
// sent, or of the policy of a form.
func (s *scratch) mismatch(req *wire.Request, c *claim) *wire.Refusal {
	if c.scheme == Form {
		return errSignature(c.accessKeyID, c.signature, []byte(c.policy), nil)
	}
	intact := s.build(req, c, spelling{})
	r := errSignature(c.accessKeyID, c.signature, s.toSign, s.canonical)
	if !intact {
		r.Cause = "a signed header did not arrive; signed are " + c.signedHeaders
	}
	return r
}

// matches compares the claimed signature with that of the request as sent, and
// while none matches, with those of its other spellings.
func (s *scratch) matches(req *wire.Request, c *claim, key verifyingKey) bool {
	if c.scheme == Form {
		return s.matchesPolicy(c, key)
	}
	for sp := (spelling{}); ; {
		intact := s.build(req, c, sp)
		if verified := key.verifies(c.signature, s.toSign, s.hash, s.sum); verified && intact {
			return true
		}
		if !sp.next(req, c) {
			return false
		}
	}
}

// checkSigned checks the list of signed names, copies it to s.signed, and
// walks the fields that arrived for those that had to be signed.
func (s *scratch) checkSigned(req *wire.Request, c *claim) *wire.Refusal {
	if !isNameList(c.signedHeaders) {
		return errSignedHeaders(c.scheme)
	}
	s.signed = append(s.signed[:0], c.signedHeaders...)
	var missing []string
	if !listed(c.signedHeaders, "host") && !listed(c.signedHeaders, ":authority") {
		missing = append(missing, "host")
	}
	name, rest, _ := strings.Cut(c.signedHeaders, ";")
	for i, at := range s.order {
		field := req.Fields[at].Name
		if i > 0 && field == req.Fields[s.order[i-1]].Name || !mustBeSigned(field, c) {
			continue
		}
		for name < field && rest != "" {
			name, rest, _ = strings.Cut(rest, ";")
		}
		if name != field {
			missing = append(missing, field)
		}
	}
	if missing != nil {
		return errNotSigned(missing)
	}
	if _, ok := req.Fields.Lookup("x-amz-s3session-token"); ok {
		return errExpressSession()
	}
	return nil
}

// mustBeSigned tells whether a field that arrived must be listed.
func mustBeSigned(name string, c *claim) bool {
	switch {
	case strings.HasPrefix(name, "x-amz-"):
		// Its value is the payload line.
		return name != "x-amz-content-sha256"
	case name == "content-md5":
		return true
	}
	return name == c.dateField
}

// isNameList tells whether a list of signed names is one that a signer makes:
// lower-case names, ascending, none empty, none twice.
func isNameList(list string) bool {
	previous := ""
	for more := true; more; {
		var name string
		name, list, more = strings.Cut(list, ";")
		if name <= previous {
			return false
		}
		for i := range len(name) {
			if c := name[i]; c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' || c == ',' {
				return false
			}
		}
		previous = name
	}
	return true
}

func listed(list, name string) bool {
	for more := true; more; {
		var n string
		if n, list, more = strings.Cut(list, ";"); n == name {
			return true
		}
	}
	return false
}
