package proxy

import (
	"github.com/sallyport-iam/sallyport/wire"
)

// authenticateCertificate establishes the caller of a request without credentials by
// the certificate of its connection; known is false if no rule of the bundle speaks
// of it. It is asked of no request that has credentials: a certificate may be a
// proxy's, and never gives another's request more.
func (e *Enforcer) authenticateCertificate(v *Verdict) (known bool, r *wire.Refusal) {
	assuming, user, r := e.Sessions.ByCertificate(v.snapshot, v.Request.Certificate, v.now)
	if r == nil && user == nil && assuming == nil {
		return false, nil
	}
	v.method = authCertificate
	switch {
	case r != nil:
	case user != nil:
		return true, e.become(v, user)
	default:
		r = e.assumeItself(v, assuming)
	}
	if r != nil {
		return false, v.asRoute(r)
	}
	return true, nil
}
