package proxy

import (
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// authenticateCertificate establishes the caller of a request without credentials by
// the certificate of its connection; known is false if no rule of the bundle speaks
// of it. It is asked of no request that has credentials: a certificate may be a
// proxy's, and never gives another's request more.
func (e *Enforcer) authenticateCertificate(v *Verdict) (known bool, r *wire.Refusal) {
	who, user, assumption, r := session.FromCertificate(v.snapshot, v.Request.Certificate, v.now)
	switch {
	case r != nil:
		v.method = authCertificate
		return false, v.asRoute(r)
	case user != nil:
		v.method = authCertificate
		return true, e.become(v, user)
	case who == nil:
		return false, nil
	}
	v.method = authCertificate
	if e.Sessions == nil {
		return false, wire.Unavailable("a certificate stands for a role, and there are no sessions")
	}
	assuming, r := e.Sessions.Prepare(&session.Question{Snapshot: v.snapshot, Federated: who, Assumption: assumption, Now: v.now})
	if r == nil {
		r = e.assumeItself(v, assuming)
	}
	if r != nil {
		return false, v.asRoute(r)
	}
	return true, nil
}
