package main

import (
	"runtime"
	"testing"
	"time"
)

// TestGarbagePercent: as much garbage may come together as is in use, but not less than
// the least.
func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, 3200}, {1 << 20, 3200}, {4 << 20, 3200}, {8 << 20, 1600}, {16 << 20, 800}, {100 << 20, 128},
		{leastGarbage - 1, 100}, {leastGarbage, 100}, {1 << 40, 100},
	} {
		got := garbagePercent(tt.live)
		if got != tt.want {
			t.Errorf("%d bytes: %d, not %d", tt.live, got, tt.want)
		}
		if garbage := tt.live * uint64(got) / 100; garbage > max(leastGarbage, tt.live) {
			t.Errorf("%d bytes may have %d of garbage", tt.live, garbage)
		}
	}
}

// TestIdle: memory is given back when there is nothing to do, and enough to give.
func TestIdle(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, tt := range []struct {
		name            string
		allocated, used uint64
		over            time.Duration
		want            bool
	}{
		{"nothing", 0, 4 * mib, 10 * time.Second, true},
		{"health checks", 2 * mib, 4 * mib, 10 * time.Second, true},
		{"requests", 30 * mib, 4 * mib, 10 * time.Second, false},
		{"requests since the activation", mib, 4 * mib, 250 * time.Millisecond, false},
		{"a large bundle is polled", 20 * mib, 150 * mib, 10 * time.Second, true},
		{"no time", 0, 4 * mib, 0, false},
	} {
		if got := isIdle(tt.allocated, tt.used, tt.over); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	for _, tt := range []struct {
		held, used uint64
		want       bool
	}{{10 * mib, 8 * mib, false}, {12 * mib, 8 * mib, true}, {160 * mib, 150 * mib, false}, {200 * mib, 150 * mib, true}, {1, 2, false}} {
		if got := isWorthwhile(tt.held, tt.used); got != tt.want {
			t.Errorf("%d held, %d in use: %v", tt.held, tt.used, got)
		}
	}
}

// TestAfterCollection: it is told of a collection, and once.
func TestAfterCollection(t *testing.T) {
	t.Parallel()
	collected := make(chan struct{}, 1)
	afterCollection(collected)
	runtime.GC()
	select {
	case <-collected:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was told")
	}
}
