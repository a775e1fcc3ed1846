package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/wire/http1"
)

// conn is a connection to an upstream. One exchange at a time has it.
type conn struct {
	net.Conn          // what is read and written
	tcp      net.Conn // what it goes over: the same, but for TLS
	reader   *http1.Reader
	peek     peek

	reading, writing deadline
	// served tells that the connection has carried an exchange, idleSince the end
	// of the last one.
	served    bool
	idleSince time.Time
	// half tells that a request was begun and is not sent whole.
	half atomic.Bool
}

// dial connects, and shakes hands where the upstream speaks TLS.
func (u *Upstream) dial(ctx context.Context) (*conn, error) {
	tcp, err := u.dialer.DialContext(ctx, "tcp", u.address)
	if err != nil {
		return nil, err
	}
	// Whatever ends it, this process's death included, a connection ends with a
	// reset, unless close finds that it may end orderly. A store may take what it
	// got before an orderly end for the whole of a body, whatever its declared
	// length: versitygw does so with an UNSIGNED-PAYLOAD, and makes an object of it.
	linger(tcp, 0)
	c := &conn{Conn: tcp, tcp: tcp}
	c.peek.init(tcp)
	if u.tls != nil {
		secured := tls.Client(tcp, u.tls)
		ctx, cancel := context.WithTimeout(ctx, u.options.ConnectTimeout)
		defer cancel()
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = tcp.Close()
			return nil, &handshakeError{err}
		}
		c.Conn = secured
	}
	c.reader = http1.NewReader(c.Conn)
	c.reading.set, c.writing.set = c.SetReadDeadline, c.SetWriteDeadline
	return c, nil
}

type handshakeError struct{ error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.error.Error() }
func (e *handshakeError) Unwrap() error { return e.error }

// linger sets how a connection ends when it is closed: 0 resets it, -1 is the
// orderly end.
func linger(c net.Conn, seconds int) {
	if tcp, ok := c.(*net.TCPConn); ok {
		// It fails only for a connection that has ended already.
		_ = tcp.SetLinger(seconds)
	}
}

// usable tells whether the connection, which nobody uses, can carry another
// exchange: it is open, and nothing came on it that nobody asked for, which
// would be taken for the next answer.
func (c *conn) usable() bool {
	if c.reader.Buffered() > 0 || !c.peek.quiet() {
		return false
	}
	if c.Conn == c.tcp {
		return true
	}
	c.reading.expire() // what TLS has received is there without waiting
	return errors.Is(c.reader.Await(), os.ErrDeadlineExceeded)
}

// close ends the connection: orderly, unless a request was not sent whole.
func (c *conn) close() {
	if c.half.Load() {
		c.abort()
		return
	}
	linger(c.tcp, -1)
	_ = c.Conn.Close()
}

// abort resets the connection, without TLS's word that this is the end.
func (c *conn) abort() { _ = c.tcp.Close() }

// deadline bounds the next steps of a connection. Setting one costs a lock in
// the poller, so it is set for a quarter longer than asked, and stays as long as
// it allows what is asked.
type deadline struct {
	set func(time.Time) error

	mu    sync.Mutex
	until time.Time
}

// allow gives the next step at least so long.
func (d *deadline) allow(limit time.Duration) {
	least := time.Now().Add(limit)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until.Before(least) || d.until.Sub(least) > limit/4 {
		d.until = least.Add(limit / 4)
		_ = d.set(d.until)
	}
}

// expire ends the current step.
func (d *deadline) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until = time.Unix(1, 0)
	_ = d.set(d.until)
}

// lift takes the deadline away.
func (d *deadline) lift() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.until.IsZero() {
		d.until = time.Time{}
		_ = d.set(d.until)
	}
}
