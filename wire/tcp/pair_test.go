package tcp_test

import (
	"errors"
	"net"
	"slices"
	"testing"
)

// pair is the two ends of a connection.
func pair(t testing.TB) (_, _ *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	one, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = one.Close(), other.Close() })
	return one.(*net.TCPConn), other.(*net.TCPConn)
}

// isOneOf wants an error to be any of some.
func isOneOf(t *testing.T, err error, want []error) {
	t.Helper()
	if !slices.ContainsFunc(want, func(one error) bool { return errors.Is(err, one) }) {
		t.Errorf("%v, want one of %v", err, want)
	}
}
