package sigv4

import (
	"encoding/base64"

	"github.com/sallyport-iam/sallyport/wire"
)

// VerifyForm checks the signature of a form, which is one over its policy, and
// then the form against the policy. Of p it uses all but Payload. A form
// that is not Signed is refused; callers that serve anonymous requests ask.
//
// The form must have been signed within the last seven days, for which Amazon
// S3's signing keys are good, and not after now beyond the tolerated difference
// of clocks; otherwise the expiration of the policy alone counts.
func (v *Verifier) VerifyForm(f *PostForm, p Params) (*Verified, *wire.Refusal) {
	f.verified = false
	if !f.signed {
		return nil, errNoCredentials()
	}
	if !isS3(p.Service) {
		return nil, errNotMultipart()
	}
	var c claim
	if refusal := c.readForm(f, &p, v); refusal != nil {
		return nil, refusal
	}
	s := newScratch()
	defer s.release()
	verified := new(Verified)
	if refusal := v.verify(verified, s, nil, &c, &p); refusal != nil {
		return nil, refusal
	}
	// Nothing in the policy is looked at before it is known who signed it.
	text, err := base64.StdEncoding.Strict().DecodeString(c.policy)
	if err != nil {
		return nil, errPolicyDocument("invalid Base64 encoding.")
	}
	policy, refusal := parsePostPolicy(text)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := policy.check(f, p.Now); refusal != nil {
		return nil, refusal
	}
	verified.Expires = min(verified.Expires, policy.expiration.Sub(verified.SignedAt))
	f.verified = true
	return verified, nil
}

// readForm reads the claim of a signed form.
func (c *claim) readForm(f *PostForm, p *Params, v *Verifier) *wire.Refusal {
	c.scheme = Form
	if name := f.all.Get("x-amz-algorithm"); algorithm(name) != hmacSHA256 {
		return errFormAlgorithm(name)
	}
	c.algorithm = hmacSHA256
	c.timestamp = f.all.Get("x-amz-date")
	var ok bool
	if c.signedAt, ok = parseTimestamp(c.timestamp); !ok {
		return errFormDate(c.timestamp)
	}
	c.expires = maxExpires
	if c.signedAt.Sub(p.Now) > v.skew {
		return errNotYetValid(c, p.Now)
	}
	if p.Now.After(c.signedAt.Add(c.expires)) {
		return errExpired(c, p.Now)
	}
	c.credential, c.signature = f.all.Get("x-amz-credential"), f.all.Get("x-amz-signature")
	c.token, c.policy = f.all.Get("x-amz-security-token"), f.all.Get("policy")
	c.payload, c.mode = unsignedPayload, payloadUnsigned
	refusal := c.readCredential(p)
	if refusal != nil {
		refusal.Detail = append(refusal.Detail, element("ArgumentValue", c.credential))
	}
	return refusal
}

// matchesPolicy compares the claimed signature with that of the policy as it
// was sent.
func (s *scratch) matchesPolicy(c *claim, key verifyingKey) bool {
	s.toSign = append(s.toSign[:0], c.policy...)
	return key.verifies(c.signature, s.toSign, s.hash, s.sum)
}
