package arrivals

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long an answer may take.
const patience = 30 * time.Second

// transport sends the requests of a load in turn, whatever it is asked for, over
// connections that are kept: as many as are needed at a time. It is
// http.RoundTripper for many goroutines.
type transport struct {
	load   *Load
	dialer net.Dialer
	next   atomic.Uint64

	mu   sync.Mutex
	idle []*conn
}

// conn is a connection, with what has been read of it.
type conn struct {
	net.Conn
	in *bufio.Reader
}

// open opens some connections.
func (l *Load) open(ctx context.Context, connections int) (*transport, error) {
	t := &transport{load: l}
	if l.From != "" {
		t.dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(l.From)}
	}
	for range connections {
		c, err := t.dial(ctx)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.idle = append(t.idle, c)
	}
	return t, nil
}

func (t *transport) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := t.dialer.DialContext(ctx, "tcp", t.load.Address)
	if err != nil {
		return nil, err
	}
	return &conn{raw, bufio.NewReader(raw)}, nil
}

// RoundTrip implements http.RoundTripper. An answer of the wrong kind is an
// error; one of the right kind has no body any more.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := t.take(r.Context())
	if err != nil {
		return nil, err
	}
	request := t.load.Requests[(t.next.Add(1)-1)%uint64(len(t.load.Requests))]
	response, err := c.exchange(request, r)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if response.Close {
		_ = c.Close() // as the server has
	} else {
		t.keep(c)
	}
	if refused := response.StatusCode >= http.StatusBadRequest; refused != t.load.Refused || !refused && response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	return response, nil
}

func (t *transport) take(ctx context.Context) (*conn, error) {
	t.mu.Lock()
	if last := len(t.idle) - 1; last >= 0 {
		c := t.idle[last]
		t.idle = t.idle[:last]
		t.mu.Unlock()
		return c, nil
	}
	t.mu.Unlock()
	return t.dial(ctx)
}

func (t *transport) keep(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, c)
}

// exchange sends a request and reads the answer to its end.
func (c *conn) exchange(request []byte, r *http.Request) (*http.Response, error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.in, r)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	response.Body = http.NoBody
	return response, nil
}

// Close closes what is idle: all, when nothing is under way.
func (t *transport) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, c := range t.idle {
		errs = append(errs, c.Close())
	}
	t.idle = nil
	return errors.Join(errs...)
}
