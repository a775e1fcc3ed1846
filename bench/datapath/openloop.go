package datapath

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// loads are the parts of what Sallyport can do at which all are asked.
var loads = []float64{0.3, 0.5, 0.7}

// arriving is what was measured of a contender that is asked at some rate.
type arriving struct {
	contender
	load *arrivals.Load
	// precedence is what clients had.
	precedence arrivals.Precedence
	// saturation is in requests a second.
	saturation []float64
	// quantiles are by the place of the load, in nanoseconds.
	p50, p99, p999, late [][]float64
}

// OpenLoop measures how long answers take at rates that do not depend on them,
// and reports it.
func OpenLoop(ctx context.Context, o measure.Turns) (r *report.Report, err error) {
	f, err := fleet.New(16 * mebibyte)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	all, err := contenders(ctx, f, free, static.Addresses[0], static.Addresses[1], false)
	if err != nil {
		return nil, err
	}
	if err := closed(ctx, &all[len(all)-1]); err != nil {
		return nil, err
	}
	k := kind{"GET", "GET", fleet.Request{Method: http.MethodGet, Hash: fleet.EmptyHash}, false}
	var list []arriving
	for i := range all {
		if all[i].name == direct || all[i].name == nginx {
			continue
		}
		requests, err := k.requests(&all[i])
		if err != nil {
			return nil, err
		}
		list = append(list, arriving{
			contender: all[i], load: &arrivals.Load{Address: all[i].address, Requests: requests},
			p50: make([][]float64, len(loads)), p99: make([][]float64, len(loads)), p999: make([][]float64, len(loads)), late: make([][]float64, len(loads)),
		})
	}
	sharing, together, err := f.Apart()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, together()) }()
	if err := saturations(ctx, o, list); err != nil {
		return nil, err
	}
	own := measure.Summarise(list[len(list)-1].saturation).Median
	for part, load := range loads {
		if err := latencies(ctx, o, list, part, load*own); err != nil {
			return nil, err
		}
	}
	r = &report.Report{Text: arrived(list, sharing), Versions: f.Versions()}
	r.Guards = []report.Guard{{
		What: "saturation, over the bare ReverseProxy", Least: guardSaturation,
		Ratio: measure.Ratios(list[len(list)-1].saturation, list[len(list)-2].saturation).Median,
	}}
	return r, nil
}

// guardSaturation is what is guarded of how much more than the bare ReverseProxy
// Sallyport can do: the client takes as much of the processors as either.
const guardSaturation = 0.6

// saturations has all take turns in answering what they can.
func saturations(ctx context.Context, o measure.Turns, list []arriving) error {
	for round := -o.Warm; round < o.Rounds; round++ {
		for n := range list {
			at := &list[(n+round+o.Warm)%len(list)] // nobody is always first
			got, err := at.load.Saturate(ctx, connections, o.Length)
			if err != nil {
				return fmt.Errorf("%s: %w", at.name, err)
			}
			if round >= 0 {
				at.saturation = append(at.saturation, got.PerSecond)
			}
		}
	}
	return nil
}

// latencies has all take turns in answering at a rate per second.
func latencies(ctx context.Context, o measure.Turns, list []arriving, part int, rate float64) error {
	for round := range o.Rounds {
		for n := range list {
			at := &list[(n+round)%len(list)]
			got, err := at.load.Run(ctx, rate, o.Length)
			if err != nil {
				return fmt.Errorf("%s at %.0f requests a second: %w", at.name, rate, err)
			}
			at.p50[part] = append(at.p50[part], float64(got.P50))
			at.p99[part] = append(at.p99[part], float64(got.P99))
			at.p999[part] = append(at.p999[part], float64(got.P999))
			at.late[part] = append(at.late[part], float64(got.Late))
			at.precedence = got.Precedence
		}
	}
	return nil
}

// arrived is the tables of what was measured; the last is Sallyport.
func arrived(list []arriving, sharing fleet.Sharing) string {
	own := &list[len(list)-1]
	saturation := measure.Summarise(own.saturation).Median
	var rows [][]string
	for i := range list {
		s := measure.Summarise(list[i].saturation)
		rows = append(rows, []string{
			list[i].name, report.Count(int(s.Median)) + " ±" + report.Percent(s.Spread),
			report.Summary(measure.Ratios(list[i].saturation, own.saturation), report.Ratio),
		})
	}
	text := fmt.Sprintf("### Saturation, %d clients that do not pause\n\n", connections) +
		report.Table([]string{"way", "requests/s", "of Sallyport"}, rows)
	for part, load := range loads {
		rows = nil
		for i := range list {
			at := &list[i]
			rows = append(rows, []string{
				at.name, report.Percent(load * saturation / measure.Summarise(at.saturation).Median),
				report.Summary(measure.Summarise(at.p50[part]), report.Duration),
				report.Summary(measure.Summarise(at.p99[part]), report.Duration),
				report.Summary(measure.Summarise(at.p999[part]), report.Duration),
				report.Summary(measure.Ratios(at.p99[part], own.p99[part]), report.Ratio),
				report.Duration(measure.Summarise(at.late[part]).Median),
			})
		}
		text += fmt.Sprintf("\n### %s requests a second: %s of Sallyport's saturation\n\n", report.Count(int(load*saturation)), report.Percent(load)) +
			report.Table([]string{"way", "of its own saturation", "p50", "p99", "p99.9", "p99, of Sallyport's", "99 of 100 sent within"}, rows)
	}
	return text + "\nPrecedence of the clients: " + own.precedence.String() + sharing.String() + ".\n"
}
