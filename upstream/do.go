package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
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
// The caller closes call.Body, and the Response's Body if there is one.
func (u *Upstream) Do(ctx context.Context, call *Call) (resp *wire.Response, refusal *wire.Refusal) {
	e := &exchange{upstream: u, began: time.Now(), caller: ctx, report: Exchange{RequestID: call.RequestID}}
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
	// answer is the answer's body.
	answer responseBody
	// last tells that the connection serves nothing after the answer.
	last bool
	// signedByClient tells that the signature is the client's own.
	signedByClient bool
}

func (e *exchange) run(call *Call) (*wire.Response, *wire.Refusal) {
	e.report.Outcome = NotSent
	e.signedByClient = e.upstream.options.Passthrough && !call.Own
	req, refusal := e.upstream.rewrite(e.caller, call)
	if refusal != nil {
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
	answer, err := e.send(req, buffer)
	if err != nil {
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

// send sends a request whose head is in buffer, and reads the head of the
// answer; a second time if the connection was stale.
func (e *exchange) send(req *wire.Request, buffer *[]byte) (*http1.Response, error) {
	owned := true
	defer func() {
		if owned {
			buffers.Put(buffer)
		}
	}()
	// The first piece goes with the head. Before a connection is taken, which a
	// client that sends nothing need not hold.
	message := *buffer
	if e.body != nil {
		var err error
		if cap(message)-len(message) < leastPiece {
			message = slices.Grow(message, leastPiece)
		}
		if message, err = e.body.piece(message); err != nil {
			return nil, err
		}
	}
	if err := e.upstream.pool.enter(e.caller, e.upstream.options.ProgressTimeout); err != nil {
		return nil, err
	}
	c := e.upstream.pool.take()
	e.report.Reused = c != nil
	if c == nil {
		var err error
		if c, err = e.upstream.dial(e.caller); err != nil {
			e.upstream.pool.leave()
			return nil, err
		}
	}
	e.use(c)
	more := e.body != nil && !e.body.whole.Load()
	owned = !more
	answer, err := e.exchange(req.Method, message, buffer, more)
	if err == nil || !e.stale(req.Method, err) {
		return answer, err
	}
	e.report.Retried, e.report.Reused = true, false
	e.drop()
	if c, err = e.upstream.dial(e.caller); err != nil {
		e.upstream.pool.leave()
		return nil, err
	}
	e.use(c)
	return e.exchange(req.Method, message, nil, false)
}

// leastPiece is the room that a head leaves for the first piece of a body.
const leastPiece = 8<<10 + maxFrame

// use begins an exchange on a connection.
func (e *exchange) use(c *conn) {
	e.conn = c
	e.unwatch = context.AfterFunc(e.caller, c.abort)
}

// exchange writes a message and reads the head of the answer. If there is more
// of the body, it is sent meanwhile, with buffer, which is its own from here on.
func (e *exchange) exchange(method string, message []byte, buffer *[]byte, more bool) (*http1.Response, error) {
	c, o := e.conn, &e.upstream.options
	c.half.Store(e.body != nil)
	switch {
	case e.body == nil:
		c.writing.Allow(o.ProgressTimeout)
		if _, err := c.Write(message); err != nil {
			return nil, e.unwritten(err)
		}
		c.reading.Allow(o.ResponseHeaderTimeout)
	case more:
		c.reading.Lift()
		e.body.sent = make(chan struct{})
		if !e.body.write(c, message) {
			close(e.body.sent)
			buffers.Put(buffer)
		} else {
			go e.body.send(c, buffer)
		}
	default:
		e.body.write(c, message)
	}
	answer, err := c.reader.Response(method, maxAnswerHead)
	if err == nil {
		e.last = answer.Last
		return answer, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &stall{awaiting, o.ResponseHeaderTimeout}
	}
	return nil, err
}

// maxAnswerHead is the greatest size of an answer's header, in bytes.
const maxAnswerHead = 64 << 10

// unwritten is why a request without a body could not be written.
func (e *exchange) unwritten(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &stall{sending, e.upstream.options.ProgressTimeout}
	}
	return &writeError{err}
}

// writeError tells that the head of a request was not written whole.
type writeError struct{ error }

func (w *writeError) Unwrap() error { return w.error }

// stale tells whether a failed request may be sent again: a connection that
// had served before ended, no body was sent and no byte of an answer seen. A
// request that is not idempotent must not have left at all (RFC 9110, section
// 9.2.2).
func (e *exchange) stale(method string, err error) bool {
	if !e.conn.served || e.body != nil || e.caller.Err() != nil || e.conn.reader.Buffered() > 0 {
		return false
	}
	if _, ok := errors.AsType[*writeError](err); ok {
		return true // no request without its whole head is one
	}
	if method == http.MethodPost || method == http.MethodPatch {
		return false
	}
	return err == io.EOF || errors.Is(err, syscall.ECONNRESET)
}

// judge passes an answer on, or not. That a body did not hold comes first: what
// the upstream says of half a request is of no interest.
func (e *exchange) judge(answer *http1.Response) (*wire.Response, *wire.Refusal) {
	status := answer.Status
	e.report.Status, e.report.Outcome = status, Rejected
	var refusal *wire.Refusal
	switch {
	case e.body != nil && e.body.failure.Load() != nil:
		e.report.Outcome, refusal = BodyRefused, e.body.failure.Load()
	case status < 200:
		refusal = e.unavailable(fmt.Sprintf("it changed the protocol (%d)", status))
	case status/100 == 3 && status != http.StatusNotModified:
		refusal = e.unavailable(fmt.Sprintf("it redirects (%d) to %s: check its endpoint, region and addressing", status, location(answer)))
	case status < 400 && e.body != nil && !e.sentWhole():
		refusal = e.unavailable(fmt.Sprintf("it answered %d before it had the whole request", status))
	default:
		resp := e.pass(answer)
		if refusal = e.disown(resp); refusal == nil {
			e.report.Outcome = Answered
			return resp, nil
		}
	}
	return nil, refusal
}

// sentWhole tells that the body was sent to its end. Where only the last write of
// it is left, it waits for that: an upstream that had all of it lets it end.
func (e *exchange) sentWhole() bool {
	if !e.body.whole.Load() {
		return false
	}
	if e.body.sent != nil {
		<-e.body.sent
	}
	return !e.conn.half.Load()
}

// pass is the answer for the client.
func (e *exchange) pass(answer *http1.Response) *wire.Response {
	if e.body != nil && !e.body.whole.Load() {
		e.body.stopped.Store(true)
	}
	resp := &wire.Response{Status: answer.Status, Fields: keepEndToEnd(answer.Fields), BodySize: answer.Length}
	if answer.Length == 0 {
		e.finish()
		return resp
	}
	e.answer = responseBody{body: e.conn.reader.AnswerBody(answer), exchange: e}
	resp.Body = &e.answer
	return resp
}

// keepEndToEnd is an answer's fields without those of the connection it came
// over, which Connection may name too (RFC 9110, section 7.6.1).
func keepEndToEnd(fields wire.Fields) wire.Fields {
	named := ""
	for i := range fields {
		if fields[i].Name == "connection" {
			named += "," + fields[i].Value
		}
	}
	kept := fields[:0]
	for _, field := range fields {
		if !http1.HopByHop(field.Name) && (named == "" || !names(named, field.Name)) {
			kept = append(kept, field)
		}
	}
	clear(fields[len(kept):])
	return kept
}

// names tells whether a list of tokens has one.
func names(list, token string) bool {
	for named := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(named, " \t"), token) {
			return true
		}
	}
	return false
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
	err = e.why(err)
	switch _, stalled := errors.AsType[*stall](err); {
	case stalled:
		e.report.Outcome = TimedOut
	case e.conn == nil:
		e.report.Outcome = Unreachable
	default:
		e.report.Outcome = Broken
	}
	return e.unavailable(shorten(err.Error()))
}

// shorten keeps what an upstream sent from filling the log.
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

// why is the reason for an error: that the request could not be sent before
// that there was no answer to it.
func (e *exchange) why(err error) error {
	if e.body != nil {
		if unsent := e.body.unsent.Load(); unsent != nil {
			return *unsent
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &stall{receiving, e.upstream.options.ProgressTimeout}
	}
	return err
}

// finish ends an exchange whose answer was read to its end: the connection is
// kept for another if it can carry one.
func (e *exchange) finish() {
	if e.last || e.mayBeUnread() || !e.unwatch() {
		e.end()
		return
	}
	c := e.conn
	e.conn = nil
	e.upstream.pool.put(c)
	e.upstream.pool.leave()
}

// mayBeUnread tells that the upstream may have left a part of the body on the
// connection. Some stores take that for the next request, whose answer would then
// be that of somebody else's: versitygw's HTTP engine after an error, and of
// chunks even what stands behind the last byte that was asked for.
func (e *exchange) mayBeUnread() bool {
	return e.body != nil && (e.report.Status >= 400 || e.body.size < 0)
}

// end gives back what the exchange holds and ends the connection if it is still
// in use.
func (e *exchange) end() {
	if e.body != nil {
		e.body.stopped.Store(true)
	}
	if e.conn != nil {
		e.drop()
		e.upstream.pool.leave()
	}
}

// drop ends the connection.
func (e *exchange) drop() {
	e.unwatch()
	e.conn.close()
	e.conn = nil
}

func (e *exchange) unavailable(cause string) *wire.Refusal {
	return wire.Unavailable(fmt.Sprintf("upstream %q: %s", e.upstream.options.Name, cause))
}

// location is where a redirect points, without its query, which may hold a
// signature.
func location(answer *http1.Response) string {
	to, _, _ := strings.Cut(answer.Fields.Get("location"), "?")
	if to == "" {
		return "no location"
	}
	return fmt.Sprintf("%.200q", to)
}
