package report_test

import (
	"math"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/report"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		guard report.Guard
		want  string
	}{
		{report.Guard{Ratio: 1, Least: 0.8}, ""},
		{report.Guard{Ratio: 1, Most: 1}, ""},
		{report.Guard{What: "a over b", Ratio: 0.7, Least: 0.8}, "a over b: 0.700×, guarded to be at least 0.800×"},
		{report.Guard{What: "a over b", Ratio: 3, Most: 2}, "a over b: 3.00×, guarded to be at most 2.00×"},
	} {
		got := ""
		if err := tt.guard.Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.guard, got, tt.want)
		}
	}
	const line = "* Guarded: a over b: 0.900×, at least 0.800×.\n"
	if got := (report.Guard{What: "a over b", Ratio: 0.9, Least: 0.8}).Line(); got != line {
		t.Errorf("%q, want %q", got, line)
	}
	if err := (report.Guard{Ratio: math.NaN(), Least: 0.8}).Err(); err == nil {
		t.Error("no number holds")
	}
}
