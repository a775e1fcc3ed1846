package flood

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// floods asks a server for what is allowed, at a part of saturation: in quiet, and in
// turn while each kind floods. As many more allowed requests are the control, which
// tells what the load alone does. The clients have a processor of their own, if there
// are two.
func floods(ctx context.Context, f *fleet.Fleet, o measure.Turns, server string, list []*subject, protection string) (text string, goals []report.Goal, err error) {
	sharing, together, err := f.Apart()
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, together()) }()
	saturation, err := flood(ctx, o, list)
	if err != nil {
		return "", nil, err
	}
	text, goals = floodTable(list, protection)
	return fmt.Sprintf("Saturated, %s answers %s allowed requests a second; %s of that are asked for, and a flood is %s.\n\n",
		server, report.Count(int(saturation)), report.Percent(quiet), report.Percent(flooded)) + text + "\n" +
		"Precedence of the clients: " + list[0].precedence.String() + sharing.String() + ".\n\n", goals, nil
}

// flood does so, and tells the saturation in requests a second.
func flood(ctx context.Context, o measure.Turns, list []*subject) (saturation float64, err error) {
	calm := list[0]
	calm.control = &subject{kind: calm.kind, flood: calm.flood}
	asked := &arrivals.Load{Address: calm.address, Requests: calm.flood.Requests}
	var most []float64
	for range o.Rounds {
		got, err := asked.Saturate(ctx, connections, o.Length)
		if err != nil {
			return 0, err
		}
		most = append(most, got.PerSecond)
	}
	saturation = measure.Summarise(most).Median
	turns := []*subject{calm, calm.control}
	for _, s := range list {
		if s.code != "" {
			turns = append(turns, s)
		}
	}
	for round := range o.Rounds {
		for n := range turns {
			s := turns[(n+round)%len(turns)]
			during := s
			if s == calm {
				during = nil
			}
			got, err := meanwhile(ctx, asked, during, saturation, o.Length)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", s.name, err)
			}
			s.p50 = append(s.p50, float64(got.P50))
			s.p99 = append(s.p99, float64(got.P99))
			for _, part := range got.P99s {
				s.p99s = append(s.p99s, float64(part))
			}
			s.late = append(s.late, float64(got.Late))
			calm.precedence = got.Precedence
		}
	}
	return saturation, nil
}

// meanwhile asks for what is allowed while a kind floods, or none. A flood begins
// before and ends after.
func meanwhile(ctx context.Context, asked *arrivals.Load, s *subject, saturation float64, length time.Duration) (got arrivals.Result, err error) {
	if s == nil {
		return asked.Run(ctx, quiet*saturation, length)
	}
	const lead = 100 * time.Millisecond
	running, err := s.flood.Start(ctx, flooded*saturation, 10*length+time.Minute)
	if err != nil {
		return got, err
	}
	time.Sleep(lead)
	got, err = asked.Run(ctx, quiet*saturation, length)
	flood, stopped := running.Stop()
	return got, errors.Join(err, stopped, flood.Err())
}

// floodTable is how long allowed requests take in each flood, with a protection.
func floodTable(list []*subject, protection string) (string, []report.Goal) {
	calm := list[0]
	row := func(name string, s *subject) []string {
		return []string{
			name, report.Summary(measure.Summarise(s.p50), report.Duration), report.Summary(measure.Summarise(s.p99s), report.Duration),
			report.Summary(measure.Ratios(s.p99s, calm.p99s), report.Ratio), report.Summary(measure.Ratios(s.p99s, calm.control.p99s), report.Ratio),
			report.Summary(measure.Summarise(s.p99), report.Duration), report.Summary(measure.Ratios(s.p99, calm.p99), report.Ratio),
			report.Duration(measure.Summarise(s.late).Median),
		}
	}
	rows := [][]string{row("none", calm), row("as many allowed ones, the control", calm.control)}
	var goals []report.Goal
	for _, s := range slices.DeleteFunc(slices.Clone(list), func(s *subject) bool { return s.code == "" }) {
		rows = append(rows, row(s.name, s))
		goals = append(goals, report.Goal{
			What: "p99 in a flood over that in quiet, " + protection, Case: s.name,
			Measured: measure.Ratios(s.p99s, calm.p99s), Unit: report.Ratio, Bound: goalP99,
		})
	}
	return report.Table([]string{"flood of", "p50", "p99", "p99, of quiet", "p99, of the control's", "p99 of whole turns", "that, of quiet", "99 of 100 sent within"}, rows), goals
}
