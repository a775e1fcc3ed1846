package reload

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// perUser is how many statements a user has.
const perUser = 10

// text is what was measured, and what became of the goals.
func (m *measured) text(saturation float64) (string, []report.Goal) {
	exchanged := fmt.Sprintf("a bundle of %s statements comes into force, each of which is another", report.Count(m.Users*perUser))
	var rows [][]string
	for _, row := range []struct {
		name string
		o    *outcome
	}{
		{"nothing", &m.quiet},
		{exchanged, &m.exchanged},
		{"one of its policies is edited every second", &m.edited},
	} {
		rows = append(rows, []string{
			row.name, report.Count(row.o.asked), report.Count(row.o.failed),
			report.Summary(measure.Summarise(row.o.p50), report.Duration), report.Summary(measure.Summarise(row.o.p99), report.Duration),
			report.Summary(measure.Summarise(row.o.p999), report.Duration), report.Summary(measure.Ratios(row.o.p99, m.quiet.p99), report.Ratio),
		})
	}
	text := fmt.Sprintf("Saturated, Sallyport answers %s requests a second; %s of that are asked for.\n\n",
		report.Count(int(saturation)), report.Percent(part)) +
		report.Table([]string{"what happens meanwhile", "requests", "failed", "p50", "p99", "p99.9", "p99, of quiet"}, rows) + "\n"
	for _, o := range []*outcome{&m.exchanged, &m.edited} {
		if o.failed > 0 {
			text += fmt.Sprintf("* What failed: %s.\n", o.failure)
		}
	}
	failed := m.exchanged.failed + m.edited.failed
	goals := []report.Goal{
		{
			What:     "requests that failed while something changed",
			Measured: measure.Summary{Median: float64(failed)}, Unit: func(n float64) string { return report.Count(int(n)) },
		},
		{
			What:     "p99 over that in quiet while a bundle comes into force",
			Measured: measure.Ratios(m.exchanged.p99, m.quiet.p99), Unit: report.Ratio, Bound: goalP99,
		},
	}
	return text + report.Lines(goals) +
		fmt.Sprintf("* From the exchange of a bundle until it was in force: %s.\n", report.Summary(measure.Summarise(m.exchanged.took), report.Duration)) +
		fmt.Sprintf("* Of %s edits, %s came into force one by one; the others together with the next.\n",
			report.Count(m.edited.edits), report.Count(m.edited.activated)), goals
}
