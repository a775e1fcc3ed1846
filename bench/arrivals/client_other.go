//go:build !linux

package arrivals

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

type client struct{}

func (l *Load) open(context.Context, int) (*client, error) {
	return nil, errors.New("clients that come at a rate are measured on Linux alone")
}

func (*client) run([]time.Duration, time.Duration, *atomic.Bool) (counts, error) {
	return counts{}, nil
}

func (*client) close() error { return nil }

// Precede gives no thread any precedence.
func Precede(...int) Precedence { return NoPrecedence }
