package proxy

import (
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// assumeItself decides whether the holder of a token or a certificate may become
// what that stands for, and makes the session the caller.
func (e *Enforcer) assumeItself(v *Verdict, assuming *session.Assuming) *wire.Refusal {
	if r := e.become(v, assuming.Caller()); r != nil {
		return r
	}
	v.fillRequest()
	grant, trust, r := v.mayAssume(assuming)
	if r != nil {
		v.accesses = trust // they denied
		return r
	}
	v.noteRare().trust, v.session = trust, grant.Session()
	v.caller = v.session.Caller
	return nil
}

// decideAssumption decides what a request to STS asks to become.
func (e *Enforcer) decideAssumption(v *Verdict) *wire.Refusal {
	q := &session.Question{
		Snapshot: v.snapshot, Caller: v.caller, AccessKeyID: v.accessKeyID(), Session: v.session,
		Assumption: v.mapped.Assume, Now: v.now,
	}
	if who := v.rarely().federated; who != nil {
		q.Caller, q.Federated = nil, who
	}
	if e.Sessions == nil {
		return wire.Unavailable("there are no sessions")
	}
	assuming, r := e.Sessions.Prepare(q)
	if r != nil {
		return r
	}
	grant, accesses, r := v.mayAssume(assuming)
	v.noteRare().grant, v.accesses = grant, accesses
	return r
}

// mayAssume asks the one function that decides who may become whom, and tells which
// accesses that took.
func (v *Verdict) mayAssume(assuming *session.Assuming) (*session.Grant, []audit.Access, *wire.Refusal) {
	decided := make([]audit.Access, 0, mostTrust)
	grant, r := assuming.MayAssume(
		func(a *authz.Access) authz.Decision {
			return v.evaluate(v.snapshot.Generation(), assuming.Caller(), &v.request, a)
		},
		func(a *authz.Access, d authz.Decision) {
			decided = append(decided, audit.Access{Action: a.Action, Resource: a.Resource, Account: a.Account, Decision: d})
		})
	if r == nil && grant == nil {
		r = wire.Unavailable("nothing was decided of what the caller may become")
	}
	return grant, decided, r
}

// mostTrust is how many accesses are decided at most of who may become whom: to
// assume, to tag and to set a source identity.
const mostTrust = 3

// accessKeyID is the key that the request was signed with; empty if it was not.
func (v *Verdict) accessKeyID() string {
	if v.verified == nil {
		return ""
	}
	return v.verified.AccessKeyID
}
