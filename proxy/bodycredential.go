package proxy

import (
	"context"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// authenticateBody establishes the holder of a credential in a request's body, who
// may do nothing but assume the role that the request names. Another credential
// beside it would be somebody else's.
func (e *Enforcer) authenticateBody(ctx context.Context, v *Verdict, credential *action.Credential) *wire.Refusal {
	v.method = authWebIdentity
	if credential.Kind == action.SAMLAssertion {
		v.method = authSAML
	}
	scheme, r := sigv4.Recognise(v.Request)
	switch {
	case r != nil:
		return r
	case scheme != sigv4.None || v.Request.Fields.Count("x-amz-security-token") > 0:
		return &wire.Refusal{
			Status: 400, Code: "InvalidParameterCombination",
			Message: "The token in the request is its credential: the request must not be signed, and have no Authorization.",
		}
	case e.Tokens == nil || v.Route.Answers == nil:
		return wire.Unavailable("nothing verifies tokens")
	}
	var who *session.Federated
	switch credential.Kind {
	case action.WebIdentityToken:
		who, r = session.VerifyWebIdentity(ctx, e.Tokens, v.snapshot, credential.RoleARN, credential.Token, v.now)
	default:
		who, r = session.VerifySAML(v.snapshot, credential.RoleARN, credential.ProviderARN, credential.Token, v.now)
	}
	if r != nil {
		return r
	}
	v.noteRare().federated = who
	return e.become(v, who.Caller)
}
