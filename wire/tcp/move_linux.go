package tcp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Move moves n bytes from a connection to another without taking them into the
// program. It calls before whenever it may begin to wait for one of the two, so
// that each wait has its own time; an error of that ends it. An error of the side
// that takes is a *WriteError; io.ErrUnexpectedEOF tells that from has ended. With
// an error, some of what was received may be lost. Fewer bytes without one tell
// that the kernel moves none: reads and writes are for the rest.
func Move(to, from *net.TCPConn, n int64, before func() error) (moved int64, err error) {
	source, err := from.SyscallConn()
	if err != nil {
		return 0, err
	}
	target, err := to.SyscallConn()
	if err != nil {
		return 0, &WriteError{err}
	}
	p := takePipe()
	if p == nil {
		return 0, nil
	}
	defer p.give()
	for moved < n {
		if err := before(); err != nil {
			return moved, err
		}
		ended := p.fill(source, n-moved)
		if errors.Is(ended, unix.EINVAL) && moved == 0 && p.holds == 0 {
			return 0, nil
		}
		for p.holds > 0 {
			if err := before(); err != nil {
				return moved, err
			}
			count, err := p.drain(target)
			if moved += count; err != nil {
				return moved, &WriteError{err}
			}
		}
		if ended != nil {
			return moved, ended
		}
	}
	return moved, nil
}

// fill waits until something comes, and takes all that is there, up to most bytes
// and to what the pipe holds: the more at a time, the fewer changes of tasks. It
// may do so and tell what ended it.
func (p *pipe) fill(source syscall.RawConn, most int64) error {
	room := int(min(most, pipeSize))
	var failure error
	err := source.Read(func(fd uintptr) bool {
		for p.holds < room {
			var n int
			n, failure = splice(int(fd), p.in, room-p.holds)
			switch {
			case errors.Is(failure, unix.EAGAIN): // nothing is there, or the pipe is full
				failure = nil
				return p.holds > 0
			case failure == nil && n == 0:
				failure = io.ErrUnexpectedEOF
			}
			if failure != nil {
				return true
			}
			p.holds += n
		}
		return true
	})
	if err != nil {
		return err
	}
	return failure
}

// drain waits until the target takes something of what the pipe holds.
func (p *pipe) drain(target syscall.RawConn) (int64, error) {
	var n int
	var failure error
	err := target.Write(func(fd uintptr) bool {
		n, failure = splice(p.out, int(fd), p.holds)
		return !errors.Is(failure, unix.EAGAIN)
	})
	switch {
	case err != nil:
		return 0, err
	case failure != nil:
		return 0, failure
	case n == 0: // rather than for ever
		return 0, io.ErrNoProgress
	}
	p.holds -= n
	return int64(n), nil
}

// splice tells of failures as reads and writes do, but of those that are no end.
func splice(from, to, most int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, most, unix.SPLICE_F_NONBLOCK)
		switch err {
		case nil:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN, unix.EINVAL:
			return 0, err
		default:
			return 0, os.NewSyscallError("splice", err)
		}
	}
}
