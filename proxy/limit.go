package proxy

import (
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Kinds of what a peer shows, of which the limiter remembers what has held.
const (
	showsKey byte = iota + 1
	showsToken
	showsNothing
)

// limit refuses a request of a peer that has spent the failed authentications it is
// granted, before anything is computed or read for it. What has held lately, shown by
// the same peer, passes: a good client behind the address of a bad one. So does a
// client's certificate, which the door has verified.
func (e *Enforcer) limit(v *Verdict) *wire.Refusal {
	l := e.Limiter
	if l == nil || !v.comesFrom(l) || !l.spent(v.peer, v.now) {
		return nil
	}
	if kind, text := shown(v.received); kind != 0 && l.knows(l.credential(v.peer, kind, text), v.now) || v.received.Certificate != nil {
		return nil
	}
	return v.tooManyFailures()
}

// comesFrom finds who it is that a limiter counts the failures of; false if nobody
// knows.
func (v *Verdict) comesFrom(l *Limiter) (known bool) {
	if v.peer == 0 {
		v.peer, known = l.peer(v.received.Peer.Addr())
		return known
	}
	return true
}

// tooMany is what a limited peer is told. Its connection stays: to open another costs
// more than to refuse what comes over it.
var tooMany = &wire.Refusal{
	Status: 503, Code: "SlowDown", Message: "Please reduce your request rate.", Retryable: true,
	Cause: "too many failed authentications from this address",
}

func (v *Verdict) tooManyFailures() *wire.Refusal {
	v.limited = true
	return tooMany
}

// shown is what a request claims to come with, verified or not; kind is 0 if only
// its body could tell.
func shown(req *wire.Request) (kind byte, text string) {
	if sigv4.HasBearer(req) {
		return showsToken, tail(sigv4.BearerToken(req))
	}
	if id := sigv4.ClaimedAccessKeyID(req); id != "" {
		return showsKey, id
	}
	if _, credentials := req.Fields.Lookup("authorization"); credentials || req.Method == "POST" {
		return 0, ""
	}
	return showsNothing, ""
}

// tail is the end of a token: of its signature, which nobody else knows.
func tail(token string) string { return token[max(0, len(token)-64):] }

// learn notes what became of a request: that its authentication failed, or that what
// it shows has held.
func (e *Enforcer) learn(v *Verdict) {
	l := e.Limiter
	if l == nil || v.limited || !v.comesFrom(l) {
		return
	}
	peer, r := v.peer, v.Refusal
	switch {
	case v.caller == nil:
		// A preflight has no caller, and the browser sends it for a page.
		if r != nil && r.Status < 500 && !isPreflight(v.received) {
			l.fail(peer, v.now)
		}
	case v.method == authAnonymous:
		switch {
		case l.anonymous && r != nil && r.Status < 500:
			l.fail(peer, v.now)
		case !l.anonymous && r == nil:
			l.greet(l.credential(peer, showsNothing, ""), v.now)
		}
	case v.verified != nil:
		l.greet(l.credential(peer, showsKey, v.verified.AccessKeyID), v.now)
	case v.method == authBearer:
		l.greet(l.credential(peer, showsToken, tail(sigv4.BearerToken(v.received))), v.now)
	}
}

// limitMalformed is limit and learn for what a door could not turn into a request. A
// 403 is about what stands before the door.
func (e *Enforcer) limitMalformed(v *Verdict) {
	l := e.Limiter
	switch {
	case l == nil || v.Refusal.Status >= 500 || v.Refusal.Status == 403 || !v.comesFrom(l):
	case l.spent(v.peer, v.now):
		v.Refusal = v.tooManyFailures()
	default:
		l.fail(v.peer, v.now)
	}
}
