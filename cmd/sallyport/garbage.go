package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// leastGarbage is how much garbage, in bytes, may come together before it is
// collected. Where little is in use, Go would collect it many times a second under
// load, and be at it a good part of the time.
const leastGarbage = 128 << 20

const (
	// usualPercent is how much garbage Go collects by default, in percent of what
	// is in use.
	usualPercent = 100
	// mostPercent is that of an empty heap: Go takes it for one of 4 MiB.
	mostPercent = leastGarbage / (4 << 20) * 100

	// idleInterval is how often it is looked whether there is nothing to do, and
	// firstLook when after a bundle was activated, which leaves much garbage.
	idleInterval = 10 * time.Second
	firstLook    = 250 * time.Millisecond
	// idleBytes a second, and a part of what is in use, are what is allocated at most
	// where there is nothing to do but to answer health checks and to poll the bundle.
	idleBytes, idlePart = 256 << 10, 64
	// worthwhile is the memory, in bytes, that is given back at least, and that of
	// what is in use.
	worthwhile, worthwhilePart = 4 << 20, 4
)

// heapKeeper keeps the garbage that may come together at leastGarbage, or at what Go
// makes it if that is more, and gives memory back to the system when there is nothing
// to do.
type heapKeeper struct {
	percent int // as it is set
	// allocated is how much had been at the last look.
	allocated uint64
	looked    time.Time
	samples   []metrics.Sample
}

// What is sampled.
const (
	live = iota
	allocations
	objects
	unused
	free
)

func newHeapKeeper() *heapKeeper {
	k := &heapKeeper{looked: time.Now(), samples: make([]metrics.Sample, 5)}
	for i, name := range [...]string{
		live: "/gc/heap/live:bytes", allocations: "/gc/heap/allocs:bytes", objects: "/memory/classes/heap/objects:bytes",
		unused: "/memory/classes/heap/unused:bytes", free: "/memory/classes/heap/free:bytes",
	} {
		k.samples[i].Name = name
	}
	return k
}

func (k *heapKeeper) sample(i int) uint64 { return k.samples[i].Value.Uint64() }

// keepHeap does so until ctx ends. GOGC takes precedence; GOMEMLIMIT
// holds in any case. activated tells of bundles.
func keepHeap(ctx context.Context, activated <-chan struct{}) {
	k := newHeapKeeper()
	collected := make(chan struct{}, 1)
	if os.Getenv("GOGC") == "" {
		k.adjust()
		afterCollection(collected)
	}
	timer := time.NewTimer(idleInterval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-collected:
			k.adjust()
			afterCollection(collected)
		case <-activated:
			k.look()
			timer.Reset(firstLook)
		case <-timer.C:
			k.look()
			timer.Reset(idleInterval)
		}
	}
}

// afterCollection tells that garbage has been collected, once.
func afterCollection(collected chan<- struct{}) {
	witness := new([4]uint64)
	runtime.AddCleanup(witness, func(collected chan<- struct{}) {
		select {
		case collected <- struct{}{}:
		default:
		}
	}, collected)
}

// adjust sets how much garbage may come together, by what the last collection left.
// It must follow each: what is right for a small heap lets it grow many times over.
func (k *heapKeeper) adjust() {
	metrics.Read(k.samples)
	// To set it stops the world for a moment.
	if percent := garbagePercent(k.sample(live)); percent*5 < k.percent*4 || percent*4 > k.percent*5 {
		k.percent = percent
		debug.SetGCPercent(percent)
	}
}

// look gives memory back if there has been nothing to do since the last look, and
// enough to give.
func (k *heapKeeper) look() {
	metrics.Read(k.samples)
	now, used, allocated := time.Now(), k.sample(live), k.sample(allocations)
	over, grown := now.Sub(k.looked), allocated-k.allocated
	k.looked, k.allocated = now, allocated
	held := k.sample(objects) + k.sample(unused) + k.sample(free)
	if isIdle(grown, used, over) && isWorthwhile(held, used) {
		debug.FreeOSMemory()
		metrics.Read(k.samples)
		k.looked, k.allocated = time.Now(), k.sample(allocations)
	}
}

// isIdle tells whether so few bytes were allocated within a time that there is nothing
// to do.
func isIdle(allocated, used uint64, over time.Duration) bool {
	return over > 0 && float64(allocated)/over.Seconds() <= float64(max(idleBytes, used/idlePart))
}

// isWorthwhile tells whether enough is held beyond what is in use.
func isWorthwhile(held, used uint64) bool {
	return held > used && held-used >= max(worthwhile, used/worthwhilePart)
}

// garbagePercent is how much garbage there may be, in percent of the bytes in use.
func garbagePercent(live uint64) int {
	return int(min(max(leastGarbage*100/max(live, 1), usualPercent), mostPercent))
}
