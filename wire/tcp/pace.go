package tcp

import "time"

// Pace finds how many bytes to move at a time between two connections, so that
// few calls move much, and yet each ends long before a deadline however slow the
// slower of the two is.
type Pace struct {
	limit time.Duration
	step  int64
	began time.Time
}

const (
	leastStep = 64 << 10
	mostStep  = 4 << 20
)

// NewPace makes a Pace for steps that may take limit.
func NewPace(limit time.Duration) Pace { return Pace{limit: limit, step: leastStep / 2} }

// Step is how many bytes to move next; the step before it has ended.
func (p *Pace) Step() int64 {
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
