package standalone

import (
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/proxy"
)

// late is a listener that has accepted a connection and hands it over only when
// the door has ended.
type late struct {
	net.Listener
	ended chan struct{}
	conn  chan net.Conn
}

func (l *late) Accept() (net.Conn, error) {
	<-l.ended
	select {
	case conn := <-l.conn:
		return conn, nil
	default:
		return nil, net.ErrClosed
	}
}

// TestConnectionThatComesAtTheEnd: a connection that was accepted as the door
// ended is not served behind its back.
func TestConnectionThatComesAtTheEnd(t *testing.T) {
	t.Parallel()
	const patience = 20 * time.Second
	s, err := Listen(Options{
		Door: &proxy.Door{Name: "test"}, Address: "127.0.0.1:0", HealthPath: "/", Ready: func() bool { return true }, MaxHeader: 1 << 10,
		HeaderTimeout: 2 * patience, IdleTimeout: patience, ReadProgress: patience, WriteProgress: patience, Now: time.Now, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := &late{s.listener, make(chan struct{}), make(chan net.Conn, 1)}
	client, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := s.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	listener.conn <- conn
	s.listener = listener
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(listener.ended)
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = client.SetReadDeadline(time.Now().Add(patience))
	if answer, err := io.ReadAll(client); len(answer) > 0 {
		t.Errorf("served after the end: %q, %v", answer, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
