package report_test

import (
	"math"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

func atLeast(what, in string, median float64) report.Goal {
	return report.Goal{What: what, Case: in, Measured: measure.Summary{Median: median, Spread: 0.02}, Unit: report.Ratio, Bound: 1, AtLeast: true}
}

func atMost(what, in string, median float64) report.Goal {
	return report.Goal{What: what, Case: in, Measured: measure.Summary{Median: median}, Unit: report.Duration, Bound: 3000}
}

func TestGoal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{atLeast("requests over a peer", "GET", 1.12).Line(), "* Requests over a peer, GET: 1.12× ±2 %, goal ≥ 1.00×: held.\n"},
		{atLeast("requests over a peer", "", 1).Line(), "* Requests over a peer: 1.00× ±2 %, goal ≥ 1.00×: held.\n"},
		{atLeast("requests over a peer", "", 0.994).Line(), "* Requests over a peer: 0.994× ±2 %, goal ≥ 1.00×: **missed**.\n"},
		{atMost("time", "", 3000).Line(), "* Time: 3.00 µs, goal ≤ 3.00 µs: held.\n"},
		{atMost("time", "", 3001).Line(), "* Time: 3.00 µs, goal ≤ 3.00 µs: **missed**.\n"},
		{atMost("time", "", -200).Line(), "* Time: −200 ns, goal ≤ 3.00 µs: held.\n"},
		{atMost("time", "", math.NaN()).Line(), "* Time: NaN s, goal ≤ 3.00 µs: **missed**.\n"},
		{atLeast("x", "", math.NaN()).Line(), "* X: NaN× ±2 %, goal ≥ 1.00×: **missed**.\n"},
		{report.Cell(), "–"},
		{report.Cell(atMost("time", "", 1)), "≤ 3.00 µs: held"},
		{report.Cell(atMost("time", "", 1), atLeast("x", "", 0.5)), "≤ 3.00 µs, ≥ 1.00×: **missed**"},
		{report.Lines([]report.Goal{atMost("a", "", 1), atMost("b", "", 2)}), "* A: 1.00 ns, goal ≤ 3.00 µs: held.\n* B: 2.00 ns, goal ≤ 3.00 µs: held.\n"},
		{
			report.WorstLines([]report.Goal{atLeast("a", "x", 2), atLeast("a", "y", 0.5), atMost("b", "", 2), atLeast("a", "z", 0.8)}),
			"* A: 0.500× ±2 % (y, the worst of 3), goal ≥ 1.00×: **missed** by 2 of 3.\n* B: 2.00 ns, goal ≤ 3.00 µs: held.\n",
		},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %q\nwant %q", tt.got, tt.want)
		}
	}
}

const twoSections = `# Page

## The goals

<!-- goals: begin, written by make bench -->
<!-- goals: end -->

## One thing

<!-- one: begin, written by make bench -->
<!-- one: end -->

## Another, at last

<!-- two: begin, written by make bench -->
<!-- two: end -->
`

// TestGoals measures sections one by one, in another order than that of the page:
// the rows of the others stay.
func TestGoals(t *testing.T) {
	t.Parallel()
	document := twoSections
	put := func(section string, goals ...report.Goal) {
		t.Helper()
		var err error
		if document, err = report.ReplaceGoals(document, section, goals); err != nil {
			t.Fatal(err)
		}
	}
	check := func(rows ...string) {
		t.Helper()
		text, err := report.Text(document, "goals")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(text) {
			if strings.Contains(line, "](#") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if strings.Join(got, "\n") != strings.Join(rows, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(rows, "\n"))
		}
	}
	const (
		slow  = "| time | 9.00 µs | ≤ 3.00 µs | **missed** | [Another, at last](#another-at-last) |"
		fast  = "| time | 2.00 µs | ≤ 3.00 µs | held | [Another, at last](#another-at-last) |"
		worst = "| requests | 0.900× ±2 % (PUT, the worst of 2) | ≥ 1.00× | **missed** by 1 of 2 | [One thing](#one-thing) |"
	)
	put("two", atMost("time", "", 9000))
	check(slow)
	put("one", atLeast("requests", "GET", 1.1), atLeast("requests", "PUT", 0.9))
	check(worst, slow)
	put("two", atMost("time", "", 2000))
	check(worst, fast)
	put("one")
	check(fast)
	document = strings.ReplaceAll(document, "## Another, at last", "## Renamed")
	put("one", atLeast("requests", "GET", 1.1), atLeast("requests", "PUT", 0.9))
	check(worst)

	if _, err := report.ReplaceGoals(document, "three", nil); err == nil {
		t.Error("a section that is not there is no error")
	}
	if _, err := report.ReplaceGoals(strings.Replace(document, "<!-- goals: end -->", "", 1), "one", nil); err == nil {
		t.Error("a page without a table of goals is no error")
	}
}
