package bundle

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// How work in the background takes turns with requests.
const (
	// slice is how long it goes on at a stretch, and rests how many times as long it
	// sleeps then: it has a third of one processor.
	slice = 200 * time.Microsecond
	rests = 2
	// longest bounds what counts of a stretch: some cannot be broken, and in others
	// somebody else had the processor.
	longest = 20 * time.Millisecond
	// late is how late it may go on where processors are to be had: when some dozens of
	// requests were ready before it. Then it sleeps for longer once more, and that long
	// while garbage is collected: that takes half a processor of two.
	late, longer = time.Millisecond, 4 * time.Millisecond
	// prompt is how much of the work for one change does not give way like this: an edit
	// must not take seconds, however little is left by the requests.
	prompt = 250 * time.Millisecond
	// lately is how long after a request others are taken to follow.
	lately = 100 * time.Millisecond
	// patience is how long the work for one change rests like this in all, but for one
	// round of what is ready, however many requests there are: whoever takes an access
	// away must not have to wait for them to cease. From then on it rests as long as it
	// works, in stretches that are long beside how late it wakes up: it has half of one
	// processor, or not much less.
	patience = 4 * time.Second
	stretch  = 2 * time.Millisecond
)

// pace keeps reading and building from taking the processors from requests: while
// there are some, the work sleeps between slices. One goroutine works; anybody may
// tell of requests. A nil pace is full speed.
type pace struct {
	// requested tells that there was a request since this was last cleared.
	requested atomic.Bool

	ctx   context.Context
	now   func() time.Time
	sleep func(context.Context, time.Duration)
	// yield lets all go first who are ready.
	yield func()
	// collecting tells whether garbage is being collected.
	collecting func() bool
	// free lets the work go on whatever there is: nobody can be served before it is
	// done.
	free bool
	// began is when the slice did, and request when a request was last seen.
	began, request time.Time
	// worked and rested are how long it has while there were requests, since begin.
	worked, rested time.Duration
}

func newPace() *pace {
	return &pace{ctx: context.Background(), now: time.Now, sleep: sleep, yield: runtime.Gosched, collecting: newCollector().works}
}

// serve tells of a request. It writes only where the work has looked since.
func (p *pace) serve() {
	if !p.requested.Load() {
		p.requested.Store(true)
	}
}

// begin begins work that may last as long as ctx. again tells that the last came to
// nothing, since files changed meanwhile: it has worked and rested for this, too.
func (p *pace) begin(ctx context.Context, free, again bool) {
	if p.ctx, p.free = ctx, free; !again {
		p.worked, p.rested = 0, 0
	}
	p.resume()
}

// resume goes on with the work after a pause.
func (p *pace) resume() { p.began = p.now() }

// step is called between small parts of the work, and sleeps if it is time to. An
// error tells that the work is to end.
func (p *pace) step() error {
	if p == nil {
		return nil
	}
	now := p.now()
	worked, enough := now.Sub(p.began), slice
	if p.rested >= patience {
		enough = stretch
	}
	if worked < enough {
		return nil
	}
	if p.requested.Load() {
		p.requested.Store(false)
		p.request = now
	}
	if err := p.ctx.Err(); err != nil {
		return err
	}
	p.began = now
	if !p.free && !p.request.IsZero() && now.Sub(p.request) < lately {
		worked = min(worked, longest)
		p.worked += worked
		p.began = p.rest(now, worked)
		p.rested += p.began.Sub(now)
	}
	return nil
}

// rest sleeps after some work, and tells when it is then.
func (p *pace) rest(now time.Time, worked time.Duration) time.Time {
	if p.rested >= patience {
		p.sleep(p.ctx, worked)
		return p.now()
	}
	d := rests * worked
	if p.collecting() {
		d = max(d, longer)
	}
	p.sleep(p.ctx, d)
	if p.worked <= prompt || p.ctx.Err() != nil {
		return p.now()
	}
	// What a timer wakes up Go runs next, however much is ready.
	p.yield()
	woken := p.now()
	if woken.Sub(now)-d > late {
		p.sleep(p.ctx, longer)
		woken = p.now()
	}
	return woken
}

// err is not nil once the work is to end.
func (p *pace) err() error {
	if p == nil {
		return nil
	}
	return p.ctx.Err()
}

// sleep sleeps, but no longer than ctx lasts.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
