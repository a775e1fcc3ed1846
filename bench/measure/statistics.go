package measure

import (
	"math"
	"slices"
)

// Summary is a median and the half of the distance between the quartiles, as a
// part of the median.
type Summary struct {
	Median, Spread float64
}

// Summarise summarises samples, of which there is at least one.
func Summarise(samples []float64) Summary {
	sorted := slices.Sorted(slices.Values(samples))
	median := quantile(sorted, 0.5)
	return Summary{median, (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / math.Abs(median)}
}

// Time summarises the time of one operation in nanoseconds.
func (s Series) Time() Summary { return Summarise(s.Nanoseconds) }

// Over summarises how many times as long as another series this one took, by
// the rounds that both took part in.
func (s Series) Over(base Series) Summary {
	return Ratios(s.Nanoseconds, base.Nanoseconds)
}

// More summarises how many nanoseconds longer than another series this one took,
// by the rounds that both took part in.
func (s Series) More(than Series) Summary {
	more := make([]float64, min(len(s.Nanoseconds), len(than.Nanoseconds)))
	for i := range more {
		more[i] = s.Nanoseconds[i] - than.Nanoseconds[i]
	}
	return Summarise(more)
}

// Ratios summarises how many times as much one list tells as another, element by
// element.
func Ratios(one, other []float64) Summary {
	ratios := make([]float64, min(len(one), len(other)))
	for i := range ratios {
		ratios[i] = one[i] / other[i]
	}
	return Summarise(ratios)
}

// quantile interpolates between the two nearest of sorted samples.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := math.Floor(at)
	low, high := sorted[int(below)], sorted[int(math.Ceil(at))]
	return low + (high-low)*(at-below)
}
