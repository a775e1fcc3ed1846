package proxy

import (
	"context"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// Authorization is what a door that does not forward by itself tells who does.
type Authorization struct {
	// Answer is what the client gets, and the request does not go on. It is nil
	// where the request does.
	Answer *wire.Response
	// Refusal is why the request does not go on; nil where it does, or was
	// answered here without fault.
	Refusal *wire.Refusal
	// Request is what the upstream must get, byte for byte but for the body, which
	// goes on as it came; nil with an Answer.
	Request *wire.Request
	// Fields are what the upstream's answer must have beyond its own.
	Fields wire.Fields
	// Caller is who asks; nil if that was not established.
	Caller *authz.Caller
	// Action and Resource are those of the access that denied, or else of the
	// first; empty if nothing was decided.
	Action, Resource string
	// Revision is that of the snapshot that decided; empty if there was none.
	Revision string

	verdict   Verdict
	rewritten wire.Request // what Request points to
}

// Panicked tells that something panicked while the request was checked, which may
// still refer to the request: neither is to be used again.
func (a *Authorization) Panicked() bool { return a.verdict.panicked }

// Reset forgets the request, and keeps the memory for the next one. Nothing of a may
// be used afterwards, but for texts, and what Answer points to.
func (a *Authorization) Reset() {
	a.verdict.reset()
	a.verdict.poison()
	a.rewritten.Empty()
	a.Answer, a.Refusal, a.Request, a.Fields = nil, nil, nil, a.Fields.Emptied()
	a.Caller, a.Action, a.Resource, a.Revision = nil, "", "", ""
}

// Authorize is the whole way of a request at a door that does not forward by
// itself: check, sign for the upstream, record. Nothing is sent.
func (e *Enforcer) Authorize(ctx context.Context, door *Door, req *wire.Request, id string) *Authorization {
	a := new(Authorization)
	e.AuthorizeInto(ctx, door, req, id, a)
	return a
}

// AuthorizeInto is Authorize into a, which is as new or Reset, and which refers to
// the request until the next Reset.
func (e *Enforcer) AuthorizeInto(ctx context.Context, door *Door, req *wire.Request, id string, a *Authorization) {
	e.Metrics.inFlight.Inc()
	defer e.Metrics.inFlight.Dec()
	v := &a.verdict
	v.cleanse()
	e.checkInto(ctx, v, door, req, id)
	defer e.release(v) // whatever happens
	a.Caller, a.Revision = v.caller, v.Revision()
	switch {
	case v.Refusal != nil:
	case v.answer != nil:
		a.Answer = v.answer
	case v.mapped.Answer != nil:
		a.Answer, v.Refusal = answer(v.mapped.Answer)
	case v.Route.Answers != nil:
		a.Answer, v.Refusal = e.forwardSafely(ctx, v)
	default:
		if v.Refusal = e.rewriteSafely(ctx, v, &a.rewritten); v.Refusal == nil {
			a.Request = &a.rewritten
		}
	}
	if a.Refusal = v.Refusal; a.Refusal != nil {
		a.Request, a.Answer = nil, e.Refuse(v)
	}
	if n := len(v.accesses); n > 0 {
		decided := &v.accesses[0]
		if last := &v.accesses[n-1]; !last.Decision.Allowed() {
			decided = last
		}
		a.Action, a.Resource = decided.Action, decided.Resource
	}
	if a.Answer != nil {
		v.mark(a.Answer)
		e.Finish(v, a.Answer.Status)
		return
	}
	others := wire.Response{Fields: a.Fields[:0]}
	v.mark(&others)
	a.Fields = others.Fields
	e.Finish(v, 0)
}

// rewriteSafely makes req the request as the upstream must get it.
func (e *Enforcer) rewriteSafely(ctx context.Context, v *Verdict, req *wire.Request) (r *wire.Refusal) {
	defer func() {
		if p := recover(); p != nil {
			e.Logger.Error("a panic refused a request", zap.String("request_id", v.id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			v.panicked = true
			r = wire.Unavailable("panic while the request was signed")
		}
	}()
	r = v.Route.Upstream.RewriteTo(ctx, &upstream.Call{
		Request:    v.Request,
		Caller:     v.caller,
		Bucket:     v.Operation.Bucket,
		HostBucket: v.hostNames,
		Payload:    v.Payload,
		Now:        v.now,
		RequestID:  v.id,
	}, req)
	if r == nil && v.door.CanForward != nil {
		r = v.door.CanForward(v.received, req)
	}
	if r == nil && ctx.Err() != nil {
		r = wire.Unavailable("there was no time left to answer: " + ctx.Err().Error())
	}
	return r
}
