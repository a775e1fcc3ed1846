package extauthz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
)

// How the servers are asked.
const (
	connections = 2
	callers     = 32
)

// target is a server to ask.
type target struct{ network, address string }

// outcome is what a run counted.
type outcome struct {
	perSecond float64
	p50, p99  time.Duration
	answers   int
}

// saturate asks with all callers, each of which asks again as soon as it is
// answered.
func saturate(ctx context.Context, t target, questions [][]byte, duration time.Duration) (outcome, error) {
	return run(ctx, t, questions, duration, 0)
}

// run asks for a time, at a rate per second that does not depend on answers;
// rate 0 saturates. Times count from when a question is due.
func run(ctx context.Context, t target, questions [][]byte, duration time.Duration, rate float64) (outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var took [connections][]time.Duration
	var over atomic.Bool
	conns, ended := make([]*conn, connections), make(chan error, 2*connections)
	for i := range conns {
		c, err := dial(ctx, t.network, t.address, rotated(questions, i))
		if err != nil {
			return outcome{}, err
		}
		defer c.close()
		conns[i] = c
		c.answered = func(d time.Duration) {
			if !over.Load() {
				took[i] = append(took[i], d)
			}
		}
	}
	start := time.Now()
	for i, c := range conns {
		go func() { ended <- c.read(func() bool { return rate == 0 && !over.Load() }) }()
		if rate > 0 {
			go func() {
				if err := pace(ctx, c, rate/connections, duration, uint64(i)); err != nil {
					ended <- err
				}
			}()
			continue
		}
		for range callers / connections {
			if err := c.ask(start); err != nil {
				return outcome{}, err
			}
		}
	}
	select {
	case err := <-ended:
		return outcome{}, fmt.Errorf("%s: %w", t.address, err)
	case <-time.After(duration):
	}
	over.Store(true)
	elapsed := time.Since(start)
	cancel()
	var all []time.Duration
	for i, c := range conns {
		c.mu.Lock() // the last answer has been counted
		all = append(all, took[i]...)
		c.mu.Unlock()
	}
	if len(all) == 0 {
		return outcome{}, fmt.Errorf("%s: no answer in %s", t.address, duration)
	}
	slices.Sort(all)
	return outcome{float64(len(all)) / elapsed.Seconds(), all[len(all)/2], all[len(all)*99/100], len(all)}, nil
}

// pace asks at a rate, at random times as independent clients do. A question that
// is asked late, because the server stands still, counts from when it was due.
func pace(ctx context.Context, c *conn, rate float64, within time.Duration, seed uint64) (err error) {
	clock, err := arrivals.NewClock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clock.Close()) }()
	start := time.Now()
	for _, at := range arrivals.Times(rate, within, seed) {
		due := start.Add(at)
		if err := clock.Wait(time.Until(due)); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := c.ask(due); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// rotated are the questions, beginning with another one for each connection.
func rotated(questions [][]byte, i int) [][]byte {
	at := len(questions) / connections * i
	return slices.Concat(questions[at:], questions[:at])
}
