package measure_test

import (
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/measure"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var fast, slow int
	var kept []byte
	series := measure.Run([]measure.Subject{
		{Name: "fast", Do: func(n int) { fast += n }},
		{Name: "slow", Do: func(n int) {
			slow += n
			kept = make([]byte, 64)
			time.Sleep(time.Millisecond)
		}},
	}, measure.Options{Rounds: 5, Sample: time.Microsecond, Budget: 3 * time.Millisecond})
	_ = kept
	if len(series) != 2 || series[0].Name != "fast" || series[1].Name != "slow" {
		t.Fatalf("series = %+v", series)
	}
	if got := len(series[0].Nanoseconds); got != 5 {
		t.Errorf("the fast subject took %d turns, want 5", got)
	}
	if got := len(series[1].Nanoseconds); got != 3 {
		t.Errorf("the subject that exceeds its budget took %d turns, want 3", got)
	}
	if fast == 0 || slow == 0 {
		t.Errorf("done %d and %d times", fast, slow)
	}
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	base := measure.Series{Nanoseconds: []float64{10, 20, 30, 40, 50}}
	if got, want := base.Time(), (measure.Summary{Median: 30, Spread: 1. / 3}); got != want {
		t.Errorf("Time() = %v, want %v", got, want)
	}
	double := measure.Series{Nanoseconds: []float64{20, 40, 60}}
	if got, want := double.Over(base), (measure.Summary{Median: 2}); got != want {
		t.Errorf("Over() = %v, want %v", got, want)
	}
	if got := measure.Summarise([]float64{7}); got != (measure.Summary{Median: 7}) {
		t.Errorf("of one sample: %v", got)
	}
	if got := measure.Summarise([]float64{1, 2}).Median; got != 1.5 {
		t.Errorf("the median of 1 and 2 is %v", got)
	}
}
