// Package measure times operations side by side. All subjects take turns in
// every round, so that whatever else the machine does meets them alike, and
// ratios are made within a round before their median is taken.
package measure

import (
	"runtime"
	"time"
)

// Subject is an operation that is measured.
type Subject struct {
	Name string
	// Do does the operation n times.
	Do func(n int)
}

// Options say how long to measure.
type Options struct {
	// Rounds is how often each subject takes its turn.
	Rounds int
	// Sample is how long a turn is to last. An operation that takes longer is
	// done once in a turn.
	Sample time.Duration
	// Budget bounds the turns of one subject together. A slow one takes fewer
	// turns, but not fewer than three.
	Budget time.Duration
}

// Turns say how long processes are measured, which others ask.
type Turns struct {
	// Rounds is how often each takes its turn, and Warm how often before, when it
	// does not count.
	Rounds, Warm int
	// Length is how long a turn lasts; where wrk asks, a second at least.
	Length time.Duration
}

// Series is what was measured of a subject.
type Series struct {
	Name string
	// Nanoseconds is the time of one operation, one element for each turn.
	Nanoseconds []float64
	// Allocations is the mean number of allocations of one operation.
	Allocations float64
}

// Run measures subjects against each other.
func Run(subjects []Subject, o Options) []Series {
	series := make([]Series, len(subjects))
	times := make([]int, len(subjects))
	turns := make([]int, len(subjects))
	runtime.GC()
	for i, s := range subjects {
		series[i].Name = s.Name
		var turn time.Duration
		times[i], turn = calibrate(s.Do, o.Sample)
		turns[i] = min(o.Rounds, max(3, int(o.Budget/max(turn, 1))))
		series[i].Allocations = allocations(s.Do, times[i])
	}
	for round := range o.Rounds {
		for k := range subjects {
			i := (k + round) % len(subjects) // nobody is always first
			if round >= turns[i] {
				continue
			}
			perOperation := float64(elapsed(subjects[i].Do, times[i])) / float64(times[i])
			series[i].Nanoseconds = append(series[i].Nanoseconds, perOperation)
		}
	}
	return series
}

// calibrate finds how often an operation is done in a turn, and how long that
// takes. It warms the operation up by the way.
func calibrate(do func(int), sample time.Duration) (n int, turn time.Duration) {
	n = 1
	for {
		took := elapsed(do, n)
		if took >= sample/2 || n >= 1<<30 {
			return max(1, int(float64(n)*float64(sample)/float64(took))), max(took, sample)
		}
		n *= 2
	}
}

func elapsed(do func(int), n int) time.Duration {
	start := time.Now()
	do(n)
	return time.Since(start)
}

func allocations(do func(int), n int) float64 {
	n = min(n, 100)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do(n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n)
}
