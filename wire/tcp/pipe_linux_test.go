package tcp_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMoveKeepsApart: whatever ends a move, and wherever, none of its bytes come out
// of another, and no descriptor stays behind.
func TestMoveKeepsApart(t *testing.T) {
	const workers, rounds = 6, 20
	before := openPipes(t)
	var group sync.WaitGroup
	for worker := range workers {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		group.Go(func() {
			for round := range rounds {
				own := byte(1 + worker*rounds + round)
				size := 1 + random.Int64N(4<<20)
				sent, taken, resets := size, size, random.IntN(2) == 0
				switch random.IntN(3) {
				case 0:
					sent = random.Int64N(size)
				case 1:
					taken = random.Int64N(size)
				}
				_, _ = move(t, size, 20*time.Millisecond, func(w io.Writer) {
					_, _ = io.CopyN(w, constant(own), sent)
				}, func(r io.Reader) {
					text, _ := io.ReadAll(io.LimitReader(r, taken))
					if n := bytes.Count(text, []byte{own}); n != len(text) {
						t.Errorf("%d of %d bytes are another's", len(text)-n, len(text))
					}
					if taken == size {
						return
					}
					if resets {
						_ = r.(*net.TCPConn).SetLinger(0)
						_ = r.(*net.TCPConn).Close()
						return
					}
					time.Sleep(50 * time.Millisecond) // longer than the move waits
				})
			}
		})
	}
	group.Wait()
	for range 100 { // pipes that nobody has taken up again are closed as garbage
		if runtime.GC(); openPipes(t) <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d ends of pipes are left, of %d before", openPipes(t), before)
}

// constant reads as one byte for ever.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// openPipes is how many ends of pipes the process has open.
func openPipes(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}
