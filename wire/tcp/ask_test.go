package tcp_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// ask asks, and writes what Ask did not.
func ask(d *tcp.Direct, p []byte) error {
	if n := d.Ask(p); n < len(p) {
		_, err := d.Write(p[n:])
		return err
	}
	return nil
}

// TestAsk: whatever is asked, and however long the answer takes, it is read as it came.
func TestAsk(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), 2<<20) // more than both systems' buffers hold
	for _, question := range [][]byte{[]byte("a"), bytes.Repeat([]byte("b"), 3000), large} {
		one, other := pair(t)
		d := tcp.NewDirect(one)
		go func() {
			for round := range 20 {
				_, _ = io.CopyN(io.Discard, other, int64(len(question)))
				if round%2 == 1 {
					time.Sleep(time.Millisecond) // so that it has to wait
				}
				_, _ = other.Write([]byte{byte(round)})
				if len(question) == len(large) {
					break
				}
			}
			_ = other.Close()
		}()
		for round := 0; ; round++ {
			got := make([]byte, 2)
			err := ask(d, question)
			n, failed := d.Read(got)
			if round > 0 && (err != nil || failed != nil) { // it has ended
				break
			}
			if n != 1 || got[0] != byte(round) || err != nil || failed != nil {
				t.Fatalf("%d bytes, round %d: %q, %v, %v", len(question), round, got[:n], err, failed)
			}
		}
	}
}

// TestAskFails: what Ask does not tell, the next Write or Read does.
func TestAskFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before func(one, other *net.TCPConn)
		want   []error // any of them, of writing or of reading
	}{
		{"ended before, which may go unnoticed", func(one, other *net.TCPConn) {
			_ = one.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_ = other.CloseWrite()
		}, []error{io.EOF, os.ErrDeadlineExceeded}},
		{"ended once asked", func(_, other *net.TCPConn) {
			go func() {
				_, _ = io.ReadFull(other, make([]byte, 3))
				_ = other.Close()
			}()
		}, []error{io.EOF}},
		{"reset once asked", func(_, other *net.TCPConn) {
			go func() {
				_, _ = io.ReadFull(other, make([]byte, 3))
				tcp.SetLinger(other, 0)
				_ = other.Close()
			}()
		}, []error{syscall.ECONNRESET}},
		{"reset", func(_, other *net.TCPConn) { tcp.SetLinger(other, 0); _ = other.Close() }, []error{syscall.ECONNRESET, syscall.EPIPE}},
		{"no answer", func(one, _ *net.TCPConn) { _ = one.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) }, []error{os.ErrDeadlineExceeded}},
		{"too late", func(one, _ *net.TCPConn) { _ = one.SetReadDeadline(time.Unix(1, 0)) }, []error{os.ErrDeadlineExceeded}},
		{"closed here", func(one, _ *net.TCPConn) { _ = one.Close() }, []error{net.ErrClosed}},
		{"closed here once asked", func(one, other *net.TCPConn) {
			go func() {
				_, _ = io.ReadFull(other, make([]byte, 3))
				_ = one.Close()
			}()
		}, []error{net.ErrClosed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, other := pair(t)
			d := tcp.NewDirect(one)
			tt.before(one, other)
			err := ask(d, []byte("abc"))
			if err == nil {
				_, err = d.Read(make([]byte, 1))
			}
			isOneOf(t, err, tt.want)
		})
	}
}

// What is no TCP connection is not asked so.
func TestAskOther(t *testing.T) {
	t.Parallel()
	one, _ := net.Pipe()
	defer one.Close()
	if n := tcp.NewDirect(one).Ask([]byte("abc")); n != 0 {
		t.Errorf("%d bytes were written", n)
	}
}
