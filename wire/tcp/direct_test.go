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

func TestDirect(t *testing.T) {
	t.Parallel()
	one, other := pair(t)
	d := tcp.NewDirect(one)
	// More than both systems' buffers hold, so that writing has to wait.
	sent := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	received := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(other)
		received <- all
	}()
	if n, err := d.Write(sent); n != len(sent) || err != nil {
		t.Fatal(n, err)
	}
	_ = one.CloseWrite()
	if got := <-received; !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came, or others than the %d that were sent", len(got), len(sent))
	}
	go func() {
		for range 3 {
			time.Sleep(time.Millisecond) // so that reading has to wait
			_, _ = other.Write([]byte("abc"))
		}
		_ = other.Close()
	}()
	got, err := io.ReadAll(d)
	if string(got) != "abcabcabc" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDirectFails(t *testing.T) {
	t.Parallel()
	read := func(d *tcp.Direct) error {
		_, err := d.Read(make([]byte, 1))
		return err
	}
	write := func(d *tcp.Direct) error {
		for {
			if _, err := d.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	}
	soon := func() time.Time { return time.Now().Add(10 * time.Millisecond) }
	for _, tt := range []struct {
		name   string
		before func(one, other *net.TCPConn)
		do     func(*tcp.Direct) error
		want   []error // any of them
	}{
		{"ended", func(_, other *net.TCPConn) { _ = other.Close() }, read, []error{io.EOF}},
		{"reset", func(_, other *net.TCPConn) { tcp.SetLinger(other, 0); _ = other.Close() }, read, []error{syscall.ECONNRESET}},
		{"reset while it is written to", func(_, other *net.TCPConn) { tcp.SetLinger(other, 0); _ = other.Close() }, write, []error{syscall.ECONNRESET, syscall.EPIPE}},
		{"read for too long", func(one, _ *net.TCPConn) { _ = one.SetReadDeadline(soon()) }, read, []error{os.ErrDeadlineExceeded}},
		{"written to for too long", func(one, _ *net.TCPConn) { _ = one.SetWriteDeadline(soon()) }, write, []error{os.ErrDeadlineExceeded}},
		{"closed here, read", func(one, _ *net.TCPConn) { _ = one.Close() }, read, []error{net.ErrClosed}},
		{"closed here, written", func(one, _ *net.TCPConn) { _ = one.Close() }, write, []error{net.ErrClosed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, other := pair(t)
			d := tcp.NewDirect(one)
			tt.before(one, other)
			err := tt.do(d)
			isOneOf(t, err, tt.want)
		})
	}
}

// What is not a TCP connection is read and written as it is.
func TestDirectOther(t *testing.T) {
	t.Parallel()
	one, other := net.Pipe()
	defer one.Close()
	go func() {
		_, _ = io.Copy(other, other)
		_ = other.Close()
	}()
	d := tcp.NewDirect(one)
	got := make([]byte, 3)
	if _, err := d.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(d, got); err != nil || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
}
