package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
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
// The caller closes call.Body, and the Response's Body if there is one.
func (u *Upstream) Do(ctx context.Context, call *Call) (*wire.Response, *wire.Refusal) {
	e := &exchange{upstream: u, began: time.Now(), caller: ctx, report: Exchange{RequestID: call.RequestID}}
	resp, refusal := e.run(call)
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
	// caller is the context that Do was called with, ctx the exchange's own.
	caller, ctx context.Context
	cancel      context.CancelCauseFunc
	dog         watchdog
	body        *requestBody
	attempt     attempt
	// signedByClient tells that the signature is the client's own.
	signedByClient bool
}

// attempt is what is known of the use of one connection.
type attempt struct {
	conn     *conn
	reused   bool
	written  int64
	answered atomic.Bool
}

func (e *exchange) run(call *Call) (*wire.Response, *wire.Refusal) {
	e.report.Outcome = NotSent
	e.signedByClient = e.upstream.options.Passthrough && !call.Own
	req, refusal := e.upstream.rewrite(e.caller, call)
	if refusal != nil {
		return nil, refusal
	}
	e.ctx, e.cancel = context.WithCancelCause(e.caller)
	e.dog.cancel = e.cancel
	if req.Body != nil && req.BodySize != 0 {
		e.body = &requestBody{source: req.Body, size: req.BodySize, verifier: call.Body, exchange: e}
		req.Body = e.body
	}
	outgoing, refusal := nethttp.Outgoing(e.ctx, req, e.upstream.target)
	if refusal != nil {
		e.end()
		return nil, refusal
	}
	answer, err := e.send(outgoing)
	if err != nil {
		defer e.end()
		return nil, e.failed(err)
	}
	return e.judge(answer)
}

// Rewritten is the request that Do would send, for a door behind which somebody
// else sends it. Its body goes on as it came, unread: call.Body is nil and
// call.Payload the payload line that goes with it. Nothing is sent, and call is
// not changed.
func (u *Upstream) Rewritten(ctx context.Context, call *Call) (*wire.Request, *wire.Refusal) {
	return u.rewrite(ctx, call)
}

// rewrite is the request that the upstream gets.
func (u *Upstream) rewrite(ctx context.Context, call *Call) (*wire.Request, *wire.Refusal) {
	o := &u.options
	req := call.Request.Clone()
	if o.Passthrough && !call.Own {
		RemoveHopByHop(req)
		if call.Body != nil {
			req.Body = call.Body
		}
		return req, nil
	}
	if refusal := MoveBucket(req, call.Bucket, call.HostBucket, o.Addressing, u.target.Host); refusal != nil {
		return nil, refusal
	}
	if refusal := PlaceHoisted(req); refusal != nil {
		return nil, refusal
	}
	RemoveChecked(req)
	if call.Body != nil {
		if refusal := call.Body.Resign(o.PayloadSigning); refusal != nil {
			return nil, refusal
		}
		PlaceBody(req, call.Body)
	}
	if o.Unsigned {
		sigv4.StripAuthentication(req)
		return req, nil
	}
	credentials, refusal := u.credentialsOf(ctx, call.Caller)
	if refusal != nil {
		return nil, refusal
	}
	ReplaceAuthentication(req, u.signer, credentials, o.Service, o.Region, call.Body, call.Payload, call.Now)
	return req, nil
}

// send sends a request, a second time if the connection was stale. net/http
// does the same by itself for requests without a body whose method is safe,
// and stops at the first connection that is new.
func (e *exchange) send(req *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{GotConn: e.gotConn, GotFirstResponseByte: e.gotFirstByte}
	req = req.WithContext(httptrace.WithClientTrace(e.ctx, trace))
	e.dog.restart(e.upstream.options.ProgressTimeout)
	resp, err := e.upstream.pool.RoundTrip(req)
	if err != nil && e.stale(req.Method) {
		e.report.Retried = true
		e.attempt.conn = nil
		e.dog.restart(e.upstream.options.ProgressTimeout)
		resp, err = e.upstream.fresh.RoundTrip(req)
	}
	if err == nil && e.attempt.conn != nil && e.body != nil && e.body.whole.Load() {
		e.attempt.conn.half.Store(nil)
	}
	e.dog.disarm(receiving)
	e.report.Reused = e.attempt.reused
	return resp, err
}

func (e *exchange) gotConn(info httptrace.GotConnInfo) {
	e.attempt.reused = info.Reused
	if e.attempt.conn = underlying(info.Conn); e.attempt.conn != nil {
		e.attempt.conn.serving.Store(true)
		e.attempt.written = e.attempt.conn.written.Load()
		// Over HTTP/2 the stream is reset, and others share the connection.
		if e.body != nil && !e.upstream.options.HTTP2 {
			e.attempt.conn.half.Store(e)
		}
	}
	if e.body == nil {
		e.dog.arm(awaiting, e.upstream.options.ResponseHeaderTimeout)
	} else {
		e.dog.arm(sending, e.upstream.options.ProgressTimeout)
	}
}

func (e *exchange) gotFirstByte() { e.attempt.answered.Store(true) }

// stale tells whether a failed request may be sent again: a connection that
// had served before failed, no byte of the body was consumed and none of an
// answer seen. A request that is not idempotent must not have left at all
// (RFC 9110, section 9.2.2).
func (e *exchange) stale(method string) bool {
	a := &e.attempt
	if a.conn == nil || !a.reused || a.answered.Load() || e.ctx.Err() != nil || e.body != nil && e.body.begun.Load() {
		return false
	}
	return method != http.MethodPost && method != http.MethodPatch || a.conn.written.Load() == a.written
}

// judge passes an answer on, or not. That a body did not hold comes first: what
// the upstream says of half a request is of no interest.
func (e *exchange) judge(answer *http.Response) (*wire.Response, *wire.Refusal) {
	status := answer.StatusCode
	e.report.Status, e.report.Outcome = status, Rejected
	var refusal *wire.Refusal
	switch {
	case e.body != nil && e.body.failure.Load() != nil:
		e.report.Outcome, refusal = BodyRefused, e.body.failure.Load()
	case status < 200:
		refusal = e.unavailable(fmt.Sprintf("it changed the protocol (%d)", status))
	case status/100 == 3 && status != http.StatusNotModified:
		refusal = e.unavailable(fmt.Sprintf("it redirects (%d) to %s: check its endpoint, region and addressing", status, location(answer)))
	case status < 400 && e.body != nil && !e.body.whole.Load():
		refusal = e.unavailable(fmt.Sprintf("it answered %d before it had the whole request", status))
	default:
		resp := e.pass(answer)
		if refusal = e.disown(resp); refusal == nil {
			e.report.Outcome = Answered
			return resp, nil
		}
	}
	e.end() // before the body is closed, so that nothing more of the request is sent
	_ = answer.Body.Close()
	return nil, refusal
}

// pass is the answer for the client.
func (e *exchange) pass(answer *http.Response) *wire.Response {
	if e.body != nil && !e.body.whole.Load() {
		e.body.stopped.Store(true)
	}
	resp := nethttp.Response(answer)
	if resp.Body == nil {
		_ = answer.Body.Close()
		e.end()
		return resp
	}
	resp.Body = &responseBody{body: resp.Body, exchange: e}
	return resp
}

// failed is the refusal for a request that got no answer.
func (e *exchange) failed(err error) *wire.Refusal {
	if e.body != nil {
		if refusal := e.body.failure.Load(); refusal != nil {
			e.report.Outcome = BodyRefused
			return refusal
		}
	}
	if cause := e.caller.Err(); cause != nil {
		e.report.Outcome = Canceled
		return e.unavailable("the client did not wait: " + cause.Error())
	}
	if stalled, ok := errors.AsType[*stall](context.Cause(e.ctx)); ok {
		e.report.Outcome = TimedOut
		return e.unavailable(stalled.Error())
	}
	if e.attempt.conn == nil {
		e.report.Outcome = Unreachable
	} else {
		e.report.Outcome = Broken
	}
	return e.unavailable(shorten(err.Error()))
}

// shorten keeps what an upstream sent, which net/http quotes in its errors,
// from filling the log.
func shorten(text string) string {
	const most = 300
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// cut tells of an answer that broke off.
func (e *exchange) cut(err error) error {
	err = fmt.Errorf("upstream %q: %w", e.upstream.options.Name, e.why(err))
	if observe := e.upstream.options.Observer.Cut; observe != nil {
		observe(e.report.RequestID, err)
	}
	return err
}

// why is the reason for an error of reading an answer.
func (e *exchange) why(err error) error {
	if stalled, ok := errors.AsType[*stall](context.Cause(e.ctx)); ok {
		return stalled
	}
	return err
}

// end gives back what the exchange holds and breaks the connection if it is
// still in use.
func (e *exchange) end() {
	e.dog.disarm(receiving)
	e.cancel(nil)
}

func (e *exchange) unavailable(cause string) *wire.Refusal {
	return wire.Unavailable(fmt.Sprintf("upstream %q: %s", e.upstream.options.Name, cause))
}

// location is where a redirect points, without its query, which may hold a
// signature.
func location(answer *http.Response) string {
	to, _, _ := strings.Cut(answer.Header.Get("Location"), "?")
	if to == "" {
		return "no location"
	}
	return fmt.Sprintf("%.200q", to)
}
