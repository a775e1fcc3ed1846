package upstream

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/sigv4"
)

const bufferSize = 64 << 10

// conn is a connection to an upstream that knows whether anything was written,
// and that prefers an early answer to a failed write.
type conn struct {
	net.Conn
	written atomic.Int64
	// serving is set once the connection carries requests.
	serving atomic.Bool
	// half is the exchange whose request has not been sent whole; nil if there
	// is none.
	half atomic.Pointer[exchange]
	// ended is closed when nothing more will be read.
	ended chan struct{}
	once  sync.Once
}

func dial(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// Whatever ends it, this process's death included, a connection ends
		// with a reset, unless Close finds that it may end orderly. A store may
		// take what it got before an orderly end for the whole of a body,
		// whatever its declared length: versitygw does so with an
		// UNSIGNED-PAYLOAD, and makes an object of it.
		linger(c, 0)
		return &conn{Conn: c, ended: make(chan struct{})}, nil
	}
}

// linger sets how a connection ends when it is closed: 0 resets it, -1 is the
// orderly end.
func linger(c net.Conn, seconds int) {
	if tcp, ok := c.(*net.TCPConn); ok {
		// It fails only for a connection that has ended already.
		_ = tcp.SetLinger(seconds)
	}
}

// underlying is our connection below what httptrace shows.
func underlying(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	out, _ := c.(*conn)
	return out
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end()
	}
	return n, err
}

// Write fails only after nothing more can be read. An upstream that refuses a
// request before it has read the body answers and closes; net/http would take
// the failure to write for the outcome, and lose the answer.
func (c *conn) Write(p []byte) (int, error) {
	if e := c.half.Load(); e != nil && e.ctx.Err() != nil {
		// Not even TLS's word that this is the end.
		c.abort()
		return 0, e.ctx.Err()
	}
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	if err != nil && c.serving.Load() {
		<-c.ended
	}
	return n, err
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, sigv4.ReadSize); return &b }}

// ReadFrom writes what it reads through a pooled buffer; io.Copy, which
// net/http sends bodies with, would make one for each body.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	var total int64
	for {
		n, err := r.Read(*buffer)
		if n > 0 {
			written, werr := c.Write((*buffer)[:n])
			total += int64(written)
			if werr != nil {
				return total, werr
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (c *conn) Close() error {
	c.end()
	if c.half.Load() == nil {
		linger(c.Conn, -1)
	}
	return c.Conn.Close()
}

// abort resets the connection.
func (c *conn) abort() {
	c.end()
	_ = c.Conn.Close()
}

func (c *conn) end() { c.once.Do(func() { close(c.ended) }) }
