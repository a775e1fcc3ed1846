package main

import "testing"

// TestGarbagePercent: the heap is let grow to the floor, or to twice what is in
// use if that is more.
func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		live uint64
		want int
	}{{0, 1600}, {1 << 20, 1600}, {heapFloor / 17, 1600}, {8 << 20, 700}, {16 << 20, 300}, {heapFloor/2 - 1, 100}, {heapFloor / 2, 100}, {1 << 40, 100}} {
		got := garbagePercent(tt.live)
		if got != tt.want {
			t.Errorf("%d bytes: %d, not %d", tt.live, got, tt.want)
		}
		if grown := tt.live * uint64(100+got) / 100; grown > heapFloor && grown > 2*tt.live {
			t.Errorf("%d bytes grow to %d", tt.live, grown)
		}
	}
}
