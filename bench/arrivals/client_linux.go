package arrivals

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// client is one thread that asks over many connections. It works once a tick, and
// nobody wakes it: it would take a processor from who answers as often as it does.
// When an answer came the kernel tells.
type client struct {
	load     *Load
	to, from unix.Sockaddr
	family   int
	most     int

	epoll   int
	conns   []conn
	idle    []int32 // places in conns: the one used last is used first
	unused  []int32 // places without a connection
	pending int     // connections with a question
	start   time.Time
	sent    int // of what is due
	count   int // of requests sent
	events  [256]unix.EpollEvent
	buffer  [64 << 10]byte
	stamp   stamp
	counts
}

// conn is a connection.
type conn struct {
	fd    int
	state state
	// since is when the question was due that is to be sent, or was.
	since  time.Time
	answer *answer
}

// stamp is what the kernel tells of when something came.
type stamp struct {
	unix.Cmsghdr
	at unix.Timespec
}

type state byte

const (
	closed state = iota
	idle
	opening // with a question
	asked
)

// open opens connections.
func (l *Load) open(ctx context.Context, connections int) (c *client, err error) {
	c = &client{load: l, most: connections}
	if c.to, c.family, err = sockaddr(l.Address); err != nil {
		return nil, err
	}
	if l.From != "" {
		if c.from, _, err = sockaddr(net.JoinHostPort(l.From, "0")); err != nil {
			return nil, err
		}
	}
	if c.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	for range connections {
		i, err := c.dial()
		if err == nil {
			err = c.established(ctx, i)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", l.Address, err), c.close())
		}
		c.conns[i].state = idle
		c.idle = append(c.idle, i)
	}
	return c, nil
}

func sockaddr(address string) (unix.Sockaddr, int, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, 0, err
	}
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, unix.AF_INET, nil
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}, unix.AF_INET6, nil
}

// dial begins to open a connection, and tells its place.
func (c *client) dial() (int32, error) {
	fd, err := unix.Socket(c.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	var i int32
	if last := len(c.unused) - 1; last >= 0 {
		i, c.unused = c.unused[last], c.unused[:last]
	} else {
		i = int32(len(c.conns))
		c.conns = append(c.conns, conn{answer: new(answer)})
	}
	c.conns[i].fd, c.conns[i].state = fd, opening
	c.conns[i].answer.next()
	if err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return i, os.NewSyscallError("setsockopt", err)
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return i, os.NewSyscallError("setsockopt", err)
	}
	if c.from != nil {
		// Which port it is from is chosen when it is known where to.
		err = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err = errors.Join(err, unix.Bind(fd, c.from)); err != nil {
			return i, os.NewSyscallError("bind", err)
		}
	}
	if err = unix.Connect(fd, c.to); err != nil && err != unix.EINPROGRESS { //nolint:errorlint // an errno as it is
		return i, os.NewSyscallError("connect", err)
	}
	// Told once when it is open, and then whenever something has come.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: i}
	return i, os.NewSyscallError("epoll_ctl", unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

// established waits until a connection is open.
func (c *client) established(ctx context.Context, i int32) error {
	const often = 10 // milliseconds
	poll := []unix.PollFd{{Fd: int32(c.conns[i].fd), Events: unix.POLLOUT}}
	for until := time.Now().Add(patience); time.Now().Before(until) && ctx.Err() == nil; {
		if n, err := unix.Poll(poll, often); n > 0 {
			return failure(c.conns[i].fd)
		} else if err != nil && err != unix.EINTR {
			return err
		}
	}
	return errors.Join(errors.New("no connection"), ctx.Err())
}

// failure is why a connection could not be opened; nil if it could.
func failure(fd int) error {
	if code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		return errors.Join(err, syscall.Errno(code))
	}
	return nil
}

// run asks when it is due, or, if due is nil, whenever a connection is free within
// a time. It has a thread of its own, which ends with it.
func (c *client) run(due []time.Duration, within time.Duration, stopped *atomic.Bool) (counts, error) {
	runtime.LockOSThread() // and never unlocked
	c.precedence = Precede(unix.Gettid())
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return c.counts, os.NewSyscallError("prctl", err)
	}
	const room = 1 << 18
	c.took = make([]time.Duration, 0, max(len(due), room))
	c.late = make([]time.Duration, 0, len(due))
	c.start = time.Now()
	over := func() bool {
		return stopped.Load() || due == nil && time.Since(c.start) >= within || due != nil && c.sent == len(due)
	}
	for !over() {
		if err := c.turn(due); err != nil {
			return c.counts, err
		}
	}
	for last := time.Now(); c.pending > 0 && time.Since(last) < patience; {
		if err := c.await(1); err != nil {
			return c.counts, err
		}
	}
	c.elapsed = time.Since(c.start)
	if c.pending > 0 {
		c.failed += c.pending - 1
		c.fail(fmt.Sprintf("not answered within %s", patience))
	}
	return c.counts, nil
}

// turn asks what is due, and takes what has been answered.
func (c *client) turn(due []time.Duration) error {
	if due == nil {
		for now := time.Now(); c.ask(now); c.sent++ {
		}
		return c.await(1)
	}
	now := time.Since(c.start)
	for len(c.late) < len(due) && due[len(c.late)] <= now {
		c.late = append(c.late, now-due[len(c.late)])
	}
	for ; c.sent < len(c.late) && c.ask(c.start.Add(due[c.sent])); c.sent++ {
	}
	next := now + tick
	if c.sent == len(c.late) && c.sent < len(due) {
		next = min(max(next, due[c.sent]), now+longest)
	}
	sleep(next - time.Since(c.start))
	return c.await(0)
}

// sleep sleeps exactly to some microseconds.
func sleep(d time.Duration) {
	if d > 0 {
		wait := unix.NsecToTimespec(int64(d))
		_, _, _ = unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&wait)), 0, 0, 0) // if a signal ends it, the better
	}
}

// await waits for events, for some milliseconds at most, and handles them.
func (c *client) await(milliseconds int) error {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(c.epoll), uintptr(unsafe.Pointer(&c.events[0])), uintptr(len(c.events)),
		uintptr(milliseconds), 0, 0)
	if errno == unix.EINTR {
		return nil
	}
	if errno != 0 {
		return os.NewSyscallError("epoll_pwait", errno)
	}
	for i := range c.events[:n] {
		c.handle(c.events[i].Fd, c.events[i].Events)
	}
	return nil
}

// ask asks what was due at a time, over a new connection if none is free; false if
// there are no more.
func (c *client) ask(due time.Time) bool {
	if last := len(c.idle) - 1; last >= 0 {
		i := c.idle[last]
		c.idle = c.idle[:last]
		c.pending++
		c.send(i, due)
		return true
	}
	if len(c.conns)-len(c.unused) >= c.most {
		return false
	}
	i, err := c.dial()
	c.pending++
	c.conns[i].since = due
	if err != nil {
		c.end(i, err.Error())
	}
	return true
}

// send sends the next question over an open connection, due at some time.
func (c *client) send(i int32, due time.Time) {
	request := c.load.Requests[c.count%len(c.load.Requests)]
	c.count++
	c.conns[i].state, c.conns[i].since = asked, due
	if n, err := unix.Write(c.conns[i].fd, request); n < len(request) {
		c.end(i, fmt.Sprintf("sent %d of %d bytes: %v", n, len(request), err))
	}
}

// handle does what is to do with a connection of which something is known.
func (c *client) handle(i int32, events uint32) {
	conn := &c.conns[i]
	switch conn.state {
	case closed:
	case opening:
		if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			if err := failure(conn.fd); err != nil {
				c.end(i, err.Error())
			} else {
				c.send(i, conn.since)
			}
		}
	case idle: // the server does not want it any more
		if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			c.idle = without(c.idle, i)
			c.end(i, "")
		}
	case asked:
		if events&^unix.EPOLLOUT != 0 {
			c.read(i, events&(unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0)
		}
	}
}

// read reads an answer, as far as it has come. ended tells that nothing comes after.
func (c *client) read(i int32, ended bool) {
	conn := &c.conns[i]
	for {
		n, at, err := c.receive(conn.fd)
		switch {
		case err == unix.EAGAIN: //nolint:errorlint // an errno as it is
			return
		case err == unix.EINTR: //nolint:errorlint // an errno as it is
			continue
		case err != nil:
			c.end(i, err.Error())
			return
		case n <= 0:
			c.end(i, "EOF")
			return
		}
		whole, err := conn.answer.take(c.buffer[:n])
		if err != nil {
			c.end(i, err.Error())
			return
		}
		if whole {
			c.answered(i, at, ended)
			return
		}
		if n < len(c.buffer) && !ended {
			return // more will be told of
		}
	}
}

// receive reads, and tells when the last of what it read came.
func (c *client) receive(fd int) (int, time.Time, error) {
	part := unix.Iovec{Base: &c.buffer[0]}
	part.SetLen(len(c.buffer))
	message := unix.Msghdr{Iov: &part, Control: (*byte)(unsafe.Pointer(&c.stamp))}
	message.SetIovlen(1)
	message.SetControllen(int(unsafe.Sizeof(c.stamp)))
	n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, time.Time{}, errno
	}
	now := time.Now()
	if message.Controllen > 0 && c.stamp.Level == unix.SOL_SOCKET && c.stamp.Type == unix.SO_TIMESTAMPNS {
		return int(n), now.Add(time.Duration(c.stamp.at.Nano() - now.UnixNano())), nil
	}
	return int(n), now, nil
}

// answered counts a whole answer, which may be the last of its connection.
func (c *client) answered(i int32, at time.Time, last bool) {
	conn := &c.conns[i]
	if refused := conn.answer.status >= 400; refused != c.load.Refused || !refused && conn.answer.status != 200 {
		c.fail(fmt.Sprintf("answered %d", conn.answer.status))
	} else {
		c.took = append(c.took, at.Sub(conn.since))
	}
	c.pending--
	conn.state = idle
	if last || conn.answer.last {
		c.end(i, "") // as the server does
		return
	}
	conn.answer.next()
	c.idle = append(c.idle, i)
}

// end closes a connection; why is a failure of the question that it has.
func (c *client) end(i int32, why string) {
	conn := &c.conns[i]
	if conn.state == opening || conn.state == asked {
		c.pending--
		c.fail(why)
	}
	conn.state = closed
	_ = unix.Close(conn.fd)
	c.unused = append(c.unused, i)
}

func without(list []int32, one int32) []int32 {
	for at, i := range list {
		if i == one {
			return append(list[:at], list[at+1:]...)
		}
	}
	return list
}

// close closes everything.
func (c *client) close() error {
	var errs []error
	for i := range c.conns {
		if c.conns[i].state != closed {
			errs = append(errs, unix.Close(c.conns[i].fd))
		}
	}
	return errors.Join(append(errs, unix.Close(c.epoll))...)
}
