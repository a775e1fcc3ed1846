package signature

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// The guards: of the floor of a request, and of SHA-256.
const (
	guardRequest = 8
	guardBody    = 1.5
)

// Section measures signatures and verified bodies, and reports them. quick
// takes smaller bodies.
func Section(o measure.Options, quick bool) (*report.Report, error) {
	var r report.Report
	if err := requests(o, &r); err != nil {
		return nil, err
	}
	size := 64 * mebibyte
	if quick {
		size = 8 * mebibyte
	}
	if err := uploads(o, size, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

func requests(o measure.Options, r *report.Report) error {
	list, err := rows()
	if err != nil {
		return err
	}
	subjects := make([]measure.Subject, len(list))
	for i := range list {
		subjects[i] = list[i].Subject
	}
	series := map[string]measure.Series{}
	for _, s := range measure.Run(subjects, o) {
		series[s.Name] = s
	}
	var cells [][]string
	for i := range list {
		at := &list[i]
		measured := series[at.Name]
		time := measured.Time()
		over := "–"
		var goals []report.Goal
		if at.floor != "" {
			floor := measured.Over(series[at.floor])
			over = ratio(floor)
			if at.nanoseconds > 0 {
				r.Guards = append(r.Guards, report.Guard{What: at.Name + ", over its floor", Ratio: floor.Median, Most: guardRequest})
			}
		}
		if at.nanoseconds > 0 {
			goals = []report.Goal{
				{What: "time of one signature", Case: at.Name, Measured: time, Unit: report.Duration, Bound: at.nanoseconds},
				{What: "allocations of one signature", Case: at.Name, Measured: measure.Summary{Median: measured.Allocations}, Unit: report.Allocations, Bound: at.allocations},
			}
		}
		r.Goals = append(r.Goals, goals...)
		cells = append(cells, []string{
			at.Name, report.Duration(time.Median) + " ±" + report.Percent(time.Spread), over,
			fmt.Sprintf("%.0f", measured.Allocations), report.Cell(goals...),
		})
	}
	r.Text += "### One request\n\n" +
		report.Table([]string{"operation", "time", "over its floor", "allocations", "goal"}, cells) + "\n"
	return nil
}

// uploads measures bodies of size; memory also for a sixteenth of it.
func uploads(o measure.Options, size int, r *report.Report) error {
	const floor = "floor: SHA-256"
	subjects := []measure.Subject{{Name: floor, Do: sha(size)}}
	readers, small := make([]*reader, len(bodies)), make([]*reader, len(bodies))
	for i := range bodies {
		var err error
		if readers[i], err = newReader(&bodies[i], size); err != nil {
			return err
		}
		if small[i], err = newReader(&bodies[i], size/16); err != nil {
			return err
		}
		subjects = append(subjects, measure.Subject{Name: bodies[i].name, Do: readers[i].do})
	}
	series := measure.Run(subjects, o)
	var cells [][]string
	for i, s := range series {
		speed := fmt.Sprintf("%s MB/s ±%s", report.Count(int(float64(size)/s.Time().Median*1e3)), report.Percent(s.Time().Spread))
		if i == 0 {
			cells = append(cells, []string{s.Name, speed, "–", "–", "–", "–"})
			continue
		}
		over := s.Over(series[0])
		var goals []report.Goal
		if most := bodies[i-1].goal; most > 0 {
			r.Guards = append(r.Guards, report.Guard{What: s.Name + ", over SHA-256", Ratio: over.Median, Most: guardBody})
			goals = []report.Goal{{What: "time of a body while it is verified over SHA-256", Case: s.Name, Measured: over, Unit: report.Ratio, Bound: most}}
		}
		r.Goals = append(r.Goals, goals...)
		cells = append(cells, []string{
			s.Name, speed, ratio(over), report.Bytes(small[i-1].allocated()), report.Bytes(readers[i-1].allocated()), report.Cell(goals...),
		})
	}
	r.Text += "### A body while it passes\n\n" + report.Table([]string{
		"body", "speed", "time over SHA-256",
		fmt.Sprintf("allocated for %d KiB", size/16/1024), fmt.Sprintf("for %d MiB", size/mebibyte), "goal",
	}, cells) + "\n"
	return nil
}

// ratio is a ratio with its spread.
func ratio(s measure.Summary) string {
	return report.Ratio(s.Median) + " ±" + report.Percent(s.Spread)
}
