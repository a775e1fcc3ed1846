package session

import (
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// Question is who asks to become what.
type Question struct {
	Snapshot *bundle.Snapshot
	// Caller is who signed, with AccessKeyID, and Session the session which that is
	// of; nil for a long-term key. Federated is the holder of a token or of a
	// certificate, in the place of all of them.
	Caller      *authz.Caller
	AccessKeyID string
	Session     *Session
	Federated   *Federated
	// Assumption is what is asked for.
	Assumption *action.Assumption
	Now        time.Time
}

// Assuming is a question whose parameters are sound. It is immutable, and can be
// decided again and again.
type Assuming struct {
	caller *authz.Caller
}

// Prepare checks all that follows from the parameters, the caller and the one-time
// code, which is used up by it. It does not tell whether the role exists.
func (s *Sessions) Prepare(q *Question) (*Assuming, *wire.Refusal) {
	return nil, unsupported()
}

// Caller is who asks: what accesses are to be decided for, and what records name
// as long as nothing is granted.
func (a *Assuming) Caller() *authz.Caller { return a.caller }

// Federated is the holder of the token or certificate that asks; nil if somebody
// else does.
func (a *Assuming) Federated() *Federated { return nil }

// MayAssume decides who may become whom; nothing else does. ask decides one access
// for the Caller in the request that is served, record is told of each access and
// its decision. All are asked until one is denied. Both get accesses that are
// shared: they do not change them.
func (a *Assuming) MayAssume(ask func(*authz.Access) authz.Decision, record func(*authz.Access, authz.Decision)) (*Grant, *wire.Refusal) {
	return nil, unsupported()
}
