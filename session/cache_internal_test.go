package session

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// These tests look inside of the cache: that its memory is bounded, and that a hash
// is not trusted, shows from outside in nothing but time.

func TestCache(t *testing.T) {
	t.Parallel()
	c := newCache[int](1 << 20)
	c.add("ASIA1", "token", 1, 42, 10)
	for _, tt := range []struct {
		name, token string
		generation  uint64
		want        bool
	}{
		{"ASIA1", "token", 1, true},
		{"ASIA1", "token", 2, false},
		{"ASIA1", "token", 0, false},
		{"ASIA1", "tokeN", 1, false},
		{"ASIA1", "", 1, false},
		{"ASIA2", "token", 1, false},
	} {
		if v, ok := c.find(tt.name, tt.token, tt.generation); ok != tt.want || ok && v != 42 {
			t.Errorf("%s %s %d: %d, %v", tt.name, tt.token, tt.generation, v, ok)
		}
	}
	c.add("ASIA1", "another", 1, 43, 10)
	if _, ok := c.find("ASIA1", "token", 1); ok {
		t.Error("two tokens of one access key are remembered")
	}
	if v, ok := c.find("ASIA1", "another", 1); !ok || v != 43 {
		t.Error("the later token is not remembered")
	}
	c.add("ASIA3", "token", 2, 44, 10)
	if _, ok := c.find("ASIA1", "another", 1); ok {
		t.Error("an earlier generation is remembered")
	}
	c.add("ASIA4", "token", 1, 45, 10)
	if _, ok := c.find("ASIA4", "token", 1); ok {
		t.Error("an entry of an earlier generation is taken up")
	}
	if _, ok := c.find("ASIA3", "token", 2); !ok {
		t.Error("an entry is lost")
	}
	var none *cache[int]
	none.add("ASIA1", "token", 1, 42, 10)
	if _, ok := none.find("ASIA1", "token", 1); ok || newCache[int](0) != nil {
		t.Error("a cache without memory remembers")
	}
}

// TestCacheCollisions has all entries in one place, with one hash.
func TestCacheCollisions(t *testing.T) {
	t.Parallel()
	c := newCache[string](1 << 20)
	c.add("one", "token one", 1, "one", 1)
	for i := range c.slots {
		if e := c.slots[i].Load(); e != nil {
			// As if "two" had the hash of "one".
			forged := &cached[string]{hash: e.hash, name: "two", token: "token two", generation: 1, value: "two"}
			c.slots[i].Store(forged)
		}
	}
	if v, ok := c.find("one", "token one", 1); ok {
		t.Errorf("a hash is trusted: %s", v)
	}
}

func TestCacheBound(t *testing.T) {
	t.Parallel()
	const most = 256 << 10
	c := newCache[int](most)
	token := strings.Repeat("t", 2000)
	for i := range 5000 {
		c.add(fmt.Sprint("ASIA", i), token, 1, i, 1000)
		if c.bytes > most {
			t.Fatalf("%d bytes of %d", c.bytes, most)
		}
	}
	c.add("huge", token, 1, 0, most)
	if _, ok := c.find("huge", token, 1); ok {
		t.Error("an entry larger than the cache is taken up")
	}
	held, bytes := 0, int64(0)
	for i := range c.slots {
		if e := c.slots[i].Load(); e != nil {
			held, bytes = held+1, bytes+e.bytes
		}
	}
	if bytes != c.bytes || held < most/4/3300 {
		t.Errorf("%d entries of %d bytes, counted as %d", held, bytes, c.bytes)
	}
	if _, ok := c.find("ASIA4999", token, 1); !ok {
		t.Error("the last one is forgotten")
	}
}

// TestCacheKeepsWhatIsUsed adds many that are used once beside a few that are used
// all the time.
func TestCacheKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	c := newCache[int](1 << 20)
	missed := 0
	for i := range 20000 {
		name := fmt.Sprint("hot", i%8)
		if _, ok := c.find(name, "token", 1); !ok {
			missed++
			c.add(name, "token", 1, i, 2000)
		}
		c.add(fmt.Sprint("cold", i), "token", 1, i, 2000)
	}
	if missed > 2000 {
		t.Errorf("%d of 20000 look-ups of what is used all the time were in vain", missed)
	}
}

func TestCacheConcurrent(t *testing.T) {
	t.Parallel()
	c := newCache[int](64 << 10)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				name := fmt.Sprint(i % 50)
				if v, ok := c.find(name, name, uint64(1+i/500)); ok && fmt.Sprint(v) != name {
					t.Errorf("%s: %d", name, v)
				}
				c.add(name, name, uint64(1+i/500), i%50, int64(1000+g))
			}
		})
	}
	wg.Wait()
}
