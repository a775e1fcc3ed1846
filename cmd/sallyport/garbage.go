package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// heapFloor is the heap, in bytes, that is let grow before garbage is collected.
// Where less than half of it is in use, Go would collect garbage many times a
// second under load, and be at it a good part of the time.
const heapFloor = 64 << 20

const (
	// usualPercent is how much garbage Go collects by default, in percent of what
	// is in use.
	usualPercent = 100
	// mostPercent is that of an empty heap: Go takes it for one of 4 MiB.
	mostPercent = heapFloor / (4 << 20) * usualPercent
	// heapInterval is how often what is in use is looked at.
	heapInterval = 10 * time.Second
)

// spareCollections keeps the heap that is let grow at heapFloor, or at what Go
// makes it if that is more, until ctx ends. GOGC takes precedence; GOMEMLIMIT holds
// in any case.
func spareCollections(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	tick := time.NewTicker(heapInterval)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for set := 0; ; {
		metrics.Read(live)
		// To set it stops the world for a moment.
		if percent := garbagePercent(live[0].Value.Uint64()); percent*10 < set*9 || percent*9 > set*10 {
			set = percent
			debug.SetGCPercent(percent)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// garbagePercent is how much garbage there may be, in percent of the bytes in use.
func garbagePercent(live uint64) int {
	if live >= heapFloor*usualPercent/(100+usualPercent) {
		return usualPercent
	}
	if live <= heapFloor*100/(100+mostPercent) {
		return mostPercent
	}
	return int((heapFloor - live) * 100 / live)
}
