package extauthz

import (
	"context"
	"sync"
	"time"
)

// maxBudget bounds a check for which no deadline was set.
const maxBudget = 10 * time.Second

// budget is the context of a check. It ends before its call does, so that the
// client gets a denial and not the end of its patience, after which a filter may
// fail open. It has no timer, and does not end, until somebody waits for its end:
// most checks are decided without that.
type budget struct {
	context.Context // the call's
	end             time.Time

	starting sync.Mutex
	timed    context.Context // nil until somebody waits
	cancel   context.CancelFunc
}

// newBudget is most of the time that is left for a call.
func newBudget(call context.Context) *budget {
	b := &budget{Context: call}
	now := time.Now()
	left := maxBudget
	if deadline, ok := call.Deadline(); ok {
		left = deadline.Sub(now)
		left = min(left-left/10, maxBudget)
	}
	b.end = now.Add(left)
	return b
}

// Deadline is the end of the budget.
func (b *budget) Deadline() (time.Time, bool) { return b.end, true }

// Done starts a timer.
func (b *budget) Done() <-chan struct{} {
	b.starting.Lock()
	defer b.starting.Unlock()
	if b.timed == nil {
		b.timed, b.cancel = context.WithDeadline(b.Context, b.end)
	}
	return b.timed.Done()
}

// Err is why the budget, or the call, ended; nil if it did not.
func (b *budget) Err() error {
	b.starting.Lock()
	defer b.starting.Unlock()
	if b.timed != nil {
		return b.timed.Err()
	}
	return b.Context.Err()
}

// stop stops the timer.
func (b *budget) stop() {
	b.starting.Lock()
	defer b.starting.Unlock()
	if b.cancel != nil {
		b.cancel()
	}
}
