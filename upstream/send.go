package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"

	"github.com/sallyport-iam/sallyport/wire"
)

// send sends a request whose head is in buffer, and reads the head of the
// answer; a second time if the connection was stale.
func (e *exchange) send(req *wire.Request, buffer *[]byte) error {
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
			return err
		}
	}
	if err := e.upstream.pool.enter(e.caller, e.upstream.options.ProgressTimeout); err != nil {
		return err
	}
	c := e.upstream.pool.take()
	e.report.Reused = c != nil
	if c == nil {
		var err error
		if c, err = e.upstream.dial(e.caller); err != nil {
			e.upstream.pool.leave()
			return err
		}
	}
	e.use(c)
	more := e.body != nil && !e.body.whole.Load()
	owned = !more
	err := e.exchange(req.Method, message, buffer, more)
	if err == nil || !e.stale(req.Method, err) {
		return err
	}
	e.report.Retried, e.report.Reused = true, false
	e.drop()
	if c, err = e.upstream.dial(e.caller); err != nil {
		e.upstream.pool.leave()
		return err
	}
	e.use(c)
	return e.exchange(req.Method, message, nil, false)
}

// leastPiece is the room that a head leaves for the first piece of a body.
const leastPiece = 8<<10 + maxFrame

// use begins an exchange on a connection.
func (e *exchange) use(c *conn) {
	e.conn = c
	// One that has this itself may do it without allocating.
	if ctx, ok := e.caller.(interface {
		AfterFunc(f func()) (stop func() bool)
	}); ok {
		e.unwatch = ctx.AfterFunc(c.cancel)
		return
	}
	e.unwatch = context.AfterFunc(e.caller, c.cancel)
}

// exchange writes a message and reads the head of the answer. If there is more
// of the body, it is sent meanwhile, with buffer, which is its own from here on.
func (e *exchange) exchange(method string, message []byte, buffer *[]byte, more bool) error {
	c, o := e.conn, &e.upstream.options
	c.half.Store(e.body != nil)
	switch {
	case e.body == nil:
		asked := 0
		if c.fresh(e.began) {
			c.reading.Allow(o.ResponseHeaderTimeout)
			asked = c.direct.Ask(message)
		}
		if asked < len(message) {
			c.writing.Allow(o.ProgressTimeout)
			if _, err := c.direct.Write(message[asked:]); err != nil {
				return e.unwritten(err)
			}
			c.reading.Allow(o.ResponseHeaderTimeout)
		}
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
	err := c.reader.Response(&e.head, method, maxAnswerHead)
	if err == nil {
		e.last = e.head.Last
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &stall{awaiting, o.ResponseHeaderTimeout}
	}
	return err
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
