// Package flood measures what requests cost that are refused, and what becomes
// of those that are allowed while many of them come.
package flood

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// The goals.
const (
	goalCost = 1.0 // of what is answered of allowed requests, at least
	goalP99  = 1.5 // of that in quiet, at most
)

// guardCost is what is guarded of the first goal.
const guardCost = 0.7

const (
	// connections is how many clients saturate.
	connections = 32
	// quiet is the part of saturation that the allowed requests are, flooded that of
	// a flood besides.
	quiet, flooded = 0.25, 0.5
)

// protections are further sections of the configuration that costs and floods are
// measured with, each by itself.
var protections = []struct {
	name, configuration string
	limits              bool
}{
	{"no limiter of failed authentications", "limits: {failed_authentications: {rate: 0}}\n", false},
	{"failed authentications limited, as by default", "", true},
}

// Section measures refusals and floods, and reports them. quick takes fewer kinds
// of requests.
func Section(ctx context.Context, o measure.Turns, quick bool) (r *report.Report, err error) {
	program, err := wrk.Program()
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(16 << 20)
	if err != nil {
		return nil, err
	}
	f.Uses("wrk", program, "-v")
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	r = &report.Report{}
	for i, p := range protections {
		own, err := f.Deploy(ctx, fleet.Deployment{
			Name: fmt.Sprintf("flooded-%d", i), Upstream: static.Addresses[0], Users: users, Configuration: p.configuration,
		})
		if err != nil {
			return nil, err
		}
		list, err := prepare(ctx, f, kinds(quick), own.Address, own.PID())
		if err != nil {
			return nil, err
		}
		if err := costs(ctx, o, list, p.limits); err != nil {
			return nil, err
		}
		text, goals := costTable(list)
		r.Text += "### What a request costs, " + p.name + "\n\n" + text + "\n"
		if !p.limits { // who is limited is answered the same whatever comes
			r.Text += report.Lines(goals) + "\n"
			r.Goals = append(r.Goals, goals...)
			for _, g := range goals {
				r.Guards = append(r.Guards, report.Guard{What: g.What + ", " + g.Case, Ratio: g.Measured.Median, Least: guardCost})
			}
		}
		text, goals, err = floods(ctx, f, o, "Sallyport", list, p.name)
		if err != nil {
			return nil, err
		}
		r.Text += "### Allowed requests in a flood, " + p.name + "\n\n" + text + report.Lines(goals) + "\n"
		r.Goals = append(r.Goals, goals...)
	}
	front, err := f.Nginx(ctx, "flooded", static.Addresses[0], static.Addresses[1], false)
	if err != nil {
		return nil, err
	}
	list, err := prepare(ctx, f, nginxKinds(), front.Addresses[1], front.PID())
	if err != nil {
		return nil, err
	}
	text, _, err := floods(ctx, f, o, "nginx", list, "")
	if err != nil {
		return nil, err
	}
	r.Text += "### The same at nginx with a no-op `auth_request`\n\n" + text
	r.Versions = f.Versions()
	return r, nil
}

// subject is a kind of requests, and what was measured of it.
type subject struct {
	kind
	address string
	pid     int
	closed  *wrk.Load
	// flood is these requests as a flood, from another peer.
	flood *arrivals.Load

	perSecond, cost []float64
	// p50 and p99 are those of allowed requests meanwhile, in nanoseconds, p99s those
	// of each part of a turn; of the allowed kind they are those in quiet.
	p50, p99, p99s, late []float64
	// precedence is what clients had; the allowed kind tells.
	precedence arrivals.Precedence
	// control is the flood of allowed requests, which only that kind has.
	control *subject
}

// prepare makes the requests of some kinds, and checks that one of each is
// answered as it must be. The first are the allowed ones.
func prepare(ctx context.Context, f *fleet.Fleet, all []kind, address string, pid int) ([]*subject, error) {
	var list []*subject
	for i, k := range all {
		requests, err := k.requests(address)
		if err != nil {
			return nil, err
		}
		if err := k.answered(ctx, address, requests[0]); err != nil {
			return nil, err
		}
		s := &subject{kind: k, address: address, pid: pid}
		if s.closed, err = wrk.New(f.Directory, fmt.Sprintf("kind-%d", i), requests); err != nil {
			return nil, err
		}
		s.flood = &arrivals.Load{Address: address, From: elsewhere(i), Requests: requests, Refused: k.code != ""}
		list = append(list, s)
	}
	return list, nil
}

// elsewhere is an address of this machine that is not the one which clients have
// by themselves, another for each kind: what one has failed in, another has not.
// Where the machine has only that one, it is the system's choice.
func elsewhere(i int) string {
	if runtime.GOOS == "linux" {
		return fmt.Sprintf("127.0.0.%d", 2+i)
	}
	return ""
}

// costs has all kinds take turns in a closed loop; limited has each come from an
// address of its own, whose failures are spent in no time.
func costs(ctx context.Context, o measure.Turns, list []*subject, limited bool) error {
	for round := -o.Warm; round < o.Rounds; round++ {
		for n := range list {
			s := list[(n+round+o.Warm)%len(list)] // nobody is always first
			before := fleet.ProcessorTime(s.pid)
			perSecond, requests, err := s.saturate(ctx, o, limited)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round < 0 {
				continue
			}
			s.perSecond = append(s.perSecond, perSecond)
			s.cost = append(s.cost, float64(fleet.ProcessorTime(s.pid)-before)/float64(requests))
		}
	}
	return nil
}

// saturate asks in a closed loop: by wrk, which cannot choose where it comes from, or
// as a peer that is limited, if it may be.
func (s *subject) saturate(ctx context.Context, o measure.Turns, limited bool) (perSecond float64, requests int, err error) {
	if limited {
		got, err := s.flood.Saturate(ctx, connections, o.Length)
		return got.PerSecond, got.Requests, err
	}
	run := s.closed.Run
	if s.code != "" {
		run = s.closed.RunRefused
	}
	got, err := run(ctx, s.address, connections, o.Length)
	return got.PerSecond, got.Requests, err
}

// costTable is what kinds cost, each over the allowed ones of its sort.
func costTable(list []*subject) (string, []report.Goal) {
	var rows [][]string
	var goals []report.Goal
	var base *subject
	for _, s := range list {
		if s.code == "" {
			base = s
		}
		rate, over := measure.Summarise(s.perSecond), measure.Ratios(s.perSecond, base.perSecond)
		rows = append(rows, []string{
			s.name, report.Count(int(rate.Median)) + " ±" + report.Percent(rate.Spread), report.Summary(over, report.Ratio),
			report.Duration(measure.Summarise(s.cost).Median), report.Summary(measure.Ratios(s.cost, base.cost), report.Ratio),
		})
		if s.code != "" {
			goals = append(goals, report.Goal{
				What: "refusals a second over what is allowed", Case: s.name, Measured: over, Unit: report.Ratio, Bound: goalCost, AtLeast: true,
			})
		}
	}
	return report.Table([]string{
		"request", "answers/s", "of allowed ones", "processor time of Sallyport", "of an allowed one",
	}, rows), goals
}
