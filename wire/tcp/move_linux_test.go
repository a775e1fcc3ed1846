package tcp_test

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// over is closed once Move has returned.
type over <-chan struct{}

// limits are for each wait for the sender, and for the receiver.
type limits struct{ sender, receiver time.Duration }

// move is Move of n bytes from a sender to a receiver, with limits for each wait. It
// calls waits before each that may begin.
func move(t testing.TB, n int64, limit limits, waits func(), send func(io.Writer, over), receive func(io.Reader, over)) (moved int64, err error) {
	t.Helper()
	sender, from := pair(t)
	to, receiver := pair(t)
	ended := make(chan struct{})
	go func() {
		send(sender, ended)
		_ = sender.CloseWrite()
	}()
	received := make(chan struct{})
	go func() {
		defer close(received)
		receive(receiver, ended)
	}()
	reading, writing := tcp.Deadline{Set: from.SetReadDeadline}, tcp.Deadline{Set: to.SetWriteDeadline}
	moved, err = tcp.Move(to, from, n, func() error {
		waits()
		reading.Allow(limit.sender)
		writing.Allow(limit.receiver)
		return nil
	})
	close(ended)
	_ = to.Close()
	<-received
	return moved, err
}

func discard(r io.Reader, _ over) { _, _ = io.Copy(io.Discard, r) }

func TestMove(t *testing.T) {
	t.Parallel()
	const size, piece = 64 << 20, 32 << 10
	long := limits{time.Minute, time.Minute} // nothing takes long
	fast := func(w io.Writer, _ over) { _, _ = w.Write(make([]byte, size)) }
	for _, tt := range []struct {
		name    string
		limit   limits
		send    func(io.Writer, over)
		receive func(io.Reader, over)
		moved   int64   // at least
		errs    []error // any of them
		taker   bool    // whose fault it is
	}{
		{"fast", long, fast, discard, size, []error{nil}, false},
		{"ends early", long, func(w io.Writer, _ over) { _, _ = w.Write(make([]byte, size/2)) }, discard, size / 2, []error{io.ErrUnexpectedEOF}, false},
		{"stalls", limits{time.Second, time.Minute}, func(w io.Writer, over over) { _, _ = w.Write(make([]byte, piece)); <-over }, discard, piece, []error{os.ErrDeadlineExceeded}, false},
		{"is not taken", limits{time.Minute, time.Second}, fast, func(_ io.Reader, over over) { <-over }, 0, []error{os.ErrDeadlineExceeded}, true},
		{"the taker goes away", long, fast, func(r io.Reader, _ over) {
			_, _ = io.CopyN(io.Discard, r, size/2)
			_ = r.(*net.TCPConn).SetLinger(0)
			_ = r.(*net.TCPConn).Close()
		}, size / 2, []error{syscall.ECONNRESET, syscall.EPIPE}, true}, // the first to ask is told of the reset
		{"is reset", long, func(w io.Writer, _ over) {
			_, _ = w.Write(make([]byte, piece))
			_ = w.(*net.TCPConn).SetLinger(0)
			_ = w.(*net.TCPConn).Close()
		}, discard, 0, []error{syscall.ECONNRESET}, false},
		{"sent fast, and then slowly", long, func(w io.Writer, _ over) {
			const slow = 4 << 20
			_, _ = w.Write(make([]byte, size-slow))
			for range slow / piece {
				_, _ = w.Write(make([]byte, piece))
				time.Sleep(10 * time.Millisecond)
			}
		}, discard, size, []error{nil}, false},
		{"taken fast, and then slowly", long, fast, func(r io.Reader, _ over) {
			_, _ = io.CopyN(io.Discard, r, size-8<<20)
			for {
				if n, _ := io.ReadFull(r, make([]byte, piece)); n == 0 {
					return
				}
				time.Sleep(4 * time.Millisecond)
			}
		}, size, []error{nil}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			moved, err := move(t, size, tt.limit, func() {}, tt.send, tt.receive)
			if !slices.ContainsFunc(tt.errs, func(want error) bool { return errors.Is(err, want) }) || moved < tt.moved {
				t.Errorf("%d bytes, %v; want %d, %v", moved, err, tt.moved, tt.errs)
			}
			if _, ok := errors.AsType[*tcp.WriteError](err); ok != tt.taker {
				t.Errorf("%v tells of the taker: %v, want %v", err, ok, tt.taker)
			}
		})
	}
}

// TestMoveEachWait sends each piece only once Move has said that it may wait for it.
func TestMoveEachWait(t *testing.T) {
	t.Parallel()
	const pieces, piece = 128, 1 << 10
	waits := make(chan struct{}, 2*pieces+1) // for a piece, and for room for it
	moved, err := move(t, pieces*piece+1, limits{time.Minute, time.Minute}, func() { waits <- struct{}{} },
		func(w io.Writer, _ over) {
			for range pieces {
				<-waits
				_, _ = w.Write(make([]byte, piece))
				<-waits
			}
		}, discard)
	if moved != pieces*piece || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, %v; want %d, %v", moved, err, pieces*piece, io.ErrUnexpectedEOF)
	}
}

func BenchmarkMove(b *testing.B) {
	const size = 1 << 30
	b.SetBytes(size)
	for b.Loop() {
		sent, received := make([]byte, 1<<20), make([]byte, 1<<20)
		if n, err := move(b, size, limits{time.Minute, time.Minute}, func() {}, func(w io.Writer, _ over) {
			for range size / len(sent) {
				_, _ = w.Write(sent)
			}
		}, func(r io.Reader, _ over) {
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
