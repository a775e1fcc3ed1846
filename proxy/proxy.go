// Package proxy is the enforcement point: every door hands it a request, and
// it routes, authenticates, maps, decides and records it, in one function.
// Doors live in the packages below this one.
//
// Nothing passes by default. What cannot be routed, verified, mapped or
// decided is refused, and so is what fails or panics on the way.
package proxy

import (
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Capabilities are what a door can do. An operation that needs more is denied,
// naming the need: a weaker door may deny more, never allow more. Two things are
// no need: that a body which only streams is verified here, where BodyPassesBy
// says so, and that a missing object is hidden from who may not list (404).
type Capabilities struct {
	// Body: the door sees the request's body as a stream.
	Body bool
	// BodyLimit is, for a door without Body, the greatest body in bytes that it
	// sees whole before the request is decided; 0 if it sees none. A body that it
	// does not have is nil in the wire.Request, whose BodySize is not 0.
	BodyLimit int64
	// BodyPassesBy, for a door without Body: bodies go on to the upstream as they
	// came, past the door. What streams is decided from the header alone, and its
	// integrity is the upstream's to verify; the record says so.
	BodyPassesBy bool
	// RewriteBody: the door can forward another body than the one it received.
	RewriteBody bool
	// Response: the door sees the upstream's answer and can change it.
	Response bool
	// Answer: the door can answer in the upstream's place otherwise than with a
	// refusal.
	Answer bool
	// AnswerLimit is the size in bytes above which the body of an answer made
	// here may be cut; 0 if none is. Parts of a refusal that clients can do
	// without are left out to stay below.
	AnswerLimit int
}

// Door is a listener that enforces.
type Door struct {
	Name   string
	Routes *Table
	Can    Capabilities
	// CanForward, of a door that does not forward by itself, refuses a request
	// that it could not have forwarded as the upstream must get it. received is
	// the request as it came. nil refuses none.
	CanForward func(received, rewritten *wire.Request) *wire.Refusal
}

// Options is what an enforcement point works with.
type Options struct {
	// Snapshot returns the snapshot in force; nil before the first activation.
	Snapshot func() *bundle.Snapshot
	// Verifier verifies signatures.
	Verifier *sigv4.Verifier
	// Sessions opens temporary credentials; nil knows of none. Tokens verifies
	// tokens of OpenID Connect providers; nil takes none.
	Sessions *session.Sessions
	Tokens   *oidc.Verifier
	// Now is the clock, read once for each request.
	Now func() time.Time
	// Decide decides an access under the policies of a generation, which may be
	// done from memory. nil evaluates each.
	Decide Decide
	// Budget bounds the bodies that are read before they are decided.
	Budget *Budget
	// Limiter limits the failed authentications of each peer; nil does not.
	Limiter *Limiter
	// Audit takes the records.
	Audit *audit.Log
	// Metrics counts.
	Metrics *Metrics
	// Logger is for what operators must see.
	Logger *zap.Logger
}

// Decide is authz.Decide with the generation of the policies that caller,
// request and access refer to.
type Decide func(generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision

func evaluate(_ uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	return authz.Decide(c, r, a)
}

// Enforcer is the enforcement point. It is safe for concurrent use.
type Enforcer struct {
	Options

	buckets atomic.Pointer[buckets] // of the snapshot that was used last
}

// New makes an enforcement point. All Options but Decide, Sessions, Tokens
// and Limiter are required.
func New(o Options) *Enforcer {
	if o.Decide == nil {
		o.Decide = evaluate
	}
	return &Enforcer{Options: o}
}
