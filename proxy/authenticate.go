package proxy

import (
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
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

// authenticate establishes the caller from the header alone. Exactly one
// scheme is recognised; none is the anonymous caller.
func (e *Enforcer) authenticate(v *Verdict) *wire.Refusal {
	v.keys.snapshot = v.snapshot
	params := v.params(&v.keys)
	verified, r := e.Verifier.VerifyIfSigned(v.Request, params)
	if r != nil {
		return r
	}
	if verified == nil {
		v.caller = anonymous
		return params.Payload.CheckAnonymous(v.Request)
	}
	v.verified, v.caller = verified, v.keys.credential.Caller
	return nil
}

// params are what the verification of a signature depends on.
func (v *Verdict) params(keys *snapshotKeys) sigv4.Params {
	return sigv4.Params{
		Now:     v.now,
		Service: v.Route.Service,
		Regions: v.Route.Regions,
		Keys:    keys,
		Payload: sigv4.PayloadRule{Chunked: v.Operation.Chunked},
	}
}

// snapshotKeys looks keys up in one snapshot and keeps the credential found,
// so that the secret verified and the caller decided are of one entry.
type snapshotKeys struct {
	snapshot   *bundle.Snapshot
	credential bundle.Credential
}

func (k *snapshotKeys) Key(accessKeyID, token string) (sigv4.Key, error) {
	credential, ok := k.snapshot.Credential(accessKeyID)
	if !ok {
		if token != "" {
			return sigv4.Key{}, sigv4.ErrInvalidToken
		}
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	if token != "" {
		// A long-term key has no session.
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	k.credential = credential
	return sigv4.Key{Secret: credential.Secret, Version: credential.Version}, nil
}
