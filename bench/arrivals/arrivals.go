// Package arrivals asks over HTTP at a rate that does not depend on answers, as
// independent clients do: a server that stands still is not spared questions
// meanwhile, and how long an answer takes counts from when its question was due,
// not from when it could be sent.
//
// Those clients are one thread, which allocates nothing, works ten thousand times a
// second whatever there is to do, and has precedence over whatever else runs where
// the system permits it: in earnest clients are machines of their own, and neither
// wait until a proxy leaves them a processor nor take it away at each answer.
package arrivals

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// clients is how many connections are open from the beginning to the end: what
	// comes while questions are under way on all of them waits, and its time counts.
	clients = 256
	// tick is how often the clients look for what is due, and what was answered;
	// longest how long they do not, if nothing is due.
	tick, longest = 100 * time.Microsecond, time.Millisecond
	// patience is how long after the last question answers are waited for.
	patience = 30 * time.Second
)

// Load is requests that are sent again and again.
type Load struct {
	// Address is where they go: an IP address and a port.
	Address string
	// From is the IP address that they come from; empty is the system's choice.
	From string
	// Requests are as they go over the wire.
	Requests [][]byte
	// Refused tells that every answer must be a refusal; else that each must be 200.
	Refused bool
}

// Result is what one run counted.
type Result struct {
	// PerSecond is the number of answers as they must be.
	PerSecond float64
	// P50, P99 and P999 are quantiles of how long one took.
	P50, P99, P999 time.Duration
	// P99s are those of each of Parts parts of all answers, one after the other:
	// whatever disturbs the machine for some hundredths of a second is in one of them.
	P99s []time.Duration
	// Late is how late the client itself was with 99 of 100 requests at most: that
	// much of a quantile is not the server's. It is 0 where nothing was due.
	Late time.Duration
	// Precedence is what the client had over other processes.
	Precedence Precedence
	// Requests is the number of all answers as they must be, Failed of all else,
	// and Failure tells of one of those.
	Requests, Failed int
	Failure          string
}

// Err is an error if anything failed, or nothing was answered.
func (r *Result) Err() error {
	if r.Failed > 0 {
		return fmt.Errorf("%d of %d requests failed: %s", r.Failed, r.Failed+r.Requests, r.Failure)
	}
	if r.Requests == 0 {
		return errors.New("nothing was answered")
	}
	return nil
}

// Saturate asks over some connections for a time, over each again as soon as it is
// answered.
// Anything that fails is an error.
func (l *Load) Saturate(ctx context.Context, connections int, duration time.Duration) (Result, error) {
	r, err := l.begin(ctx, connections, nil, duration)
	if err != nil {
		return Result{}, err
	}
	return r.wait()
}

// Run asks at a rate per second for a time, at random moments. Anything that
// fails is an error.
func (l *Load) Run(ctx context.Context, rate float64, duration time.Duration) (Result, error) {
	r, err := l.Start(ctx, rate, duration)
	if err != nil {
		return Result{}, err
	}
	return r.wait()
}

// Start begins to ask at a rate per second for at most some time.
func (l *Load) Start(ctx context.Context, rate float64, atMost time.Duration) (*Running, error) {
	return l.begin(ctx, clients, Times(rate, atMost, rand.Uint64()), atMost)
}

// Times are the moments at which independent clients ask, together at a rate per
// second, within a time.
func Times(rate float64, within time.Duration, seed uint64) []time.Duration {
	random := rand.New(rand.NewPCG(seed, 1))
	list := make([]time.Duration, 0, int(rate*within.Seconds())+1)
	for at := 0.; ; {
		at += random.ExpFloat64() / rate * float64(time.Second)
		if at > float64(within) {
			return list
		}
		list = append(list, time.Duration(at))
	}
}

// Running is a run that is under way.
type Running struct {
	stopped atomic.Bool
	ended   chan struct{}

	// Once ended is closed.
	counted counts
	err     error
}

// counts are what one run measured.
type counts struct {
	elapsed    time.Duration
	took, late []time.Duration
	precedence Precedence
	failed     int
	failure    string
}

func (c *counts) fail(why string) {
	if c.failed++; c.failure == "" {
		c.failure = why
	}
}

// begin opens connections and asks when it is due, or, if nothing is, whenever a
// connection is free until a time has passed.
func (l *Load) begin(ctx context.Context, connections int, due []time.Duration, within time.Duration) (*Running, error) {
	r := &Running{ended: make(chan struct{})}
	c, err := l.open(ctx, connections)
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(r.ended)
		defer context.AfterFunc(ctx, func() { r.stopped.Store(true) })()
		r.counted, r.err = c.run(due, within, &r.stopped)
		r.err = errors.Join(r.err, c.close(), ctx.Err())
	}()
	return r, nil
}

// Stop ends the run, if it has not ended, waits for what is under way, and tells
// what was counted.
func (r *Running) Stop() (Result, error) {
	r.stopped.Store(true)
	<-r.ended
	return r.counted.result(), r.err
}

func (r *Running) wait() (Result, error) {
	<-r.ended
	out := r.counted.result()
	return out, errors.Join(r.err, out.Err())
}

func (c *counts) result() Result {
	out := Result{
		Requests: len(c.took), Failed: c.failed, Failure: c.failure,
		Precedence: c.precedence, Late: quantile(c.late, 990),
	}
	if n := len(c.took); n > 0 {
		for i := range Parts {
			out.P99s = append(out.P99s, quantile(c.took[n*i/Parts:n*(i+1)/Parts], 990))
		}
		out.P50, out.P99, out.P999 = quantile(c.took, 500), quantile(c.took, 990), quantile(c.took, 999)
		out.PerSecond = float64(len(c.took)) / c.elapsed.Seconds()
	}
	return out
}

// Parts is how many parts the answers of a run are told of by.
const Parts = 8

// quantile is one of a list, which it sorts.
func quantile(list []time.Duration, thousandths int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)*thousandths/1000]
}
