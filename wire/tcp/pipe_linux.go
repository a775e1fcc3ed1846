package tcp

import (
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// pipeSize is what a pipe is to hold, in bytes: the most that the kernel gives to
	// everybody. A smaller one is filled and emptied more often, and each time may
	// cost two changes of tasks.
	pipeSize = 1 << 20
	// wide is how many pipes are so large, before others get a quarter of it: a user
	// has 64 MiB in pipes by default, and those that come then none.
	wide = 32
	// most is how many there are at a time, which is as much as a user has: the kernel
	// does not bound root.
	most = 160
	// leastPipe is the size below which a pipe is no better than a buffer.
	leastPipe = 64 << 10
)

// pipe is where the kernel keeps what goes from one connection to another.
type pipe struct {
	out, in int
	holds   int // bytes
	cleanup runtime.Cleanup
}

// pipes are empty.
var pipes sync.Pool

// alive is how many pipes there are, those in use included.
var alive atomic.Int64

// takePipe is nil where there is none to be had, or only one that is too small:
// the kernel bounds the pages that a user has in pipes.
func takePipe() *pipe {
	if p, ok := pipes.Get().(*pipe); ok {
		return p
	}
	var ends [2]int
	if alive.Load() >= most || unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return nil
	}
	if alive.Add(1); !enlarge(ends[0]) {
		closeEnds(ends)
		return nil
	}
	p := &pipe{out: ends[0], in: ends[1]}
	p.cleanup = runtime.AddCleanup(p, closeEnds, ends)
	return p
}

// enlarge makes a pipe as large as it may be.
func enlarge(end int) bool {
	size := pipeSize
	if alive.Load() > wide {
		size /= 4
	}
	for ; size >= leastPipe; size /= 4 {
		if _, err := unix.FcntlInt(uintptr(end), unix.F_SETPIPE_SZ, size); err == nil {
			return true
		}
	}
	return false
}

// give gives the pipe back for another move, unless something was left in it.
func (p *pipe) give() {
	if p.holds == 0 {
		pipes.Put(p)
		return
	}
	p.cleanup.Stop()
	closeEnds([2]int{p.out, p.in})
}

func closeEnds(ends [2]int) {
	alive.Add(-1)
	_ = unix.Close(ends[0])
	_ = unix.Close(ends[1])
}
