//go:build unix

package upstream

import (
	"net"
	"syscall"
)

// peek looks at what a connection has received, without taking it.
type peek struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool
	// waits tells that a read would have to wait.
	waits bool
}

func (p *peek) init(c net.Conn) {
	if s, ok := c.(syscall.Conn); ok {
		p.raw, _ = s.SyscallConn()
	}
	p.look = func(fd uintptr) bool {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		p.waits = err == syscall.EAGAIN
		return true
	}
}

// quiet tells that the connection is open and that nothing has come.
func (p *peek) quiet() bool {
	p.waits = false
	return p.raw != nil && p.raw.Read(p.look) == nil && p.waits
}
