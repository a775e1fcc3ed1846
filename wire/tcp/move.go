package tcp

import (
	"io"
	"net"
	"time"
)

// Passer is a body whose bytes can go from its connection straight to another,
// without passing through the program: PassTo moves up to most of them, in
// steps, before each of which it calls allow to give the other side its time.
// What it does not move, such as what was received already, is there to be read.
type Passer interface {
	PassTo(to *net.TCPConn, most int64, allow func()) (int64, error)
}

// Move moves up to n bytes between two connections, in steps, before each of
// which it calls before; an error of that ends it. It moves fewer without an
// error where from ends. limit is the shortest time that a step may take.
func Move(to, from *net.TCPConn, n int64, limit time.Duration, before func() error) (moved int64, err error) {
	pace := pace{limit: limit, step: leastStep / 2}
	for moved < n {
		if err := before(); err != nil {
			return moved, err
		}
		m, err := to.ReadFrom(&io.LimitedReader{R: from, N: min(n-moved, pace.next())})
		moved += m
		if err != nil || m == 0 {
			return moved, err
		}
	}
	return moved, nil
}

// pace finds how many bytes to move at a time, so that few calls move much, and
// yet each ends long before a deadline however slow the slower side is.
type pace struct {
	limit time.Duration
	step  int64
	began time.Time
}

const (
	leastStep = 64 << 10
	mostStep  = 4 << 20
)

// next is how many bytes to move next; the step before it has ended.
func (p *pace) next() int64 {
	now := time.Now()
	switch took := now.Sub(p.began); {
	case p.began.IsZero() || took < p.limit/64:
		p.step = min(2*p.step, mostStep)
	case took > p.limit/16:
		p.step = max(p.step/4, leastStep)
	}
	p.began = now
	return p.step
}
