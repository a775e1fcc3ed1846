package upstream

import (
	"context"
	"sync"
	"time"
)

// phase is how far an exchange with an upstream has come.
type phase uint8

const (
	connecting phase = iota
	sending
	awaiting
	receiving
)

// stall is why a watchdog ended an exchange: the upstream did nothing in this
// phase.
type stall struct {
	phase phase
	limit time.Duration
}

func (s *stall) Error() string {
	what := [...]string{
		connecting: "no connection could be used for ",
		sending:    "it took no byte of the request for ",
		awaiting:   "it did not answer for ",
		receiving:  "it sent no byte of the answer for ",
	}
	return what[s.phase] + s.limit.String()
}

// watchdog ends an exchange in which the upstream makes no progress. It is
// armed while the upstream is waited for, and not while the client is: what is
// bounded is the time without progress, so that a slow transfer lives. Words
// for an earlier phase than the last are late, and ignored.
type watchdog struct {
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	timer    *time.Timer
	armed    bool
	phase    phase
	limit    time.Duration
	deadline time.Time
}

// restart begins anew, on another connection.
func (w *watchdog) restart(limit time.Duration) {
	w.mu.Lock()
	w.phase = connecting
	w.mu.Unlock()
	w.arm(connecting, limit)
}

// arm gives the upstream so long for the next progress.
func (w *watchdog) arm(p phase, limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p < w.phase {
		return
	}
	w.phase, w.armed, w.limit, w.deadline = p, true, limit, time.Now().Add(limit)
	if w.timer == nil {
		w.timer = time.AfterFunc(limit, w.bark)
	} else {
		w.timer.Reset(limit)
	}
}

// disarm stops the clock.
func (w *watchdog) disarm(p phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p < w.phase {
		return
	}
	w.phase, w.armed = p, false
	if w.timer != nil {
		w.timer.Stop()
	}
}

// bark runs when the timer fires, which it may do while it is being stopped.
func (w *watchdog) bark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.armed && !time.Now().Before(w.deadline) {
		w.cancel(&stall{w.phase, w.limit})
	}
}
