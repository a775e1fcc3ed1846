//go:build !linux

package arrivals

import "time"

// Clock waits until a moment, as exactly as time.Sleep does.
type Clock struct{}

// NewClock makes a clock; Close ends it.
func NewClock() (*Clock, error) { return &Clock{}, nil }

// Wait waits for a time, and not at all if it is not positive.
func (*Clock) Wait(d time.Duration) error {
	time.Sleep(d)
	return nil
}

// Close ends the clock.
func (*Clock) Close() error { return nil }
