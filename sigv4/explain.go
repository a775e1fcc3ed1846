package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Explanation is what Verifier.Explain found: for who has to find out why a
// signature does not match.
type Explanation struct {
	// Scheme is how the request claims to be signed.
	Scheme Scheme
	// AccessKeyID, Timestamp, Region, Service, SignedHeaders and Payload are what
	// it claims, as far as that could be read. Payload is the last line of the
	// canonical request.
	AccessKeyID, Timestamp, Region, Service, SignedHeaders, Payload string
	// RegionSet is that of SigV4A; Region is the first of the endpoint's that it
	// names.
	RegionSet string
	// Faults is all that was found wrong. The first is what Verify answers with;
	// each of the others is what it would answer with if those before were
	// mended.
	Faults []*wire.Refusal
	// Verified is what Verify returns; nil if there are faults or no key.
	Verified *Verified
	// Spellings are those that the signature is compared with, in this order.
	// There is none if a fault does not let one be computed.
	Spellings []Spelling
	// Matched is the index in Spellings of the one that the signature is of; -1
	// if it is of none or no key was given.
	Matched int
	// NotArrived are names in SignedHeaders of fields that did not arrive: such
	// a request matches no signature.
	NotArrived []string
}

// Spelling is one way to write a request down. The first is the request as
// sent; others write the path as AWS encodes it, or the host with or without a
// port that goes without saying.
type Spelling struct {
	CanonicalRequest, StringToSign string
}

// Explain does what Verify does and tells how. Where Verify stops at the first
// fault, Explain takes the client's word for what is wrong (the time, the
// region, the service) and goes on, so that all faults are told at once and
// the canonical request is shown where there can be one.
//
// With p.Keys nil no signature is compared, and the faults are those that need
// no key. An Explanation holds no secret and no signature but the client's; the
// canonical request holds its session token, if it signed one.
func (v *Verifier) Explain(req *wire.Request, p Params) *Explanation {
	s := newScratch()
	defer s.release()
	s.signed = s.signed[:0]
	e := &Explanation{Matched: -1}
	var c claim
	var read bool
	for {
		c = claim{}
		refusal := s.readClaim(req, &c, &p, v.skew)
		if refusal == nil && c.scheme == None {
			refusal = errNoCredentials()
		}
		e.fault(refusal)
		if read = refusal == nil; read || !p.concede(&c) {
			break
		}
	}
	e.Scheme, e.AccessKeyID, e.Timestamp, e.Region, e.Service = c.scheme, c.accessKeyID, c.timestamp, c.region, c.service
	e.SignedHeaders, e.Payload = c.signedHeaders, c.payload
	if read || c.signedHeaders != "" {
		e.fault(s.checkSigned(req, &c))
	}
	if read {
		e.fault(c.readRegionSet(req, &p))
		e.Region, e.RegionSet = c.region, c.regionSet
	}
	if c.scope == "" || c.payload == "" || len(s.signed) == 0 {
		return e
	}
	e.fault(checkPath(req, c.service))
	e.NotArrived = notArrived(req, c.signedHeaders)
	intact := s.build(req, &c, spelling{})
	for sp := (spelling{}); ; {
		s.build(req, &c, sp)
		e.Spellings = append(e.Spellings, Spelling{string(s.canonical), string(s.toSign)})
		if !sp.next(req, &c) {
			break
		}
	}
	if p.Keys == nil {
		if !intact || !c.wellFormed() {
			e.fault(s.mismatch(req, &c))
		}
		return e
	}
	verified := new(Verified)
	refusal := v.verify(verified, s, req, &c, &p)
	e.fault(refusal)
	if refusal != nil {
		return e
	}
	for i := range e.Spellings {
		if e.Spellings[i].CanonicalRequest == string(s.canonical) {
			e.Matched = i
		}
	}
	if e.Faults == nil {
		e.Verified = verified
	}
	return e
}

// fault adds what was found wrong, once.
func (e *Explanation) fault(r *wire.Refusal) {
	if r == nil {
		return
	}
	for _, known := range e.Faults {
		if known.Code == r.Code && known.Message == r.Message {
			return
		}
	}
	e.Faults = append(e.Faults, r)
}

// concede takes the client's word for one more thing that it may be wrong
// about; false if there is none left.
func (p *Params) concede(c *claim) bool {
	switch {
	case !c.signedAt.IsZero() && !p.Now.Equal(c.signedAt):
		p.Now = c.signedAt
	case c.region != "" && !p.accepts(c.region):
		p.Regions = []string{c.region}
	case c.service != "" && c.service != p.Service:
		p.Service = c.service
	default:
		return false
	}
	return true
}

// notArrived are the signed names of which no field arrived and none can be
// rebuilt.
func notArrived(req *wire.Request, signedHeaders string) []string {
	var names []string
	for name := range strings.SplitSeq(signedHeaders, ";") {
		if name == "host" || name == ":authority" || req.Fields.Count(name) > 0 {
			continue
		}
		if _, rebuilt := appendHidden(nil, []byte(name), req); !rebuilt {
			names = append(names, name)
		}
	}
	return names
}

// wellFormed tells whether the signature is one that a signer writes.
func (c *claim) wellFormed() bool {
	if c.algorithm == ecdsaP256 {
		_, ok := appendDecoded(nil, c.signature)
		return ok
	}
	_, ok := decodeSignature(c.signature)
	return ok
}
