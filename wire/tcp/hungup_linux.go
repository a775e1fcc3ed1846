package tcp

import "golang.org/x/sys/unix"

// hungUp tells whether the other side has ended its direction, whatever of what
// it sent before has not been read.
func hungUp(fd int) bool {
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(polled, 0)
	return err == nil && n == 1 && polled[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}
