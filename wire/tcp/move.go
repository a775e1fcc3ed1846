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
// which it calls before; an error of that ends it. limit is the shortest time that
// a step may take. Where steps take so long that one may last over it and yet
// bytes move, it ends early and without an error: reads and writes, of which each
// has its own time, are for the rest. io.ErrUnexpectedEOF tells that from ended.
func Move(to, from *net.TCPConn, n int64, limit time.Duration, before func() error) (moved int64, err error) {
	pace := pace{limit: limit, step: leastStep / 2}
	for moved < n {
		step := pace.next()
		if step == 0 {
			return moved, nil
		}
		if err := before(); err != nil {
			return moved, err
		}
		m, err := to.ReadFrom(&io.LimitedReader{R: from, N: min(n-moved, step)})
		moved += m
		if err == nil && m == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// pace finds how many bytes to move at a time, so that few calls move much, and
// yet each ends before a deadline although the slower side becomes slow.
type pace struct {
	limit time.Duration
	step  int64
	began time.Time
}

const (
	leastStep = 16 << 10
	// mostStep is as much as makes the calls cost nothing, and no more: who has
	// been fast may be slow in the next step.
	mostStep = 256 << 10
)

// next is how many bytes to move next; the step before it has ended. It is 0
// where even the least is too much.
func (p *pace) next() int64 {
	now := time.Now()
	switch took := now.Sub(p.began); {
	case p.began.IsZero() || took < p.limit/64:
		p.step = min(2*p.step, mostStep)
	case took > p.limit/16 && p.step <= leastStep:
		return 0
	case took > p.limit/16:
		p.step = max(p.step/4, leastStep)
	}
	p.began = now
	return p.step
}
