package cache_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a cache that looks up whatever can be remembered.
// patience is the time for what happens beside the test, which is soon.
const patience = 20 * time.Second

func open(tb testing.TB) *cache.Cache {
	tb.Helper()
	k, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: -1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(k.Close)
	return k
}

// remember asks until the decision is remembered.
func remember(k *cache.Cache, generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) {
	for range 2 {
		k.Decide(generation, c, r, a)
		k.Wait()
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

// asked tells how a decision was come by.
func asked(t *testing.T, k *cache.Cache, generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) string {
	t.Helper()
	before := k.Stats()
	if got, want := k.Decide(generation, c, r, a), authz.Decide(c, r, a); !same(got, want) {
		t.Errorf("the decision is %+v, want %+v", got, want)
	}
	switch after := k.Stats(); {
	case after.Hits > before.Hits:
		return "hit"
	case after.Misses > before.Misses:
		return "miss"
	default:
		return "evaluated"
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	k := open(t)
	c, r, a := alice(identity(t, allow(`"StringEquals":{"aws:UserAgent":"aws-cli/2.0"}`))), request(), object()
	for i, want := range []string{"miss", "miss", "hit", "hit"} {
		if got := asked(t, k, 1, c, r, a); got != want {
			t.Errorf("the decision number %d is a %s, want a %s", i, got, want)
		}
		k.Wait()
	}
	r.Keys.Set("aws:useragent", "other")
	if got := asked(t, k, 1, c, r, a); got != "miss" {
		t.Errorf("with another value that is read, a %s", got)
	}
	r.Keys.Set("aws:useragent", "aws-cli/2.0")
	r.Keys.Set("aws:referer", "other")
	if got := asked(t, k, 1, c, r, a); got != "hit" {
		t.Errorf("with another value that nothing reads, a %s", got)
	}
	if got, want := k.Stats(), (cache.Stats{Hits: 3, Misses: 3}); got != want {
		t.Errorf("the counts are %+v, want %+v", got, want)
	}
}

func TestDecide_off(t *testing.T) {
	t.Parallel()
	k, err := cache.New(cache.Options{})
	if k != nil || err != nil {
		t.Fatalf("a cache without memory is %v, %v", k, err)
	}
	c, r, a := alice(identity(t, allow(``))), request(), object()
	if got := asked(t, k, 1, c, r, a); got != "evaluated" {
		t.Errorf("without a cache, a %s", got)
	}
	k.Wait()
	k.Close()
}

// TestDecide_closed asks a cache that takes nothing any more.
func TestDecide_closed(t *testing.T) {
	t.Parallel()
	k, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	c, r, a := alice(identity(t, allow(``))), request(), object()
	remember(k, 1, c, r, a)
	k.Close()
	for range 3 {
		if got := asked(t, k, 1, c, r, a); got != "miss" {
			t.Errorf("a %s", got)
		}
	}
	if got := k.Stats().Rejections; got != 3 {
		t.Errorf("%d rejections, want 3", got)
	}
}

func TestDecide_generations(t *testing.T) {
	t.Parallel()
	k := open(t)
	c, r, a := alice(identity(t, allow(``))), request(), object()
	steps := []struct {
		generation uint64
		want       string
	}{
		{1, "hit"},
		{2, "miss"},
		{1, "evaluated"}, // a request that began before the swap
		{3, "miss"},
	}
	remember(k, 1, c, r, a)
	for _, s := range steps {
		if got := asked(t, k, s.generation, c, r, a); got != s.want {
			t.Errorf("in generation %d, a %s, want a %s", s.generation, got, s.want)
		}
	}
	// Until the old entries are forgotten, which new ones may be with them.
	for stop := time.Now().Add(patience); time.Now().Before(stop); time.Sleep(10 * time.Millisecond) {
		remember(k, 3, c, r, a)
		if asked(t, k, 3, c, r, a) == "hit" {
			return
		}
	}
	t.Error("nothing is remembered of generation 3")
}

// TestDecide_clock steps the clock over a threshold and back.
func TestDecide_clock(t *testing.T) {
	t.Parallel()
	k := open(t)
	c, r, a := alice(identity(t, allow(`"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`))), request(), object()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, s := range []struct {
		step time.Duration
		want string
	}{
		{-time.Second, "miss"}, {-time.Hour, "hit"}, {0, "miss"}, {time.Millisecond, "hit"}, {time.Second, "miss"}, {time.Hour, "hit"}, {-time.Minute, "hit"}, {0, "hit"},
	} {
		r.Now = at.Add(s.step)
		if got := asked(t, k, 1, c, r, a); got != s.want {
			t.Errorf("number %d, %s from the threshold: a %s, want a %s", i, s.step, got, s.want)
		}
		remember(k, 1, c, r, a)
	}
}

// TestDecide_notRemembered checks what is looked up in vain for ever.
func TestDecide_notRemembered(t *testing.T) {
	t.Parallel()
	k := open(t)
	text := alice(identity(t, allow(`"StringLike":{"aws:CurrentTime":"2025-*"}`)))
	r, a := request(), object()
	remember(k, 1, text, r, a)
	if got := asked(t, k, 1, text, r, a); got != "evaluated" {
		t.Errorf("the clock as text: a %s", got)
	}
}

// TestDecide_collisions lets all keys have one hash, and all that is asked: of callers
// as sessions bring them, and of those that come back.
func TestDecide_collisions(t *testing.T) {
	t.Parallel()
	for _, prepared := range []bool{false, true} {
		k, err := cache.NewMasked(cache.Options{MaxBytes: cache.MinBytes, MinGain: -1}, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		allowed, denied := alice(identity(t, allow(``))), alice(nil)
		if prepared {
			allowed.Prepare()
			denied.Prepare()
		}
		r, a := request(), object()
		k.Decide(1, allowed, r, a) // is looked up in vain, as is whatever has the same hash
		for range 3 {
			for _, c := range []*authz.Caller{allowed, denied} {
				for _, want := range []string{"miss", "hit", "hit", "hit"} {
					if got := asked(t, k, 1, c, r, a); got != want {
						t.Errorf("prepared %t: a %s, want a %s", prepared, got, want)
					}
					k.Wait()
				}
			}
		}
	}
}

// TestMuseum_21_cachedUnderAnotherRule: what was decided under one rule must not
// answer for another, though caller, action and resource are the same.
func TestMuseum_21_cachedUnderAnotherRule(t *testing.T) {
	t.Parallel()
	bucket := func(effect string) *authz.Policies {
		return authz.NewPolicies(parse(t, policy.Bucket, `{"Version":"2012-10-17","Statement":{"Effect":"`+effect+`","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::reports/*"}}`))
	}
	deny := func(kind policy.Kind) *authz.Policies {
		return authz.NewPolicies(parse(t, kind, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`))
	}
	tests := []struct {
		name       string
		generation uint64
		change     func(c *authz.Caller, r *authz.Request, a *authz.Access)
	}{
		{"after a reload", 2, func(c *authz.Caller, _ *authz.Request, _ *authz.Access) { c.Identity = nil }},
		{"a user deleted and made again", 1, func(c *authz.Caller, _ *authz.Request, _ *authz.Access) { c.ID, c.Identity = "AIDAOTHER", nil }},
		{"a session with less", 1, func(c *authz.Caller, _ *authz.Request, _ *authz.Access) {
			c.Type, c.Session = authz.AssumedRole, deny(policy.Session)
		}},
		{"a boundary", 1, func(c *authz.Caller, _ *authz.Request, _ *authz.Access) { c.Boundary = deny(policy.Boundary) }},
		{"an organization's", 1, func(c *authz.Caller, _ *authz.Request, _ *authz.Access) {
			c.SCP = []*authz.Policies{deny(policy.SCP)}
		}},
		{"an endpoint's", 1, func(_ *authz.Caller, r *authz.Request, _ *authz.Access) { r.Endpoint = authz.NewPolicies() }},
		{"the bucket's", 1, func(_ *authz.Caller, _ *authz.Request, a *authz.Access) { a.Policy = bucket("Deny") }},
		{"another owner", 1, func(_ *authz.Caller, _ *authz.Request, a *authz.Access) { a.Account = "222222222222" }},
		{"from elsewhere", 1, func(_ *authz.Caller, r *authz.Request, _ *authz.Access) {
			r.Keys.Set("aws:sourceip", "198.51.100.1")
		}},
		{"too late", 1, func(_ *authz.Caller, r *authz.Request, _ *authz.Access) {
			r.Now = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
		}},
	}
	for i := range 2 * len(tests) {
		tt, prepared := tests[i/2], i%2 == 1
		t.Run(fmt.Sprintf("%s, prepared %t", tt.name, prepared), func(t *testing.T) {
			t.Parallel()
			k := open(t)
			c, r, a := alice(identity(t, allow(`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}`))), request(), object()
			if prepared {
				c.Prepare()
			}
			remember(k, 1, c, r, a)
			if got := asked(t, k, 1, c, r, a); got != "hit" || !k.Decide(1, c, r, a).Allowed() {
				t.Fatalf("before the change: a %s", got)
			}
			changed := *c
			tt.change(&changed, r, a)
			for range 2 {
				if d := k.Decide(tt.generation, &changed, r, a); d.Allowed() {
					t.Errorf("allowed as before: %+v", d)
				}
				changed.Prepare()
			}
		})
	}
}

// TestDecide_concurrent asks for many decisions from many goroutines while
// generations pass.
func TestDecide_concurrent(t *testing.T) {
	t.Parallel()
	k := open(t)
	var generations [4]*authz.Caller
	for i := range generations {
		effects := []string{"Allow", "Deny"}
		generations[i] = alice(identity(t, `{"Effect":"`+effects[i%2]+`","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:UserAgent":["x"]}}}`))
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			r, a := request(), object()
			for i := range 4000 {
				generation := i / 1000
				if i%16 == worker {
					generation = max(generation-1, 0)
				}
				a.Resource = "arn:aws:s3:::reports/" + strconv.Itoa(i%64)
				c := generations[generation]
				if got, want := k.Decide(uint64(generation+1), c, r, a), authz.Decide(c, r, a); !same(got, want) {
					t.Errorf("generation %d: %+v, want %+v", generation, got, want)
					return
				}
				if i%200 == 0 {
					k.Wait()
				}
			}
		})
	}
	wg.Wait()
	if s := k.Stats(); s.Hits == 0 {
		t.Errorf("nothing was remembered: %+v", s)
	}
}

// TestDecide_allocations checks that a hit needs no memory.
func TestDecide_allocations(t *testing.T) {
	k := open(t)
	c, r, a := alice(identity(t, allow(`"StringEquals":{"aws:UserAgent":"aws-cli/2.0"}`))), request(), object()
	remember(k, 1, c, r, a)
	// The library keeps a ring of what was read, a new one every 64 times.
	if n := testing.AllocsPerRun(1000, func() { k.Decide(1, c, r, a) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if s := k.Stats(); s.Misses > 2 {
		t.Errorf("no hits: %+v", s)
	}
}
