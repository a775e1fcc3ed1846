//go:build unix

package tcp

import (
	"net"
	"sync"
	"syscall"
)

// Peek looks at what a connection has received, without taking it and without
// waiting. It is safe for concurrent use once Init was called.
type Peek struct {
	raw  syscall.RawConn
	look func(fd uintptr)

	mu   sync.Mutex // what sends a body and what passes its early answer on may both look
	seen Sight
}

// Init says at which connection to look: the one below TLS.
func (p *Peek) Init(c net.Conn) {
	if s, ok := c.(syscall.Conn); ok {
		p.raw, _ = s.SyscallConn()
	}
	p.look = func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		for err == syscall.EINTR {
			n, _, err = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		}
		switch {
		case err == syscall.EAGAIN:
			p.seen = Nothing
		case err == nil && n > 0 && hungUp(int(fd)):
			p.seen = LastBytes
		case err == nil && n > 0:
			p.seen = Bytes
		default:
			p.seen = End
		}
	}
}

// Look tells what has come.
func (p *Peek) Look() Sight {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = Unknown
	// Not Read, which minds deadlines.
	if p.raw != nil && p.raw.Control(p.look) != nil {
		return End
	}
	return p.seen
}
