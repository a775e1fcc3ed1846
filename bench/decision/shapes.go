package decision

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// The goals.
const (
	goalDecision = float64(time.Microsecond)
	goalHit      = float64(300 * time.Nanosecond)
	goalCached   = 1.0 // of the time of evaluating
	goalWorst    = float64(time.Millisecond)
)

// The guards: of the time with few statements, of evaluating, and how many times as
// long another engine takes with a hundred statements or more.
const (
	guardPeers  = 5.0
	guardFlat   = 2.0
	guardCached = 0.8
)

// shape is how many documents n statements are split into.
type shape struct {
	name      string
	documents func(n int) int
}

var allShapes = []shape{
	{"1 document × N", func(int) int { return 1 }},
	{"N documents × 1", func(n int) int { return n }},
	{"100 documents × N/100", func(int) int { return 100 }},
}

// shapes measures Sallyport alone: the other engines know no documents.
func shapes(o measure.Options, quick bool, r *report.Report) error {
	points, err := compare(o, quick, r, "Shapes of the same statements, with up to eight candidates", report.Plot{
		File: "shapes.svg", Title: "the last of up to eight candidates matches; shape of the documents",
	}, len(allShapes), func(column, n int) (string, *Workload, func(*Workload) (Engine, error)) {
		s := allShapes[column]
		if s.documents(n) > n {
			return s.name, nil, nil
		}
		return s.name, Candidates(n, s.documents(n)), loadSallyport
	})
	if err != nil {
		return err
	}
	var goals []report.Goal
	for _, p := range points {
		for i, s := range p.series {
			if s.Name == "" {
				continue
			}
			in := "N = " + report.Count(p.size) + " as " + allShapes[i].name
			goals = append(goals,
				report.Goal{What: "one decision, evaluated, up to eight candidates", Case: in, Measured: s.Time(), Unit: report.Duration, Bound: goalDecision},
				report.Goal{What: "allocations of a decision", Case: in, Measured: measure.Summary{Median: s.Allocations}, Unit: report.Allocations})
		}
	}
	r.Text += report.WorstLines(goals) + "\n"
	r.Goals = append(r.Goals, goals...)
	first, last := points[1].series[0].Time(), points[len(points)-1].series[0].Time()
	r.Guards = append(r.Guards, report.Guard{
		What:  "a decision of " + report.Count(points[len(points)-1].size) + " statements over one of " + report.Count(points[1].size),
		Ratio: last.Median / first.Median, Most: guardFlat,
	})
	return nil
}

// caches measures what the cache does by itself and what a hit costs, its key
// included, when all is looked up.
func caches(o measure.Options, quick bool, r *report.Report) error {
	const evaluated, cached, hit = 0, 1, 2
	always := cache.Options{MaxBytes: cacheBytes, MinGain: -1}
	columns := []struct {
		name string
		load func(*Workload) (Engine, error)
	}{
		{"evaluated", loadSallyport},
		{"cached", loadCached(cache.Options{MaxBytes: cacheBytes})},
		{"looked up always", loadCached(always)},
	}
	points, err := compare(o, quick, r, "The cache, with up to eight candidates", report.Plot{
		File: "cache.svg", Title: "the last of up to eight candidates matches; the decision cache",
	}, len(columns), func(column, n int) (string, *Workload, func(*Workload) (Engine, error)) {
		return columns[column].name, Candidates(n, 1), columns[column].load
	})
	if err != nil {
		return err
	}
	var goals []report.Goal
	for _, p := range points {
		in, over := "N = "+report.Count(p.size), p.series[cached].Over(p.series[evaluated])
		found := p.series[hit].Over(p.series[evaluated])
		goals = append(goals,
			report.Goal{What: "a decision found in the cache, its key built", Case: in, Measured: p.series[hit].Time(), Unit: report.Duration, Bound: goalHit},
			report.Goal{What: "a decision found in the cache over one evaluated", Case: in, Measured: found, Unit: report.Ratio, Bound: goalCached})
		if p.size > 1 { // one statement is not looked up
			r.Guards = append(r.Guards, report.Guard{What: "a decision with the cache over one evaluated, " + in, Ratio: over.Median, Most: guardCached})
		}
	}
	r.Text += report.WorstLines(goals) + "\n"
	r.Goals = append(r.Goals, goals...)
	return nil
}

// point is what was measured of all columns at one size; a series without a name
// was not.
type point struct {
	size   int
	series []measure.Series
}

// compare measures forms of Sallyport at all sizes and reports a table and a
// plot. A column gives its name, its workload of a size, nil if it has none, and
// how that is loaded. It tells what was measured.
func compare(
	o measure.Options, quick bool, r *report.Report, heading string, plotted report.Plot, columns int,
	column func(column, n int) (name string, w *Workload, load func(*Workload) (Engine, error)),
) (points []point, err error) {
	sizes := []int{1, 10, 100, 1_000, 10_000, 100_000}
	if quick {
		sizes = sizes[:4]
	}
	plotted.XLabel = "statements in the caller's documents"
	header := []string{plotted.XLabel}
	plotted.Lines = make([]report.Line, columns)
	for i := range columns {
		plotted.Lines[i].Style = i
		plotted.Lines[i].Name, _, _ = column(i, 1)
		header = append(header, plotted.Lines[i].Name)
	}
	var rows [][]string
	allocations := 0.
	for _, n := range sizes {
		row := slices.Repeat([]string{"–"}, 1+columns)
		row[0] = report.Count(n)
		var engines []Engine
		var subjects []measure.Subject
		var places []int
		for i := range columns {
			name, w, load := column(i, n)
			if w == nil {
				continue
			}
			engine, err := load(w)
			if err == nil {
				err = Check(engine, w)
			}
			if err != nil {
				return nil, fmt.Errorf("%s at %d: %w", name, n, err)
			}
			engines = append(engines, engine)
			subjects = append(subjects, subject(Last, w, engine))
			places = append(places, i)
		}
		series := measure.Run(subjects, o)
		at := point{n, make([]measure.Series, columns)}
		for i, s := range series {
			at.series[places[i]] = s
			row[1+places[i]] = cell(s, series[0], i == 0)
			allocations = max(allocations, s.Allocations)
			line := &plotted.Lines[places[i]]
			line.Points = append(line.Points, report.Point{Size: float64(n), Nanoseconds: s.Time().Median})
		}
		closeAll(engines)
		rows = append(rows, row)
		points = append(points, at)
	}
	r.Plots = append(r.Plots, plotted)
	r.Text += "### " + heading + "\n\n" + report.Table(header, rows) +
		"\n![" + plotted.Title + "](benchmarks/" + plotted.File + ")\n\n" +
		fmt.Sprintf("Allocations of one decision: at most %.0f.\n\n", allocations)
	return points, nil
}

// hostiles measures the worst documents that AWS's limits permit.
func hostiles(o measure.Options, _ bool, r *report.Report) error {
	loads := []func(*Workload) (Engine, error){loadSallyport, loadCached(cache.Options{MaxBytes: cacheBytes})}
	workloads := HostileAll()
	var rows [][]string
	for i := range workloads {
		h := &workloads[i]
		var engines []Engine
		var subjects []measure.Subject
		for _, load := range loads {
			engine, err := load(&h.Workload)
			if err == nil {
				err = Check(engine, &h.Workload)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", h.Name, err)
			}
			engines = append(engines, engine)
			subjects = append(subjects, subject(None, &h.Workload, engine))
		}
		series := measure.Run(subjects, o)
		closeAll(engines)
		goal := report.Goal{What: "the worst documents that AWS's limits permit", Case: h.Name, Measured: series[0].Time(), Unit: report.Duration, Bound: goalWorst}
		r.Goals = append(r.Goals, goal)
		rows = append(rows, []string{
			h.Name, report.Count(len(h.Documents)), report.Count(len(h.Rules())),
			cell(series[0], series[0], true), cell(series[1], series[0], false),
			fmt.Sprintf("%.0f", max(series[0].Allocations, series[1].Allocations)), report.Cell(goal),
		})
	}
	r.Text += "### The worst documents that AWS's limits permit\n\n" + report.Table(
		[]string{"shape", "documents", "statements", "evaluated", "cached", "allocations", "goal, evaluated"}, rows) + "\n"
	return nil
}
