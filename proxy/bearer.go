package proxy

import (
	"context"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// authenticateBearer establishes the caller by a bearer token: the session of the
// role that the token's provider stands for, if the role lets its holder in.
func (e *Enforcer) authenticateBearer(ctx context.Context, v *Verdict) *wire.Refusal {
	scheme, r := sigv4.Recognise(v.Request)
	switch {
	case r != nil:
		return r
	case scheme != sigv4.Bearer || e.Sessions == nil || e.Tokens == nil:
		_, r = e.Verifier.Verify(v.Request, v.params(e.keysFor(v))) // which takes none
		return r
	case v.passesThrough():
		return passesNot("the upstream gets requests as they are, and a bearer token must not reach it")
	}
	v.method = authBearer
	assuming, r := e.Sessions.Bearer(ctx, e.Tokens, v.snapshot, sigv4.BearerToken(v.Request), v.now)
	if r != nil {
		return v.asRoute(r)
	}
	if r := e.assumeItself(v, assuming); r != nil {
		return v.asRoute(r)
	}
	rule := v.params(nil).Payload
	return rule.CheckAnonymous(v.Request)
}

// asRoute is a refusal of STS in the words of the route: what clients of Amazon S3
// know how to handle.
func (v *Verdict) asRoute(r *wire.Refusal) *wire.Refusal {
	if v.Route.Protocol != refusal.S3 {
		return r
	}
	out := *r
	switch r.Code {
	case "ExpiredTokenException":
		out.Status, out.Code = 400, "ExpiredToken"
	case "InvalidIdentityToken", "ValidationError", "IDPRejectedClaim":
		out.Status, out.Code = 400, "InvalidToken"
	case "IDPCommunicationError":
		out.Status, out.Code, out.Retryable = 503, "ServiceUnavailable", true
	}
	return &out
}
