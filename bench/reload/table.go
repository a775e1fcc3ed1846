package reload

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// perUser is how many statements a user has.
const perUser = 10

// text is what was measured, and what became of the goals.
func (m *measured) text(saturation float64) string {
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
	over := measure.Ratios(m.exchanged.p99, m.quiet.p99)
	return text + fmt.Sprintf("* Requests that failed while something changed: %s, goal 0: %s.\n", report.Count(failed), report.Verdict(failed == 0)) +
		fmt.Sprintf("* p99 while a bundle comes into force: %s of quiet, goal ≤ %s: %s. From the exchange until it was in force: %s.\n",
			report.Summary(over, report.Ratio), report.Ratio(goalP99), report.Verdict(over.Median <= goalP99),
			report.Summary(measure.Summarise(m.exchanged.took), report.Duration)) +
		fmt.Sprintf("* Of %s edits, %s came into force one by one; the others together with the next.\n",
			report.Count(m.edited.edits), report.Count(m.edited.activated))
}
