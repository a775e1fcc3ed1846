package proxy

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// anonymous is the caller without credentials, which nothing allows by default.
var anonymous = func() *authz.Caller {
	c := &authz.Caller{Type: authz.Anonymous, ARN: "anonymous"}
	c.Keys.Set("aws:principaltype", "Anonymous")
	c.Keys.Set("aws:userid", "anonymous")
	c.Keys.Set("aws:principalaccount", "anonymous")
	return c
}()

// How a caller was established, for records and metrics. The first three are also
// values of s3:authType.
const (
	authHeader      = "REST-HEADER"
	authQuery       = "REST-QUERY-STRING"
	authForm        = "POST"
	authBearer      = "BEARER"
	authCertificate = "CERTIFICATE"
	authWebIdentity = "WEB-IDENTITY"
	authSAML        = "SAML"
	authAnonymous   = "anonymous"
)

// identify establishes the caller, tells place of its account, and returns the body
// where that took reading it or the operation is decided from it.
func (e *Enforcer) identify(ctx context.Context, v *Verdict, place *action.Place) (body []byte, r *wire.Refusal) {
	switch v.Operation.Body {
	case action.BodyForm:
		r = e.takeForm(v, *place)
	case action.BodyAuthenticates:
		body, r = e.readFirst(ctx, v)
	default:
		r = e.authenticate(ctx, v)
	}
	if r == nil {
		r = v.mayAsk()
	}
	if r != nil {
		return nil, r
	}
	place.Caller = v.caller.Account
	if v.Operation.Body == action.BodyAuthenticates {
		return body, nil
	}
	return e.readDeciding(v)
}

// authenticate establishes the caller from the header alone. Exactly one scheme is
// recognised. Where there is none, a client's certificate stands for its holder if
// the bundle has a rule for it; and otherwise the caller is anonymous.
func (e *Enforcer) authenticate(ctx context.Context, v *Verdict) *wire.Refusal {
	if sigv4.HasBearer(v.Request) {
		return e.authenticateBearer(ctx, v)
	}
	params := v.params(e.keysFor(v))
	signed, r := e.Verifier.VerifyInto(&v.signed, v.Request, params)
	if r != nil {
		return r
	}
	if signed {
		return e.signedBy(v, &v.signed)
	}
	if v.Request.Certificate != nil {
		known, r := e.authenticateCertificate(v)
		if r != nil {
			return r
		}
		if known {
			return params.Payload.CheckAnonymous(v.Request)
		}
	}
	v.caller, v.method = anonymous, authAnonymous
	return params.Payload.CheckAnonymous(v.Request)
}

// signedBy takes over whose key a signature is of.
func (e *Enforcer) signedBy(v *Verdict, verified *sigv4.Verified) *wire.Refusal {
	v.verified, v.session = verified, v.keys.session
	switch verified.Scheme {
	case sigv4.Query:
		v.method = authQuery
	case sigv4.Form:
		v.method = authForm
	default:
		v.method = authHeader
	}
	return e.become(v, v.keys.caller)
}

// become makes a caller known. What the request holds so far, it held as one that
// anybody can send.
func (e *Enforcer) become(v *Verdict, caller *authz.Caller) *wire.Refusal {
	held := v.held
	e.giveBack(v, held)
	v.caller = caller
	if held == 0 {
		return nil
	}
	return e.hold(v, held)
}

// mayAsk refuses what callers may not ask for, whatever policies say, because of
// how they were established.
func (v *Verdict) mayAsk() *wire.Refusal {
	switch {
	case v.Route.Answers != nil && v.isAnonymous():
		return &wire.Refusal{Status: 403, Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token"}
	case !v.isAnonymous() && v.caller.Account == "" && (v.rarely().federated == nil || v.Route.Answers == nil):
		// Who shows a token only is nobody yet, but to the service that tells who
		// they may become.
		return &wire.Refusal{
			Status: 403, Code: "AccessDenied", Message: "Access Denied",
			Cause: "the holder of a token or certificate may do nothing but assume a role",
		}
	case v.method == authCertificate && v.session == nil && (v.Operation.Name == "GetSessionToken" || v.Operation.Name == "GetFederationToken"):
		// What they issue would outlive the certificate.
		return &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Cannot call " + v.Operation.Name + " with a certificate"}
	case v.Route.Answers != nil && v.rarely().federated == nil:
		return session.MayCall(v.Operation.Name, v.caller, v.session)
	case v.passesThrough() && (v.session != nil || v.method == authCertificate):
		return passesNot("the upstream gets requests as they are, and does not know temporary credentials or certificates")
	}
	return nil
}

// passesNot refuses credentials that an upstream cannot verify.
func passesNot(cause string) *wire.Refusal {
	return &wire.Refusal{
		Status: 501, Code: "NotImplemented", Message: "This endpoint takes long-term access keys only: what stands behind it verifies signatures itself.", Close: true,
		Cause: cause,
	}
}

// params are what the verification of a signature depends on.
func (v *Verdict) params(keys *snapshotKeys) sigv4.Params {
	return sigv4.Params{
		Now:     v.now,
		Service: v.Route.Service,
		Regions: v.Route.Regions,
		Keys:    keys,
		Payload: sigv4.PayloadRule{Chunked: v.Operation.Chunked, BodyHash: v.rarely().bodyHash},
	}
}

// keysFor are the keys that a request may be signed with.
func (e *Enforcer) keysFor(v *Verdict) *snapshotKeys {
	v.keys.verdict, v.keys.sessions = v, e.Sessions
	return &v.keys
}

// snapshotKeys looks keys up in the snapshot of a request and keeps whose key was
// found, so that the secret verified and the caller decided are of one entry.
type snapshotKeys struct {
	verdict  *Verdict
	sessions *session.Sessions

	caller  *authz.Caller
	session *session.Session // nil: a long-term key
}

func (k *snapshotKeys) Key(accessKeyID, token string) (sigv4.Key, error) {
	if token != "" {
		return k.temporary(accessKeyID, token)
	}
	credential, ok := k.verdict.snapshot.Credential(accessKeyID)
	if !ok {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	k.caller, k.session = credential.Caller, nil
	return sigv4.Key{Secret: credential.Secret, Version: credential.Version}, nil
}

// temporary looks up the key of a session. One that has no session, a long-term
// one, has no token that is valid.
func (k *snapshotKeys) temporary(accessKeyID, token string) (sigv4.Key, error) {
	if k.sessions == nil {
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	s, err := k.sessions.Open(k.verdict.snapshot, accessKeyID, token, k.verdict.now)
	switch {
	case errors.Is(err, session.ErrExpired):
		return sigv4.Key{}, sigv4.ErrExpiredToken
	case errors.Is(err, session.ErrInvalid):
		return sigv4.Key{}, sigv4.ErrInvalidToken
	case err != nil:
		return sigv4.Key{}, err
	}
	k.caller, k.session = s.Caller, s
	return sigv4.Key{Secret: s.Secret, Version: s.Version}, nil
}
