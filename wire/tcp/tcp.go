// Package tcp is what HTTP engines do with a connection beside reading and
// writing: look whether it still is one, and bound the time of each step.
package tcp

import (
	"net"
	"sync"
	"time"
)

// SetLinger sets how a connection ends when it is closed: 0 resets it, -1 is
// the orderly end. What is no TCP connection stays as it is.
func SetLinger(c net.Conn, seconds int) {
	if tcp, ok := c.(*net.TCPConn); ok {
		// It fails only for a connection that has ended already.
		_ = tcp.SetLinger(seconds)
	}
}

// Deadline bounds the next steps of a connection. Setting one costs a lock in
// the poller, so it is set for a quarter longer than asked, and stays as long as
// it allows what is asked. It is safe for concurrent use.
type Deadline struct {
	// Set is the connection's SetReadDeadline or SetWriteDeadline.
	Set func(time.Time) error

	mu    sync.Mutex
	until time.Time
}

// Allow gives the next step at least limit, and at most half as long again.
func (d *Deadline) Allow(limit time.Duration) {
	least := time.Now().Add(limit)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until.Before(least) || d.until.Sub(least) > limit/2 {
		d.put(least.Add(limit / 4))
	}
}

// Passed tells that the deadline is over.
func (d *Deadline) Passed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.until.IsZero() && !time.Now().Before(d.until)
}

// Expire ends the current step.
func (d *Deadline) Expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(time.Unix(1, 0))
}

// Lift takes the deadline away.
func (d *Deadline) Lift() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.until.IsZero() {
		d.put(time.Time{})
	}
}

func (d *Deadline) put(t time.Time) {
	d.until = t
	_ = d.Set(t) // it fails only for a connection that has ended already
}
