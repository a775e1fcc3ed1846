package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/report"
)

// TestLook lets guards hold in one attempt and not in another.
func TestLook(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		// ratios are those of the guards "a" and "b" in each attempt, both to be at
		// least one.
		ratios [][2]float64
		runs   int
		want   string
	}{
		"all hold":                   {[][2]float64{{1, 2}}, 1, ""},
		"one does not, once":         {[][2]float64{{1, 0.5}, {1, 1}}, 2, ""},
		"another one each time":      {[][2]float64{{1, 0.5}, {0.5, 1}}, 2, ""},
		"one does not, again":        {[][2]float64{{1, 0.5}, {0.5, 0.6}}, 2, "x: b: 0.600×, guarded to be at least 1.00×"},
		"the section cannot measure": {[][2]float64{}, 1, "x: out of ratios"},
		"it cannot the second time":  {[][2]float64{{1, 0.5}}, 2, "x: out of ratios"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			var out strings.Builder
			err := look(section{"x", func(effort) (*report.Report, error) {
				runs++
				if runs > len(tt.ratios) {
					return nil, errors.New("out of ratios")
				}
				r := &report.Report{Text: "what was found"}
				for i, what := range []string{"a", "b"} {
					r.Guards = append(r.Guards, report.Guard{What: what, Ratio: tt.ratios[runs-1][i], Least: 1})
				}
				return r, nil
			}}, effort{}, &out)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want || runs != tt.runs {
				t.Errorf("%q in %d runs, want %q in %d", got, runs, tt.want, tt.runs)
			}
			if found := strings.Count(out.String(), "* Guarded: a: "); found != min(runs, len(tt.ratios)) {
				t.Errorf("guards are told %d times:\n%s", found, out.String())
			}
		})
	}
}
