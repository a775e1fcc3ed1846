package authz_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
)

// stream puts decisions to a cache, one after the other, while policies are
// loaded again and the clock goes back and forth.
type stream struct {
	*generator
	caches [2]*cache.Cache
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
		for i, k := range s.caches {
			for range 3 + i {
				if got := k.Decide(generation, q.caller, q.request, q.access); got != want {
					t.Errorf("the cache %d says %+v, the evaluator %+v: %+v %+v %+v\n%s", i, got, want, q.caller, q.request, q.access, describe(q.caller, q.request, q.access))
				}
				k.Wait()
			}
		}
	}
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
	for _, seed := range randomSeeds(n) {
		s := stream{generator: &generator{data: seed}, caches: k, generation: generation}
		s.run(t)
		generation = s.generation
		if t.Failed() {
			return
		}
	}
	for i, least := range []int{n, n / 2} {
		if s := k[i].Stats(); s.Hits < uint64(least) || s.Misses < uint64(least) {
			t.Errorf("%d streams, but the cache %d has %+v: nothing is proved", n, i, s)
		} else {
			t.Logf("%+v", s)
		}
	}
}
