package tcp

import (
	"io"
	"net"
	"syscall"
)

// Direct reads and writes a TCP connection as it does itself, deadlines included,
// but does not tell Go's scheduler of each call. Of a call that it is told of, the
// scheduler believes after 20 µs that it waits, and wakes another thread to go on
// with the other work; yet these never wait, and are merely interrupted by the
// other side where that is on the same machine. Other connections, and other
// systems than Linux, are read and written as they are.
//
// One Read and one Write at a time may be under way.
type Direct struct {
	net.Conn
	raw syscall.RawConn // nil: not directly
	in  step
	out step
	ask func(fd uintptr) bool
}

// step is a read or a write under way.
type step struct {
	call func(fd uintptr) bool
	p    []byte
	n    int
	err  error
}

// NewDirect makes a Direct of a connection.
func NewDirect(c net.Conn) *Direct {
	d := &Direct{Conn: c}
	if tcp, ok := c.(*net.TCPConn); ok && canDirect {
		d.raw, _ = tcp.SyscallConn()
	}
	d.in.call, d.out.call, d.ask = d.read, d.write, d.asks
	return d
}

// Read reads from the connection.
func (d *Direct) Read(p []byte) (int, error) {
	if d.raw == nil || len(p) == 0 {
		return d.Conn.Read(p)
	}
	s := &d.in
	s.p, s.n, s.err = p, 0, nil
	err := d.raw.Read(s.call)
	n, failed := s.end()
	switch {
	case err != nil:
		return n, err
	case failed != nil:
		return n, failed
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of p to the connection, or fails.
func (d *Direct) Write(p []byte) (int, error) {
	if d.raw == nil {
		return d.Conn.Write(p)
	}
	s := &d.out
	s.p, s.n, s.err = p, 0, nil
	err := d.raw.Write(s.call)
	n, failed := s.end()
	if err == nil {
		err = failed
	}
	return n, err
}

// Ask writes what is answered, and waits until something comes, or until the deadline
// for reading: what is read then is there, and nobody tried in vain before. It tells
// how much of p was written, without waiting for that. Of what is not, nor why, it
// tells nothing: Write does. Unlike Write it takes the place of a Read, too.
//
// What has come before Ask may go unnoticed: whoever may have been sent something
// unasked looks first.
func (d *Direct) Ask(p []byte) int {
	if d.raw == nil {
		return 0
	}
	s := &d.out
	s.p, s.n = p, 0
	_ = d.raw.Read(d.ask) // that it waited in vain, or the connection was closed, the next Read tells
	n, _ := s.end()
	return n
}

// asks is one attempt to write and, that done, to be called again when something has
// come.
func (d *Direct) asks(fd uintptr) bool {
	s := &d.out
	if s.n > 0 {
		return true
	}
	n, errno := send(fd, s.p)
	if errno == 0 {
		s.n = n
	}
	return s.n == 0 || s.n < len(s.p)
}

// end is what became of the step. It holds no buffer afterwards.
func (s *step) end() (int, error) {
	n, err := s.n, s.err
	s.p, s.err = nil, nil
	return n, err
}

// read is one attempt to read; false is that it would wait.
func (d *Direct) read(fd uintptr) bool {
	s := &d.in
	n, errno := receive(fd, s.p)
	switch errno {
	case 0:
		s.n = n
	case syscall.EAGAIN:
		return false
	default:
		s.err = failure("read", errno)
	}
	return true
}

// write is one attempt to write what is left; false is that it would wait.
func (d *Direct) write(fd uintptr) bool {
	s := &d.out
	for s.n < len(s.p) {
		n, errno := send(fd, s.p[s.n:])
		switch errno {
		case 0:
			s.n += n
		case syscall.EAGAIN:
			return false
		default:
			s.err = failure("write", errno)
			return true
		}
	}
	return true
}
