package upstream

import (
	"io"
	"net"

	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// responseBody is an answer's body on its way to the client. Its end, or closing
// it, ends the exchange.
type responseBody struct {
	body     http1.Body
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
	if e.conn == nil { // it has ended
		return 0, io.EOF
	}
	e.conn.reading.Allow(e.upstream.options.ProgressTimeout)
	n, err := b.body.Read(p)
	if err == io.EOF {
		e.finish()
	}
	return n, err
}

// PassTo sends what it can of the body's rest straight from the upstream's
// connection to the client's, where the platform moves bytes from one to the
// other without copying them, and tells whether it did. What it leaves is there
// to be read. Before each step it calls allow, which gives the client its time
// for as many bytes. An error of client alone is returned as it is.
func (b *responseBody) PassTo(client *net.TCPConn, allow func()) (n int64, err error) {
	e := b.exchange
	if len(b.peeked) > 0 || e.conn == nil {
		return 0, nil
	}
	source, ok := e.conn.Conn.(*net.TCPConn)
	if !ok {
		return 0, nil
	}
	pace := tcp.NewPace(e.upstream.options.ProgressTimeout)
	for left := b.body.Left(); left > 0; left = b.body.Left() {
		e.conn.reading.Allow(e.upstream.options.ProgressTimeout)
		allow()
		moved, err := client.ReadFrom(&io.LimitedReader{R: source, N: min(left, pace.Step())})
		b.body.Passed(moved)
		n += moved
		switch {
		case err != nil:
			return n, b.failed(err)
		case moved == 0:
			return n, e.cut(io.ErrUnexpectedEOF)
		}
	}
	if n > 0 {
		e.finish()
	}
	return n, nil
}

// failed is the error of moving bytes, which does not tell whose it is: it is
// the upstream's unless that has more to send.
func (b *responseBody) failed(err error) error {
	if b.exchange.conn.peek.Look() == tcp.Bytes {
		return err
	}
	return b.exchange.cut(err)
}

func (b *responseBody) Close() error {
	b.exchange.end()
	return nil
}
