package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// conn is a connection to an upstream. One exchange at a time has it.
type conn struct {
	net.Conn             // what is read and written
	below    net.Conn    // what it goes over: the same, but for TLS
	direct   *tcp.Direct // Conn, read and written without detours
	reader   *http1.Reader
	peek     tcp.Peek

	reading, writing tcp.Deadline
	// cancel is abort, made once.
	cancel func()
	// served tells that the connection has carried an exchange, idleSince the end
	// of the last one.
	served    bool
	idleSince time.Time
	// half tells that a request was begun and is not sent whole.
	half atomic.Bool
}

// dial connects, and shakes hands where the upstream speaks TLS.
func (u *Upstream) dial(ctx context.Context) (*conn, error) {
	below, err := u.dialer.DialContext(ctx, "tcp", u.address)
	if err != nil {
		return nil, err
	}
	// Whatever ends it, this process's death included, a connection ends with a
	// reset, unless close finds that it may end orderly. A store may take what it
	// got before an orderly end for the whole of a body, whatever its declared
	// length: versitygw does so with an UNSIGNED-PAYLOAD, and makes an object of it.
	tcp.SetLinger(below, 0)
	c := &conn{Conn: below, below: below}
	c.peek.Init(below)
	c.cancel = c.abort
	if u.tls != nil {
		secured := tls.Client(below, u.tls)
		ctx, cancel := context.WithTimeout(ctx, u.options.ConnectTimeout)
		defer cancel()
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = below.Close()
			return nil, &handshakeError{err}
		}
		c.Conn = secured
	}
	c.direct = tcp.NewDirect(c.Conn)
	c.reader = http1.NewReader(c.direct)
	c.reading.Set, c.writing.Set = c.SetReadDeadline, c.SetWriteDeadline
	return c, nil
}

type handshakeError struct{ error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.error.Error() }
func (e *handshakeError) Unwrap() error { return e.error }

// usable tells whether the connection, which nobody uses, can carry another
// exchange: it is open, and nothing came on it that nobody asked for, which
// would be taken for the next answer.
func (c *conn) usable() bool {
	if c.reader.Buffered() > 0 || c.peek.Look() != tcp.Nothing {
		return false
	}
	if c.Conn == c.below {
		return true
	}
	c.reading.Expire() // what TLS has received is there without waiting
	return errors.Is(c.reader.Await(), os.ErrDeadlineExceeded)
}

// fresh tells that the connection is new, or was used so lately that the upstream does
// not end it just now because it was not: an end that came before a tcp.Direct asks
// may go unnoticed.
func (c *conn) fresh(now time.Time) bool { return !c.served || now.Sub(c.idleSince) < time.Second }

// close ends the connection: orderly, unless a request was not sent whole.
func (c *conn) close() {
	if c.half.Load() {
		c.abort()
		return
	}
	tcp.SetLinger(c.below, -1)
	_ = c.Conn.Close()
}

// abort resets the connection, without TLS's word that this is the end.
func (c *conn) abort() { _ = c.below.Close() }
