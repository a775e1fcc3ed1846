package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// buffers are for what is written to upstreams: a head and the beginning of a
// body, or a piece of one.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, sigv4.ReadSize)
	return &b
}}

// largeBuffers are for the pieces of large bodies: what a system call and a wake-up
// cost is spread over more bytes, which the processor's own cache still holds
// between being read, hashed and written.
var largeBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 240<<10)
	return &b
}}

// largeBody is the size from which a body is large. One in chunks never is: the
// memory for these and such a piece would be more than a body may hold.
const largeBody = 1 << 20

// requestBody is a request's body on its way to the upstream. Its first piece
// goes with the head; the others are sent by a goroutine of their own, which may
// go on waiting for the client after an early answer was returned.
type requestBody struct {
	source   io.Reader
	size     int64
	verifier *sigv4.Body // nil for a body in memory
	exchange *exchange
	count    int64

	// whole tells that the last byte was read, and may have been sent.
	whole atomic.Bool
	// stopped tells that the upstream wants no more of it.
	stopped atomic.Bool
	// failure is why the body cannot go on, unsent why it could not be sent.
	failure atomic.Pointer[wire.Refusal]
	unsent  atomic.Pointer[error]
	// sent is closed when the goroutine has ended; nil if there is none.
	sent chan struct{}
}

var errLength = errors.New("the body is not as long as declared")

// maxFrame is what stands around a piece of a body in chunks, in bytes.
const maxFrame = http1.MaxChunkHead + len(http1.ChunkEnd) + len(http1.LastChunk)

// piece appends the next piece of the body, in its framing. It fails if the body
// does not hold, or does not come.
func (b *requestBody) piece(dst []byte) ([]byte, error) {
	if b.size >= 0 {
		n, err := b.read(dst[len(dst):cap(dst)])
		return dst[:len(dst)+n], err
	}
	begin := len(dst) + http1.MaxChunkHead
	n, err := b.read(dst[begin : cap(dst)-maxFrame+http1.MaxChunkHead])
	if err != nil {
		return dst, err
	}
	if n > 0 {
		dst = http1.AppendChunk(dst, n)
		dst = append(dst, dst[begin:begin+n]...) // the line is shorter than its room
		dst = append(dst, http1.ChunkEnd...)
	}
	if b.whole.Load() {
		dst = append(dst, http1.LastChunk...)
	}
	return dst, nil
}

func (b *requestBody) read(p []byte) (int, error) {
	n, err := b.source.Read(p)
	b.count += int64(n)
	if b.size >= 0 && (b.count > b.size || err == io.EOF && b.count < b.size) {
		n, err = 0, errLength
	}
	switch {
	case err != nil && err != io.EOF:
		b.refuse(err)
		return 0, err
	case err == io.EOF, b.count == b.size:
		// Before the last byte is sent, so that an answer to the whole body finds
		// it whole.
		b.whole.Store(true)
	}
	return n, nil
}

// send sends what is left of the body. Whatever ends it early ends the wait for
// the answer too: the connection's end, or its deadline.
func (b *requestBody) send(c *conn, buffer *[]byte) {
	defer close(b.sent)
	from := &buffers
	defer func() { from.Put(buffer) }()
	defer func() {
		if p := recover(); p != nil { // which nobody else on this goroutine would refuse
			b.refuse(wire.Unavailable(fmt.Sprintf("panic while the body was sent: %v\n%s", p, debug.Stack())))
			c.abort()
		}
	}()
	if !b.pass(c) {
		return
	}
	if b.size-b.count >= largeBody && (b.verifier == nil || !b.verifier.InChunks()) { // one buffer for each body
		from.Put(buffer)
		from, buffer = &largeBuffers, largeBuffers.Get().(*[]byte)
	}
	for !b.whole.Load() && !b.stopped.Load() {
		piece, err := b.piece((*buffer)[:0])
		if b.stopped.Load() {
			return
		}
		if err != nil {
			c.abort()
			return
		}
		if !b.write(c, piece) {
			return
		}
	}
}

// pass moves the body but its end straight from the client's connection, where
// that is possible and nobody here has to see it; false if that was its end.
func (b *requestBody) pass(c *conn) bool {
	store, ok := c.Conn.(*net.TCPConn)
	if !ok || b.verifier == nil || b.size < 0 {
		return true
	}
	source, left := b.verifier.Source()
	passer, ok := source.(tcp.Passer)
	if left -= sigv4.ReadSize; !ok || left <= 0 {
		return true
	}
	limit := b.exchange.upstream.options.ProgressTimeout
	moved, err := passer.PassTo(store, left, func() { c.writing.Allow(limit) })
	b.count += moved
	b.verifier.Passed(moved, nil)
	switch {
	case b.stopped.Load():
		return false
	case err == nil:
		return true
	}
	if b.exchange.caller.Err() == nil {
		if _, ok := errors.AsType[*tcp.WriteError](err); ok {
			b.unwritten(c, err)
			return false
		}
		b.verifier.Passed(0, err)
		b.refuse(err)
	}
	c.abort()
	return false
}

// write sends a piece.
func (b *requestBody) write(c *conn, piece []byte) bool {
	e := b.exchange
	if e.caller.Err() != nil {
		c.abort() // not even TLS's word that this is the end
		return false
	}
	c.writing.Allow(e.upstream.options.ProgressTimeout)
	if _, err := c.direct.Write(piece); err != nil {
		b.unwritten(c, err)
		return false
	}
	if b.whole.Load() {
		c.reading.Allow(e.upstream.options.ResponseHeaderTimeout)
		// Last: from here on another exchange may have the connection.
		c.half.Store(false)
	}
	return true
}

// unwritten keeps why the body cannot be sent. An upstream that refuses a request
// before it has read the body answers and closes: that the rest cannot be written
// is not the outcome.
func (b *requestBody) unwritten(c *conn, err error) {
	o := &b.exchange.upstream.options
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &stall{sending, o.ProgressTimeout}
		b.unsent.Store(&err)
		c.abort()
		return
	}
	b.unsent.Store(&err)
	c.reading.Allow(o.ResponseHeaderTimeout)
}

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
}
