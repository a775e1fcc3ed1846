package authz_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// stream puts decisions to a cache, one after the other, while policies are
// loaded again and the clock goes back and forth.
type stream struct {
	*generator
	caches [2]*cache.Cache
	// generation is that of the latest questions, the last ones in the list.
	generation uint64
	loaded     [][]question
	// prepared are the callers that are, which is every other one.
	prepared map[*authz.Caller]bool
	counts   streamCounts
}

// streamCounts is what happened in streams.
type streamCounts struct{ reloads, survived, changed, earlier, clocks int }

// load makes the questions of a new generation. What an activation does not concern
// stays the very same from one to the next; the rest is under other policies, in one
// layer or in all, or is new.
func (s *stream) load() {
	var next []question
	for i := range 1 + s.n(3) {
		c, r, a := s.question()
		if len(s.loaded) == 0 {
			next = append(next, question{c, r, a})
			continue
		}
		old := s.loaded[len(s.loaded)-1]
		was := old[i%len(old)]
		same, there := *was.caller, *was.access
		again := &authz.Request{Now: was.request.Now, Keys: was.request.Keys, Endpoint: was.request.Endpoint}
		switch s.n(4) {
		case 1:
			same.Identity, same.Boundary, same.Session, same.SCP = c.Identity, c.Boundary, c.Session, c.SCP
			there.Policy, there.RCP, again.Endpoint = a.Policy, a.RCP, r.Endpoint
			c, r, a = &same, again, &there
		case 2:
			c, r, a = was.caller, was.request, was.access
			s.counts.survived++
		case 3:
			s.layer(&same, again, &there)
			c, r, a = &same, again, &there
			s.counts.changed++
		}
		next = append(next, question{c, r, a})
	}
	s.generation++
	s.loaded = append(s.loaded, next)
	if s.prepared == nil {
		s.prepared = map[*authz.Caller]bool{}
	}
	for i, q := range next {
		if (i+len(s.loaded))%2 == 0 {
			q.caller.Prepare()
			s.prepared[q.caller] = true
		}
	}
}

// layer attaches other policies in one layer.
func (s *stream) layer(c *authz.Caller, r *authz.Request, a *authz.Access) {
	switch s.n(7) {
	case 0:
		c.Identity = s.policies(policy.Identity)
	case 1:
		c.Boundary = s.policies(policy.Boundary)
	case 2:
		c.Session = s.policies(policy.Session)
	case 3:
		c.SCP = s.levels(policy.SCP)
	case 4:
		r.Endpoint = s.policies(policy.Endpoint)
	case 5:
		kind := policy.Resource
		if a.Kind == authz.RoleTrust {
			kind = policy.Trust
		}
		a.Policy = s.policies(kind)
	case 6:
		a.RCP = s.levels(policy.RCP)
	}
}

// run compares every answer of the cache with the evaluator's.
func (s *stream) run(t *testing.T) {
	t.Helper()
	s.load()
	for range 12 {
		generation, questions := s.generation, s.loaded[len(s.loaded)-1]
		switch s.n(8) {
		case 1:
			s.load()
			s.counts.reloads++
			continue
		case 2: // a request that began under an earlier generation
			back := s.n(len(s.loaded))
			generation, questions = generation-uint64(back), s.loaded[len(s.loaded)-1-back]
			s.counts.earlier += min(1, back)
		}
		q := questions[s.n(len(questions))]
		if s.n(2) == 1 {
			before := q.request.Now
			s.step(q.caller, q.request, q.access)
			if s.prepared[q.caller] {
				q.caller.Prepare() // it may be another one now
			}
			if !q.request.Now.Equal(before) {
				s.counts.clocks++
			}
		}
		want := authz.Decide(q.caller, q.request, q.access)
		for i, k := range s.caches {
			for range 3 + i {
				if got := k.Decide(generation, q.caller, q.request, q.access); !same(got, want) {
					t.Errorf("the cache %d says %+v, the evaluator %+v: %+v %+v %+v\n%s", i, got, want, q.caller, q.request, q.access, describe(q.caller, q.request, q.access))
				}
				k.Wait()
			}
		}
	}
}

// same tells whether two decisions say the same: one that is remembered has a copy of
// the statement.
func same(a, b authz.Decision) bool {
	if a.Statement != nil && b.Statement != nil && *a.Statement == *b.Statement {
		a.Statement = b.Statement
	}
	return a == b
}

// remembering makes two caches: one that looks up whatever can be remembered,
// and one that decides itself what to look up, and gains little by it.
func remembering(tb testing.TB) (caches [2]*cache.Cache) {
	tb.Helper()
	for i, least := range []int{-1, 1} {
		k, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: least})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(k.Close)
		caches[i] = k
	}
	return caches
}

// longSeeds are seeds that last for whole streams.
func longSeeds(n int) iter.Seq[[]byte] {
	const each = 4
	return func(yield func([]byte) bool) {
		for some := range slices.Chunk(randomSeeds(each*n), each) {
			if !yield(slices.Concat(some...)) {
				return
			}
		}
	}
}

// FuzzRemembered holds what is remembered against what is evaluated. The cache
// stays the same from run to run, so that what is left of one could show in
// another.
func FuzzRemembered(f *testing.F) {
	for seed := range longSeeds(64) {
		f.Add(seed)
	}
	k := remembering(f)
	generation := uint64(0)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := stream{generator: &generator{data: data}, caches: k, generation: generation}
		s.run(t)
		generation = s.generation
	})
}

// TestRemembered is the fuzzer's test on many streams.
func TestRemembered(t *testing.T) {
	t.Parallel()
	n := 2_000
	if testing.Short() {
		n = 200
	}
	k := remembering(t)
	generation := uint64(0)
	var counts streamCounts
	for seed := range longSeeds(n) {
		s := stream{generator: &generator{data: seed}, caches: k, generation: generation, counts: counts}
		s.run(t)
		generation, counts = s.generation, s.counts
		if t.Failed() {
			return
		}
	}
	if least := min(counts.reloads, counts.survived, counts.changed, counts.earlier, counts.clocks); least < n/5 {
		t.Errorf("in %d streams only %+v: little is proved", n, counts)
	}
	for i, least := range []int{n, n / 2} {
		if s := k[i].Stats(); s.Hits < uint64(least) || s.Misses < uint64(least) {
			t.Errorf("%d streams, but the cache %d has %+v: nothing is proved", n, i, s)
		} else {
			t.Logf("%+v, %+v", s, counts)
		}
	}
}
