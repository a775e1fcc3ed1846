package upstream

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

// Call is a request that was let through, with what is known about it.
type Call struct {
	// Request is the request; Do does not change it.
	Request *wire.Request
	// Caller is who asks, for Options.Callers; nil is Sallyport itself.
	Caller *authz.Caller
	// Own tells that the request is Sallyport's own, which bears no client's
	// signature.
	Own bool
	// Bucket is the bucket it addresses, as mapped; empty if none. HostBucket
	// tells that the host names it.
	Bucket     string
	HostBucket bool
	// Body verifies the body as it passes. If it is nil, Request.Body is sent
	// as it is, and Payload is the payload line that goes with it: the hash of
	// a body in memory, or of none.
	Body    *sigv4.Body
	Payload string
	// Now is the request's one clock reading.
	Now time.Time
	// RequestID is for the Observer.
	RequestID string
}

// Do sends a request and returns the upstream's answer, errors included, or
// the refusal where there is none that can be passed on: the body did not hold
// (its own refusal), or the upstream did not answer as a store does
// (ServiceUnavailable). ctx ends the exchange, reading the answer's body
// included.
//
// A success is returned only if the body was verified whole and sent. An error
// may come earlier; the body is not read further then, but one Read that has
// begun may still be waiting for the client when the answer is closed.
//
// The caller closes call.Body, and the Response's Body if there is one. What it
// returns may be used until Response.Free is called.
func (u *Upstream) Do(ctx context.Context, call *Call) (resp *wire.Response, refusal *wire.Refusal) {
	e := newExchange()
	e.upstream, e.began, e.caller, e.report.RequestID = u, time.Now(), ctx, call.RequestID
	defer func() {
		if resp == nil { // a panic has passed by here, too
			e.end()
		}
	}()
	resp, refusal = e.run(call)
	e.report.Elapsed = time.Since(e.began)
	if observe := u.options.Observer.Exchanged; observe != nil {
		observe(e.report)
	}
	return resp, refusal
}

// exchange is one request and its answer.
type exchange struct {
	upstream *Upstream
	began    time.Time
	report   Exchange
	// caller is the context that Do was called with.
	caller context.Context
	// conn is the connection in use; nil before and after. unwatch stops what ends
	// it with the caller's context.
	conn    *conn
	unwatch func() bool
	body    *requestBody
	// request is the request as the upstream gets it.
	request wire.Request
	// head is that of the answer; passed has its fields.
	head http1.Response
	// answer is the answer's body.
	answer responseBody
	// passed is the answer, if it is passed on.
	passed wire.Response
	// last tells that the connection serves nothing after the answer.
	last bool
	// signedByClient tells that the signature is the client's own.
	signedByClient bool
	// free is the method of that name, for passed.
	free func()
}

var exchanges sync.Pool

func newExchange() *exchange {
	if e, ok := exchanges.Get().(*exchange); ok {
		return e
	}
	e := new(exchange)
	e.free = e.giveBack
	return e
}

// giveBack ends the use of the exchange, and of the answer that is a part of it.
// An exchange that failed is not given back, nor one whose body another goroutine
// has sent: it may not have ended.
func (e *exchange) giveBack() {
	if e.conn != nil || e.body != nil && e.body.sent != nil {
		return
	}
	e.request.Empty()
	e.head.Empty()
	fields, query, answered := e.request.Fields, e.request.Query, e.head.Fields
	*e = exchange{free: e.free}
	e.request.Fields, e.request.Query, e.head.Fields = fields, query, answered
	exchanges.Put(e)
}

func (e *exchange) run(call *Call) (*wire.Response, *wire.Refusal) {
	e.report.Outcome = NotSent
	e.signedByClient = e.upstream.options.Passthrough && !call.Own
	req := &e.request
	if refusal := e.upstream.rewrite(e.caller, call, req); refusal != nil {
		return nil, refusal
	}
	if req.Body != nil && req.BodySize != 0 {
		e.body = &requestBody{source: req.Body, size: req.BodySize, verifier: call.Body, exchange: e}
	}
	buffer := buffers.Get().(*[]byte)
	head, refusal := http1.AppendRequest((*buffer)[:0], req)
	if refusal != nil {
		buffers.Put(buffer)
		return nil, refusal
	}
	*buffer = head
	if err := e.send(req, buffer); err != nil {
		return nil, e.failed(err)
	}
	return e.judge(&e.head)
}

// RewriteTo makes req, in the arrays that it has, the request that Do would send,
// for a door behind which somebody else sends it. Its body goes on as it came,
// unread: call.Body is nil and call.Payload the payload line that goes with it.
// Nothing is sent, and call is not changed. With a refusal, req means nothing.
func (u *Upstream) RewriteTo(ctx context.Context, call *Call, req *wire.Request) *wire.Refusal {
	return u.rewrite(ctx, call, req)
}

// rewrite makes req the request that the upstream gets.
func (u *Upstream) rewrite(ctx context.Context, call *Call, req *wire.Request) *wire.Refusal {
	o := &u.options
	call.Request.CloneTo(req)
	if o.Passthrough && !call.Own {
		RemoveHopByHop(req)
		if call.Body != nil {
			req.Body = call.Body
		}
		return nil
	}
	if refusal := MoveBucket(req, call.Bucket, call.HostBucket, o.Addressing, u.target.Host); refusal != nil {
		return refusal
	}
	if refusal := PlaceHoisted(req); refusal != nil {
		return refusal
	}
	RemoveChecked(req)
	if call.Body != nil {
		if refusal := call.Body.Resign(o.PayloadSigning); refusal != nil {
			return refusal
		}
		PlaceBody(req, call.Body)
	}
	if o.Unsigned {
		sigv4.StripAuthentication(req)
		return nil
	}
	credentials, refusal := u.credentialsOf(ctx, call.Caller)
	if refusal != nil {
		return refusal
	}
	ReplaceAuthentication(req, u.signer, credentials, o.Service, o.Region, call.Body, call.Payload, call.Now)
	return nil
}
