package proxy

import (
	"net/netip"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// LearnMalformed is what becomes of the debt of a peer whose request a door could
// not read.
func (e *Enforcer) LearnMalformed(peer netip.Addr, r *wire.Refusal) {
	e.limitMalformed(&Verdict{now: e.Now(), received: &wire.Request{Peer: netip.AddrPortFrom(peer, 0)}, Refusal: r})
}

// SignedCheck is a request that is signed and comes from a peer.
func SignedCheck(peer, accessKeyID string, now time.Time) *Verdict {
	return &Verdict{
		received: &wire.Request{Peer: netip.MustParseAddrPort(peer)}, now: now, caller: anonymous, method: authHeader,
		verified: &sigv4.Verified{AccessKeyID: accessKeyID},
	}
}

// LimitAndLearn is all that the limiter does for a request.
func (e *Enforcer) LimitAndLearn(v *Verdict) {
	v.peer = 0
	_ = e.limit(v)
	e.learn(v)
}
