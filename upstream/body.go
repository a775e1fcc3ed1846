package upstream

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// requestBody is a request's body on its way to the upstream. It knows whether
// net/http began to read it, whether it was whole, and why it was not.
//
// net/http reads it in a goroutine of its own, which may go on after an early
// answer was returned.
type requestBody struct {
	source   io.Reader
	size     int64
	verifier *sigv4.Body // nil for a body in memory
	exchange *exchange

	count   int64
	begun   atomic.Bool
	whole   atomic.Bool
	stopped atomic.Bool
	failure atomic.Pointer[wire.Refusal]
}

var (
	errStopped = errors.New("the upstream answered before the body was sent")
	errLength  = errors.New("the body is not as long as declared")
)

func (b *requestBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	if b.stopped.Load() {
		// An error would make net/http close the connection that the answer
		// is still being read from.
		<-b.exchange.ctx.Done()
		return 0, errStopped
	}
	e := b.exchange
	e.dog.disarm(sending)
	n, err := b.source.Read(p)
	b.count += int64(n)
	if b.size >= 0 && (b.count > b.size || err == io.EOF && b.count < b.size) {
		n, err = 0, errLength
	}
	switch {
	case err != nil && err != io.EOF:
		b.refuse(err)
	case err == io.EOF, b.count == b.size:
		// Before net/http can send the last byte, so that an answer to the
		// whole body finds the body whole.
		b.whole.Store(true)
		e.dog.arm(awaiting, e.upstream.options.ResponseHeaderTimeout)
	default:
		e.dog.arm(sending, e.upstream.options.ProgressTimeout)
	}
	return n, err
}

// Close does nothing: the body belongs to the caller of Do.
func (b *requestBody) Close() error { return nil }

// refuse keeps why the body cannot go on: the verifier's word, or what S3 says
// of a client that stopped sending.
func (b *requestBody) refuse(err error) {
	refusal, ok := errors.AsType[*wire.Refusal](err)
	if !ok && b.verifier != nil {
		refusal = b.verifier.Refusal()
	}
	if refusal == nil {
		refusal = &wire.Refusal{
			Status:  http.StatusBadRequest,
			Code:    "IncompleteBody",
			Message: "You did not provide the number of bytes specified by the Content-Length HTTP header",
			Close:   true,
			Cause:   "reading the request's body: " + err.Error(),
		}
	}
	b.failure.Store(refusal)
	if c := b.exchange.attempt.conn; c != nil && c.half.Load() != nil && !b.stopped.Load() {
		c.abort()
	}
}

// responseBody is an answer's body on its way to the client. Closing it ends
// the exchange.
type responseBody struct {
	body     io.ReadCloser
	exchange *exchange
	// peeked is what was read of an error to judge it.
	peeked []byte
}

func (b *responseBody) Read(p []byte) (int, error) {
	if len(b.peeked) > 0 {
		n := copy(p, b.peeked)
		b.peeked = b.peeked[n:]
		return n, nil
	}
	n, err := b.receive(p)
	if err != nil && err != io.EOF {
		err = b.exchange.cut(err)
	}
	return n, err
}

// receive reads from the upstream.
func (b *responseBody) receive(p []byte) (int, error) {
	e := b.exchange
	e.dog.arm(receiving, e.upstream.options.ProgressTimeout)
	n, err := b.body.Read(p)
	e.dog.disarm(receiving)
	return n, err
}

func (b *responseBody) Close() error {
	err := b.body.Close()
	b.exchange.end()
	return err
}
