package proxy

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// authenticateCertificate establishes the caller of a request without credentials by
// the certificate of its connection; known is false if no rule of the bundle speaks
// of it. It is asked of no request that has credentials: a certificate may be a
// proxy's, and never gives another's request more.
func (e *Enforcer) authenticateCertificate(v *Verdict) (known bool, r *wire.Refusal) {
	if v.isOfAnotherOrigin() {
		return false, nil
	}
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

// isOfAnotherOrigin tells whether a page of another origin makes the request, which
// no rule of the route lets use what a browser knows of its user. A browser shows the
// certificate to whichever page asks, as it does cookies: each could upload, and
// become roles, as whoever looks at it.
// https://fetch.spec.whatwg.org/#origin-header
func (v *Verdict) isOfAnotherOrigin() bool {
	origin, sent := v.Request.Fields.Lookup("origin")
	if !sent || strings.EqualFold(origin, v.Request.Scheme+"://"+v.Request.Host) {
		return false
	}
	return v.Request.Fields.Count("origin") > 1 || !v.Route.CORS.lends(origin, v.Request.Method)
}
