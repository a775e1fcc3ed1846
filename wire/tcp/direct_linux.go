//go:build linux && !race

package tcp

import (
	"os"
	"syscall"
	"unsafe"
)

// canDirect tells that receive and send work. The race detector would not see what
// they do to memory.
const canDirect = true

func receive(fd uintptr, p []byte) (int, syscall.Errno) { return call(syscall.SYS_READ, fd, p) }

func send(fd uintptr, p []byte) (int, syscall.Errno) { return call(syscall.SYS_WRITE, fd, p) }

// call is a system call on a descriptor that never waits.
func call(number, fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		//nolint:gosec // G103: the slice is alive, as the rules of unsafe.Pointer for system calls have it
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func failure(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
