package authz_test

import (
	"math"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
)

// stream puts decisions to a cache, one after the other, while policies are
// loaded again and the clock goes back and forth.
type stream struct {
	*generator
	cache *cache.Cache
	// generation is that of the latest questions, the last ones in the list.
	generation uint64
	loaded     [][]question
}

// load makes the questions of a new generation. Callers, accesses and requests
// may be those of the one before, under other policies.
func (s *stream) load() {
	var next []question
	for i := range 1 + s.n(3) {
		c, r, a := s.question()
		if len(s.loaded) > 0 && s.n(2) == 0 {
			old := s.loaded[len(s.loaded)-1]
			was := old[i%len(old)]
			same := *was.caller
			same.Identity, same.Boundary, same.Session, same.SCP = c.Identity, c.Boundary, c.Session, c.SCP
			there := *was.access
			there.Policy, there.RCP = a.Policy, a.RCP
			c, r, a = &same, &authz.Request{Now: was.request.Now, Keys: was.request.Keys, Endpoint: r.Endpoint}, &there
		}
		next = append(next, question{c, r, a})
	}
	s.generation++
	s.loaded = append(s.loaded, next)
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
			continue
		case 2: // a request that began under an earlier generation
			back := s.n(len(s.loaded))
			generation, questions = generation-uint64(back), s.loaded[len(s.loaded)-1-back]
		}
		q := questions[s.n(len(questions))]
		if s.n(2) == 1 {
			s.step(q.caller, q.request, q.access)
		}
		want := authz.Decide(q.caller, q.request, q.access)
		for range 3 {
			if got := s.cache.Decide(generation, q.caller, q.request, q.access); got != want {
				t.Errorf("the cache says %+v, the evaluator %+v: %+v %+v %+v\n%s", got, want, q.caller, q.request, q.access, describe(q.caller, q.request, q.access))
			}
			s.cache.Wait()
		}
	}
}

// remembering makes a cache that looks up whatever can be remembered.
func remembering(tb testing.TB) *cache.Cache {
	tb.Helper()
	k, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: math.MinInt})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(k.Close)
	return k
}

// FuzzRemembered holds what is remembered against what is evaluated. The cache
// stays the same from run to run, so that what is left of one could show in
// another.
func FuzzRemembered(f *testing.F) {
	for _, seed := range randomSeeds(64) {
		f.Add(seed)
	}
	k := remembering(f)
	generation := uint64(0)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := stream{generator: &generator{data: data}, cache: k, generation: generation}
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
	for _, seed := range randomSeeds(n) {
		s := stream{generator: &generator{data: seed}, cache: k, generation: generation}
		s.run(t)
		generation = s.generation
		if t.Failed() {
			return
		}
	}
	if s := k.Stats(); s.Hits < uint64(n) || s.Misses < uint64(n) {
		t.Errorf("%d streams, but %+v: nothing is proved", n, s)
	} else {
		t.Logf("%+v", s)
	}
}
