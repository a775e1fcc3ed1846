// Package arrivals asks over HTTP at a rate that does not depend on answers, as
// independent clients do: a server that stands still is not spared questions
// meanwhile, and how long an answer takes counts from when its question was due,
// not from when it could be sent.
package arrivals

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	// warm is how many connections are open before the first question.
	warm = 32
	// most is how many questions are under way at a time. Beyond, questions wait;
	// their time counts.
	most = 2048
)

// Load is requests that are sent again and again. It is for one run at a time.
type Load struct {
	// Address is where they go.
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

// Saturate has some clients ask for a time, each again as soon as it is answered.
// Anything that fails is an error.
func (l *Load) Saturate(ctx context.Context, clients int, duration time.Duration) (Result, error) {
	t, err := l.open(ctx, clients)
	if err != nil {
		return Result{}, err
	}
	p := &unpaced{until: duration}
	n := uint64(clients)
	r := l.begin(ctx, t, p, nil, vegeta.Workers(n), vegeta.MaxWorkers(n))
	<-r.ended
	out := r.result()
	return out, out.Err()
}

// Run asks at a rate per second for a time, at random moments. Anything that
// fails is an error.
func (l *Load) Run(ctx context.Context, rate float64, duration time.Duration) (Result, error) {
	r, err := l.Start(ctx, rate, duration)
	if err != nil {
		return Result{}, err
	}
	<-r.ended
	out, err := r.Stop()
	return out, errors.Join(err, out.Err())
}

// Start begins to ask at a rate per second for at most some time.
func (l *Load) Start(ctx context.Context, rate float64, atMost time.Duration) (*Running, error) {
	t, err := l.open(ctx, warm)
	if err != nil {
		return nil, err
	}
	clock, err := NewClock()
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	p := &paced{due: Times(rate, atMost, rand.Uint64()), clock: clock}
	return l.begin(ctx, t, p, p, vegeta.Workers(warm), vegeta.MaxWorkers(most)), nil
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
	paced     *paced // nil if it is not
	transport *transport
	ended     chan struct{}

	// Once ended is closed.
	start   time.Time
	elapsed time.Duration
	took    []time.Duration
	failed  int
	failure string
}

// Stop ends the run, if it has not ended, waits for what is under way, and tells
// what was counted.
func (r *Running) Stop() (Result, error) {
	r.paced.stopped.Store(true)
	<-r.ended
	return r.result(), errors.Join(r.paced.failed, r.paced.clock.Close())
}

// begin attacks; p is nil in a run that is not paced.
func (l *Load) begin(ctx context.Context, t *transport, pacer vegeta.Pacer, p *paced, workers ...func(*vegeta.Attacker)) *Running {
	r := &Running{paced: p, transport: t, ended: make(chan struct{}), start: time.Now()}
	attacker := vegeta.NewAttacker(append(workers, vegeta.Client(&http.Client{Transport: t}), vegeta.MaxBody(0))...)
	url := "http://" + l.Address + "/"
	target := func(out *vegeta.Target) error {
		out.Method, out.URL = http.MethodGet, url // the transport sends what it has
		return ctx.Err()
	}
	results := attacker.Attack(target, pacer, 0, "")
	go func() {
		defer close(r.ended)
		for one := range results {
			r.take(one)
		}
		r.elapsed = time.Since(r.start)
		if err := t.Close(); err != nil && r.failure == "" {
			r.failed, r.failure = r.failed+1, err.Error()
		}
	}()
	return r
}

// take counts an answer.
func (r *Running) take(one *vegeta.Result) {
	if one.Code == 0 { // the transport takes what must not be for an error
		if r.failed++; r.failure == "" {
			r.failure = one.Error
		}
		return
	}
	since := one.Timestamp
	if r.paced != nil {
		since = r.paced.began.Add(r.paced.due[one.Seq])
	}
	r.took = append(r.took, one.End().Sub(since))
}

func (r *Running) result() Result {
	out := Result{Requests: len(r.took), Failed: r.failed, Failure: r.failure}
	if len(r.took) > 0 {
		slices.Sort(r.took)
		at := func(thousandths int) time.Duration { return r.took[len(r.took)*thousandths/1000] }
		out.P50, out.P99, out.P999 = at(500), at(990), at(999)
		out.PerSecond = float64(len(r.took)) / r.elapsed.Seconds()
	}
	return out
}

// unpaced asks without a pause until some time has passed.
type unpaced struct{ until time.Duration }

// Pace implements vegeta.Pacer.
func (u *unpaced) Pace(elapsed time.Duration, _ uint64) (time.Duration, bool) {
	return 0, elapsed > u.until
}

// Rate implements vegeta.Pacer.
func (*unpaced) Rate(time.Duration) float64 { return 0 }

// paced asks when it is due. It waits by itself, because the attacker would
// sleep.
type paced struct {
	due     []time.Duration
	clock   *Clock
	stopped atomic.Bool

	// Written before the first request is sent, and before the last has ended.
	began  time.Time
	failed error
}

// Pace implements vegeta.Pacer.
func (p *paced) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if hits == 0 {
		p.began = time.Now().Add(-elapsed)
	}
	if hits >= uint64(len(p.due)) || p.stopped.Load() {
		return 0, true
	}
	p.failed = p.clock.Wait(p.due[hits] - elapsed)
	return 0, p.failed != nil || p.stopped.Load()
}

// Rate implements vegeta.Pacer.
func (*paced) Rate(time.Duration) float64 { return 0 }
