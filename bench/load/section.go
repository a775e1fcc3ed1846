package load

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// Section measures loading and reports it. quick does each once, and few
// principals.
func Section(quick bool) (*report.Report, error) {
	whole := func(principals, sets int) Population {
		return Population{Principals: principals, Sets: sets, Policies: 2_500, PerPolicy: 40, Attached: 10}
	}
	from := func(name string, f func(Population) (Cost, error), p Population) row {
		return row{name: name, from: f, population: p}
	}
	rows := []row{
		from("texts", FromTexts, whole(10_000, 1_000)),
		from("texts", FromTexts, whole(1_000, 1_000)),
		from("texts", FromTexts, whole(100_000, 1_000)),
		from("texts", FromTexts, whole(10_000, 100)),
		from("texts", FromTexts, whole(10_000, 10_000)),
		from("files of a bundle", FromBundle, whole(10_000, 1_000)),
		from("texts, minio/pkg, parsed alone", MinIO, whole(10_000, 1_000)),
	}
	rounds := 5
	if quick {
		rounds, rows = 1, []row{rows[0], rows[5], rows[6]}
	}
	for range rounds {
		for i := range rows {
			cost, err := rows[i].from(rows[i].population)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", rows[i].name, err)
			}
			rows[i].costs = append(rows[i].costs, cost)
		}
	}
	cells := make([][]string, len(rows))
	for i := range rows {
		cells[i] = rows[i].cells()
	}
	return &report.Report{Text: report.Table([]string{
		"from", "principals", "distinct sets", "parse", "compile, attach, index", "whole", "memory", "per statement", "of the text",
	}, cells)}, nil
}

// row is one population loaded in one way.
type row struct {
	name       string
	from       func(Population) (Cost, error)
	population Population
	costs      []Cost
}

func (r *row) cells() []string {
	var parse, compile, whole, heap []float64
	for _, c := range r.costs {
		parse = append(parse, float64(c.Parse))
		compile = append(compile, float64(c.Compile))
		whole = append(whole, float64(c.Whole()))
		heap = append(heap, float64(c.Heap))
	}
	text := 0
	for _, t := range r.population.Texts() {
		text += len(t)
	}
	total, bytes := measure.Summarise(whole), measure.Summarise(heap).Median
	compiled := "–"
	if measured := measure.Summarise(compile).Median; measured > 0 {
		compiled = report.Duration(measured)
	}
	return []string{
		r.name, report.Count(r.population.Principals), report.Count(r.population.Sets),
		report.Duration(measure.Summarise(parse).Median), compiled,
		report.Duration(total.Median) + " ±" + report.Percent(total.Spread),
		report.Bytes(bytes), report.Bytes(bytes / float64(r.population.Statements())), report.Ratio(bytes / float64(text)),
	}
}
