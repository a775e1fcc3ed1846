package upstream

import (
	"errors"
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

// PassTo moves what it can of the body straight to the client's connection; see
// tcp.Passer. An error that is the client's alone is returned as it is.
func (b *responseBody) PassTo(client *net.TCPConn, most int64, allow func()) (int64, error) {
	e := b.exchange
	if len(b.peeked) > 0 || e.conn == nil {
		return 0, nil
	}
	store, ok := e.conn.Conn.(*net.TCPConn)
	if most = min(most, b.body.Left()); !ok || most == 0 {
		return 0, nil
	}
	moved, err := tcp.Move(client, store, most, func() error {
		e.conn.reading.Allow(e.upstream.options.ProgressTimeout)
		allow()
		return nil
	})
	b.body.Passed(moved, err)
	if _, ok := errors.AsType[*tcp.WriteError](err); ok {
		return moved, err
	}
	if err != nil {
		return moved, e.cut(err)
	}
	if b.body.Whole() {
		e.finish()
	}
	return moved, nil
}

func (b *responseBody) Close() error {
	b.exchange.end()
	return nil
}
