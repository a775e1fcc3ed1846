package upstream

import (
	"context"
	"sync"
	"time"
)

// pool keeps the connections that no exchange uses. The one used last is used
// next, so that those which a quieter time does not need grow old.
type pool struct {
	most    int           // connections kept
	idle    time.Duration // for so long
	permits chan struct{} // one for each connection in use; nil: no bound

	mu     sync.Mutex
	conns  []*conn // in the order of their last use
	closed bool
	timer  *time.Timer // closes the old ones; nil while there are none
}

// enter waits until one connection more may be used.
func (p *pool) enter(ctx context.Context, patience time.Duration) error {
	if p.permits == nil {
		return nil
	}
	select {
	case p.permits <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p.permits <- struct{}{}:
		return nil
	case <-timer.C:
		return &stall{connecting, patience}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives back what enter took.
func (p *pool) leave() {
	if p.permits != nil {
		<-p.permits
	}
}

// take is a connection that can carry another exchange; nil if there is none.
func (p *pool) take() *conn {
	for {
		p.mu.Lock()
		last := len(p.conns) - 1
		if last < 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.conns[last]
		p.conns[last], p.conns = nil, p.conns[:last]
		p.mu.Unlock()
		if time.Since(c.idleSince) < p.idle && c.usable() {
			return c
		}
		c.close()
	}
}

// put keeps a connection whose exchange has ended.
func (p *pool) put(c *conn) {
	c.served, c.idleSince = true, time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.conns) >= p.most {
		c.close()
		return
	}
	p.conns = append(p.conns, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.idle, p.sweep)
	}
}

// sweep closes what was not used for long.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.conns) && time.Since(p.conns[old].idleSince) >= p.idle {
		p.conns[old].close()
		old++
	}
	p.conns = append(p.conns[:0], p.conns[old:]...)
	clear(p.conns[len(p.conns):cap(p.conns)])
	if len(p.conns) == 0 || p.closed {
		p.timer = nil
		return
	}
	p.timer.Reset(p.idle - time.Since(p.conns[0].idleSince))
}

// close closes the connections that no exchange uses, and from now on those
// whose exchange ends.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.conns {
		c.close()
	}
	p.conns = nil
	if p.timer != nil {
		p.timer.Stop()
	}
}
