package cache_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
)

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMaxBytes fills a cache with more than it may take, and weighs it.
func TestMaxBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("makes many decisions")
	}
	const most = 16 << 20
	c, r, a := alice(identity(t, allow(``))), request(), object()
	before := heap()
	k, err := cache.New(cache.Options{MaxBytes: most, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	for i := range 60_000 {
		a.Resource = "arn:aws:s3:::reports/2026/" + strconv.Itoa(i)
		k.Decide(1, c, r, a)
		k.Decide(1, c, r, a)
		if i%1000 == 0 {
			k.Wait()
		}
	}
	k.Wait()
	size := int64(heap() - before)
	s := k.Stats()
	if s.Evictions+s.Rejections < 1000 {
		t.Errorf("the cache did not fill: %+v", s)
	}
	t.Logf("%d bytes of %d; %+v", size, most, s)
	if size > most || size < most/2 {
		t.Errorf("the cache takes %d bytes, and may take %d", size, most)
	}
	runtime.KeepAlive(k)
}

// TestInTurn asks for many accesses one after the other, again and again: none keeps
// another from being remembered, so that in the end all of them are found.
func TestInTurn(t *testing.T) {
	t.Parallel()
	k, err := cache.New(cache.Options{MaxBytes: 16 << 20, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, r, a := alice(identity(t, allow(``))), request(), object()
	const accesses, rounds = 5000, 20
	for range rounds {
		before := k.Stats()
		for i := range accesses {
			a.Resource = "arn:aws:s3:::reports/2026/" + strconv.Itoa(i)
			k.Decide(1, c, r, a)
			if i%1000 == 0 {
				k.Wait()
			}
		}
		k.Wait()
		if k.Stats().Misses == before.Misses {
			return
		}
	}
	t.Errorf("some of %d accesses are not found after %d rounds: %+v", accesses, rounds, k.Stats())
}

// TestRejections fills a cache with what is in use, and offers it what is not.
func TestRejections(t *testing.T) {
	t.Parallel()
	k := open(t)
	c, r, a := alice(identity(t, allow(``))), request(), object()
	ask := func(name string, i, times int) {
		a.Resource = "arn:aws:s3:::reports/" + name + strconv.Itoa(i)
		for range times {
			k.Decide(1, c, r, a)
		}
	}
	for range 4 {
		for i := range 3000 {
			ask("hot", i, 4)
		}
		k.Wait()
	}
	for i := range 3000 {
		ask("cold", i, 2)
	}
	k.Wait()
	if s := k.Stats(); s.Rejections < 100 {
		t.Errorf("what is not in use takes the place of what is: %+v", s)
	}
}

// TestForget checks that the statements of an earlier generation do not stay in
// memory with the decisions they made.
func TestForget(t *testing.T) {
	t.Parallel()
	k := open(t)
	released := make(chan struct{})
	func() {
		c, r, a := alice(identity(t, allow(``))), request(), object()
		runtime.AddCleanup(authz.Decide(c, r, a).Statement, func(released chan struct{}) { close(released) }, released)
		remember(k, 1, c, r, a)
		if got := asked(t, k, 1, c, r, a); got != "hit" {
			t.Errorf("a %s", got)
		}
	}()
	k.Decide(2, &authz.Caller{}, &authz.Request{}, &authz.Access{})
	for stop := time.Now().Add(patience); time.Now().Before(stop); {
		runtime.GC()
		select {
		case <-released:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("the statements are still there")
}
