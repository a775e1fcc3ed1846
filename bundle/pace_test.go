package bundle_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestPace: work sleeps between slices while there are requests, and only then.
func TestPace(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	// worked is a part of the work: how long it takes, and whether there is a request
	// meanwhile.
	type worked struct {
		time.Duration
		request bool
	}
	slice := worked{bundle.Slice, true}
	const much = int(bundle.Prompt/bundle.Longest) + 1
	tests := []struct {
		name       string
		free       bool
		late       time.Duration // how long others go first
		worked     int           // how often it has worked for as long as counts
		collecting bool
		work       []worked
		want       []time.Duration // how long it sleeps
	}{
		{"no requests", false, 0, 0, false, []worked{{ms, false}, {bundle.Longest, false}}, nil},
		{"nobody can be served", true, 0, 0, false, []worked{slice, slice}, nil},
		{"requests", false, 0, 0, false, []worked{slice, {ms, true}}, []time.Duration{bundle.Rests * bundle.Slice, bundle.Rests * ms}},
		{"parts of a slice", false, 0, 0, false, []worked{{bundle.Slice / 2, true}, {bundle.Slice / 2, false}, {bundle.Slice / 2, true}}, []time.Duration{bundle.Rests * bundle.Slice}},
		{"what cannot be broken", false, 0, 0, false, []worked{{time.Minute, true}}, []time.Duration{bundle.Rests * bundle.Longest}},
		{"a request lately", false, 0, 0, false, []worked{slice, {bundle.Lately / 2, false}, {bundle.Lately, false}}, []time.Duration{bundle.Rests * bundle.Slice, bundle.Rests * bundle.Longest}},
		{"no processor to be had", false, bundle.Late + 1, much, false, []worked{slice}, []time.Duration{bundle.Rests * bundle.Slice, bundle.Longer}},
		{"no processor to be had for an edit", false, bundle.Late + 1, much - 1, false, []worked{slice}, []time.Duration{bundle.Rests * bundle.Slice}},
		{"while garbage is collected", false, 0, 0, true, []worked{slice, {4 * ms, true}}, []time.Duration{bundle.Longer, bundle.Rests * 4 * ms}},
		{"a little late", false, bundle.Late, much, false, []worked{slice}, []time.Duration{bundle.Rests * bundle.Slice}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
			var slept []time.Duration
			p := bundle.NewPace(t.Context(), tt.free, tt.collecting, func() time.Time { return now }, func(d time.Duration) {
				slept = append(slept, d)
				now = now.Add(d)
			}, func() { now = now.Add(tt.late) })
			for range tt.worked {
				p.Serve()
				now = now.Add(bundle.Longest)
				if err := p.Step(); err != nil {
					t.Fatal(err)
				}
			}
			slept = nil
			for _, w := range tt.work {
				if w.request {
					p.Serve()
				}
				now = now.Add(w.Duration)
				if err := p.Step(); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(slept, tt.want) {
				t.Errorf("it slept %v, want %v", slept, tt.want)
			}
		})
	}
}

// TestPaceHurries: requests without end do not keep a change from coming into force.
func TestPaceHurries(t *testing.T) {
	t.Parallel()
	var slept time.Duration
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	p := bundle.NewPace(t.Context(), false, true, func() time.Time { return now }, func(d time.Duration) {
		slept += d
		now = now.Add(d)
	}, func() {})
	// work does some, and tells how long it rested meanwhile.
	work := func(d time.Duration) time.Duration {
		before := slept
		inSlices(t, p, &now, d, true)
		return slept - before
	}
	for range 2 {
		const much = 10 * bundle.Patience
		if rested := work(much); rested < bundle.Patience || rested > bundle.Patience+much {
			t.Errorf("it rested for %v while it worked for %v", rested, much)
		}
		p.Begin(t.Context(), true) // the same once more
		if rested := work(10 * bundle.Stretch); rested != 10*bundle.Stretch {
			t.Errorf("once more, it rested for %v while it worked for %v", rested, 10*bundle.Stretch)
		}
		p.Begin(t.Context(), false) // the next change
	}
}

// TestPacePrompt: only what is beyond the first part of the work for a change lets all
// go first who are ready, and work without requests does not count.
func TestPacePrompt(t *testing.T) {
	t.Parallel()
	yields := 0
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	p := bundle.NewPace(t.Context(), false, false, func() time.Time { return now }, func(d time.Duration) { now = now.Add(d) }, func() { yields++ })
	// work does some, and tells how often it yielded meanwhile.
	work := func(d time.Duration, requests bool) int {
		before := yields
		inSlices(t, p, &now, d, requests)
		return yields - before
	}
	for range 2 {
		if n := work(10*bundle.Prompt, false); n > 0 {
			t.Errorf("without requests it yields %d times", n)
		}
		if n := work(bundle.Prompt, true); n > 0 {
			t.Errorf("an edit yields %d times", n)
		}
		if n := work(10*bundle.Slice, true); n != 10 {
			t.Errorf("of 10 slices more it yields after %d", n)
		}
		p.Begin(t.Context(), true) // the same once more
		if n := work(10*bundle.Slice, true); n != 10 {
			t.Errorf("once more, of 10 slices it yields after %d", n)
		}
		p.Begin(t.Context(), false) // the next change
		now = now.Add(2 * bundle.Lately)
	}
}

// inSlices works for a time by a clock, a slice at a time, with requests or without.
func inSlices(t *testing.T, p bundle.Pace, now *time.Time, d time.Duration, requests bool) {
	t.Helper()
	for ; d > 0; d -= bundle.Slice {
		if requests {
			p.Serve()
		}
		*now = now.Add(bundle.Slice)
		if err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPaceEnds: the work is told to end within a slice.
func TestPaceEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	p := bundle.NewPace(ctx, false, false, func() time.Time { return now }, func(time.Duration) { t.Error("it sleeps") }, func() {})
	p.Serve()
	cancel()
	now = now.Add(bundle.Slice)
	if err := p.Step(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestCollector: garbage is taken to be collected from where Go begins until it has
// counted it.
func TestCollector(t *testing.T) {
	t.Parallel()
	var c bundle.Collector
	for _, step := range []struct {
		allocated, cycles uint64
		want              bool
	}{
		{1000, 1, false}, {1069, 1, false}, {1070, 1, true}, {1200, 1, true}, {1250, 2, false}, {1319, 2, false}, {1320, 2, true},
	} {
		if got := c.At(100, 200, step.allocated, step.cycles); got != step.want {
			t.Errorf("allocated %d, collected %d times: %t", step.allocated, step.cycles, got)
		}
	}
	if c.At(100, 0, 5000, 2) {
		t.Error("without a goal")
	}
}

// TestPollAfterRests: rests for requests do not count as the cost of reading, by which a
// large bundle is polled less often.
func TestPollAfterRests(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	o.Poll = 20 * time.Millisecond
	// If it were the cost, the next reading would not be before patience has ended.
	const rest = patience * 11 / 10 / 20
	rested := make(chan struct{})
	s := run(t, directory, o, func(m *bundle.Manager) {
		m.RestOnce(rest, func() { close(rested) })
	})
	s.generation(1)
	s.Current() // a request
	<-rested
	for range 2 {
		before := s.Status()
		s.await("another reading", func(st bundle.Status) bool { return st.CheckedAt.After(before.CheckedAt) })
	}
}
