// Package sidecar measures what Sallyport costs where it does nothing: memory,
// the time until it is ready, and the size of the program.
package sidecar

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/load"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// The goals.
const (
	goalResident = 30 << 20 // bytes
	goalReady    = 150 * time.Millisecond
)

// The guards: how many times as much as the bare proxy, and with a thousand users
// as with ten.
const (
	guardReady    = 60
	guardResident = 6
	guardUsers    = 8
)

// Effort is how much is measured.
type Effort struct {
	// Starts is how often each program is started.
	Starts int
	// Idle is how long it is then left alone.
	Idle time.Duration
	// Users are the sizes of the bundles that memory is measured with, the first
	// of which is the small one.
	Users []int
}

// Section measures the cost of a sidecar and reports it.
func Section(ctx context.Context, e Effort) (r *report.Report, err error) {
	f, err := fleet.New(256 << 20)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	floor, err := f.PeerProgram(ctx, "reverseproxy")
	if err != nil {
		return nil, err
	}
	binary, err := f.Release(ctx, false)
	if err != nil {
		return nil, err
	}
	stripped, err := f.Release(ctx, true)
	if err != nil {
		return nil, err
	}
	var programs []program
	var snapshots []int // bytes
	for _, users := range e.Users {
		site, err := f.Site(ctx, fleet.Deployment{Name: fmt.Sprintf("users-%d", users), Users: users, Binary: binary})
		if err != nil {
			return nil, err
		}
		programs = append(programs, own(binary, site))
		cost, err := load.FromFiles(site.Path("bundle"), site.Path("keys.yaml"))
		if err != nil {
			return nil, err
		}
		snapshots = append(snapshots, cost.Heap)
	}
	r = &report.Report{}
	small, err := turns(ctx, e, bare(floor), programs[0])
	if err != nil {
		return nil, err
	}
	busy, err := afterLoad(ctx, f, binary, e.Idle)
	if err != nil {
		return nil, err
	}
	text, goals := idle(small)
	r.Goals = goals
	r.Text = "### Started, and idle\n\n" + text +
		fmt.Sprintf("* Resident memory after it was saturated by %d clients, and idle again: %s.\n\n", clients, mebibytes(float64(busy)))
	populations, err := turns(ctx, Effort{Starts: max(1, e.Starts/4), Idle: e.Idle}, programs...)
	if err != nil {
		return nil, err
	}
	r.Text += "### Memory by users, ten statements each\n\n" + byUsers(e.Users, snapshots, populations) + "\n"
	r.Versions = f.Versions()
	size, err := sizes(binary, stripped)
	r.Text += "### The program\n\n" + size
	r.Guards = []report.Guard{
		{What: "start to ready, over the bare ReverseProxy", Ratio: small[1].over(&small[0], ready).Median, Most: guardReady},
		{What: "resident memory, over the bare ReverseProxy", Ratio: small[1].over(&small[0], resident).Median, Most: guardResident},
		{What: "resident memory with more users, over few", Ratio: populations[1].over(&populations[0], resident).Median, Most: guardUsers},
	}
	return r, err
}

// seen is what was measured of a program.
type seen struct {
	program
	starts []started
}

// turns starts programs in turn.
func turns(ctx context.Context, e Effort, programs ...program) ([]seen, error) {
	list := make([]seen, len(programs))
	for i := range list {
		list[i].program = programs[i]
	}
	for round := range e.Starts {
		for n := range list {
			at := &list[(n+round)%len(list)] // nobody is always first
			s, err := start(ctx, at.program, e.Idle)
			if err != nil {
				return nil, err
			}
			at.starts = append(at.starts, s)
		}
	}
	return list, nil
}

// What is measured of a start.
func ready(s started) float64    { return float64(s.ready) }
func resident(s started) float64 { return float64(s.resident) }
func inHeap(s started) float64   { return float64(s.heap) }

func (s *seen) all(of func(started) float64) []float64 {
	list := make([]float64, len(s.starts))
	for i := range list {
		list[i] = of(s.starts[i])
	}
	return list
}

func (s *seen) summary(of func(started) float64) measure.Summary { return measure.Summarise(s.all(of)) }

func (s *seen) over(base *seen, of func(started) float64) measure.Summary {
	return measure.Ratios(s.all(of), base.all(of))
}

// idle is the table of programs, the floor first, and what became of the goals.
func idle(list []seen) (string, []report.Goal) {
	var rows [][]string
	for i := range list {
		s := &list[i]
		rows = append(rows, []string{
			s.name, report.Summary(s.summary(ready), report.Duration), report.Summary(s.over(&list[0], ready), report.Ratio),
			report.Summary(s.summary(resident), mebibytes), report.Summary(s.over(&list[0], resident), report.Ratio),
		})
	}
	last := &list[len(list)-1]
	goals := []report.Goal{
		{What: "start to ready", Measured: last.summary(ready), Unit: report.Duration, Bound: float64(goalReady)},
		{What: "resident memory, idle", Measured: last.summary(resident), Unit: mebibytes, Bound: goalResident},
	}
	return report.Table([]string{
		"program", "start to ready", "of the bare `ReverseProxy`", "resident memory", "of the bare `ReverseProxy`",
	}, rows) + "\n" + report.Lines(goals), goals
}

// byUsers is the table of Sallyport with bundles of several sizes, whose snapshots
// take some bytes.
func byUsers(users, snapshots []int, list []seen) string {
	few := list[0].summary(resident).Median
	var rows [][]string
	for i := range list {
		s, each, live := &list[i], "–", "–"
		if more := float64(users[i] - users[0]); more > 0 {
			each = kibibytes((s.summary(resident).Median - few) / more)
			live = kibibytes(float64(snapshots[i]-snapshots[0]) / more)
		}
		rows = append(rows, []string{
			report.Count(users[i]), report.Summary(s.summary(resident), mebibytes), each,
			live, report.Summary(s.summary(inHeap), mebibytes), report.Summary(s.summary(ready), report.Duration),
		})
	}
	return report.Table([]string{"users", "resident memory", "more, for each more user", "of it what the snapshot holds", "heap, garbage included", "start to ready"}, rows)
}

// sizes is the table of what is built.
func sizes(built, stripped string) (string, error) {
	var rows [][]string
	for _, p := range []struct{ name, path string }{
		{"as `make build` makes it", built}, {"stripped (`-ldflags '-s -w'`), as in the image", stripped},
	} {
		info, err := os.Stat(p.path)
		if err != nil {
			return "", err
		}
		rows = append(rows, []string{p.name, mebibytes(float64(info.Size()))})
	}
	return report.Table([]string{"binary", "size"}, rows), nil
}

// kibibytes writes a size.
func kibibytes(bytes float64) string { return fmt.Sprintf("%.1f KiB", bytes/(1<<10)) }

// mebibytes writes a size.
func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/(1<<20)) }
