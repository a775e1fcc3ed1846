package tcp_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// move is Move of n bytes from a sender to a receiver, with limit for each wait.
func move(t testing.TB, n int64, limit time.Duration, send func(io.Writer), receive func(io.Reader)) (moved int64, err error) {
	t.Helper()
	sender, from := pair(t)
	to, receiver := pair(t)
	go func() {
		send(sender)
		_ = sender.CloseWrite()
	}()
	received := make(chan struct{})
	go func() {
		defer close(received)
		receive(receiver)
	}()
	reading, writing := tcp.Deadline{Set: from.SetReadDeadline}, tcp.Deadline{Set: to.SetWriteDeadline}
	moved, err = tcp.Move(to, from, n, func() error {
		reading.Allow(limit)
		writing.Allow(limit)
		return nil
	})
	_ = to.Close()
	<-received
	return moved, err
}

func discard(r io.Reader) { _, _ = io.Copy(io.Discard, r) }

func TestMove(t *testing.T) {
	t.Parallel()
	const size, limit = 64 << 20, time.Second
	const piece = 32 << 10
	fast := func(w io.Writer) { _, _ = w.Write(make([]byte, size)) }
	for _, tt := range []struct {
		name    string
		send    func(io.Writer)
		receive func(io.Reader)
		moved   int64 // at least
		err     error
		taker   bool // whose fault it is
	}{
		{"fast", fast, discard, size, nil, false},
		{"ends early", func(w io.Writer) { _, _ = w.Write(make([]byte, size/2)) }, discard, size / 2, io.ErrUnexpectedEOF, false},
		{"stalls", func(w io.Writer) { _, _ = w.Write(make([]byte, piece)); time.Sleep(2 * limit) }, discard, piece, os.ErrDeadlineExceeded, false},
		{"is not taken", fast, func(io.Reader) { time.Sleep(2 * limit) }, 0, os.ErrDeadlineExceeded, true},
		{"the taker goes away", fast, func(r io.Reader) {
			_, _ = io.CopyN(io.Discard, r, size/2)
			_ = r.(*net.TCPConn).SetLinger(0)
			_ = r.(*net.TCPConn).Close()
		}, size / 2, syscall.ECONNRESET, true},
		{"is reset", func(w io.Writer) {
			_, _ = w.Write(make([]byte, piece))
			_ = w.(*net.TCPConn).SetLinger(0)
			_ = w.(*net.TCPConn).Close()
		}, discard, 0, syscall.ECONNRESET, false},
		{"sent fast, and then slowly", func(w io.Writer) {
			const slow = 4 << 20
			_, _ = w.Write(make([]byte, size-slow))
			for range slow / piece {
				_, _ = w.Write(make([]byte, piece))
				time.Sleep(20 * time.Millisecond)
			}
		}, discard, size, nil, false},
		{"taken fast, and then slowly", fast, func(r io.Reader) {
			_, _ = io.CopyN(io.Discard, r, size-8<<20)
			for {
				if n, _ := io.ReadFull(r, make([]byte, piece)); n == 0 {
					return
				}
				time.Sleep(8 * time.Millisecond)
			}
		}, size, nil, false},
		{"sent slowly", func(w io.Writer) {
			for range 128 {
				_, _ = w.Write(make([]byte, 1<<10))
				time.Sleep(25 * time.Millisecond)
			}
		}, discard, 128 << 10, io.ErrUnexpectedEOF, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			moved, err := move(t, size, limit, tt.send, tt.receive)
			if !errors.Is(err, tt.err) || moved < tt.moved {
				t.Errorf("%d bytes, %v; want %d, %v", moved, err, tt.moved, tt.err)
			}
			if _, ok := errors.AsType[*tcp.WriteError](err); ok != tt.taker {
				t.Errorf("%v tells of the taker: %v, want %v", err, ok, tt.taker)
			}
		})
	}
}

func BenchmarkMove(b *testing.B) {
	const size = 1 << 30
	b.SetBytes(size)
	for b.Loop() {
		sent, received := make([]byte, 1<<20), make([]byte, 1<<20)
		if n, err := move(b, size, time.Minute, func(w io.Writer) {
			for range size / len(sent) {
				_, _ = w.Write(sent)
			}
		}, func(r io.Reader) {
			for {
				if n, _ := r.Read(received); n == 0 {
					return
				}
			}
		}); n != size {
			b.Fatal(n, err)
		}
	}
}
