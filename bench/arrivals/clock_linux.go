package arrivals

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Clock waits until a moment, exactly to some microseconds: time.Sleep wakes up
// to a millisecond late in a process that has nothing else to do, because Go's
// poller counts in those. It is for one goroutine.
type Clock struct {
	timer *os.File
	raw   syscall.RawConn
}

// NewClock makes a clock; Close ends it.
func NewClock() (*Clock, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	timer := os.NewFile(uintptr(fd), "timer")
	raw, err := timer.SyscallConn()
	return &Clock{timer, raw}, err
}

// Wait waits for a time, and not at all if it is not positive.
func (c *Clock) Wait(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	once := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var failed error
	if err := c.raw.Control(func(fd uintptr) { failed = unix.TimerfdSettime(int(fd), 0, &once, nil) }); err != nil {
		return err
	}
	if failed != nil {
		return os.NewSyscallError("timerfd_settime", failed)
	}
	var fired [8]byte
	_, err := c.timer.Read(fired[:])
	return err
}

// Close ends the clock, and who waits.
func (c *Clock) Close() error { return c.timer.Close() }
