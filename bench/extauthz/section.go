package extauthz

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// The goals.
const (
	goalThroughput = 1.0 // of the no-op server's
	goalP99        = float64(time.Millisecond)
	// load is the part of what a server can do at which its latency is measured.
	load = 0.7
	// guardThroughput is what is guarded of the first goal.
	guardThroughput = 0.7
)

// server is one that is asked.
type server struct {
	name string
	target
	pid int
	// floor is the server that it is compared with, by its place.
	floor int
	// goals is the case of its goals, "" if it has none.
	goals string

	perSecond, cost, p50, p99 []float64
}

// Section measures the door behind Envoy and reports it. Through Envoy a turn
// lasts a second at least.
func Section(ctx context.Context, o measure.Turns) (r *report.Report, err error) {
	program, err := wrk.Program()
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(16 << 20)
	if err != nil {
		return nil, err
	}
	f.Uses("wrk", program, "-v")
	f.UsesModule("google.golang.org/grpc")
	f.UsesModule("github.com/open-policy-agent/opa")
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	store := static.Addresses[0]
	noopSocket, ownSocket := filepath.Join(f.Directory, "noop.sock"), filepath.Join(f.Directory, "sallyport.sock")
	noop, err := f.Peer(ctx, "extauthz", "-socket", noopSocket)
	if err != nil {
		return nil, err
	}
	opa, err := f.Peer(ctx, "extauthzopa")
	if err != nil {
		return nil, err
	}
	own, err := f.BehindEnvoy(ctx, "behind-envoy", store, ownSocket, users)
	if err != nil {
		return nil, err
	}
	servers := []server{
		{name: "no-op server", target: target{"tcp", noop.Addresses[0]}, pid: noop.PID(), floor: 0},
		{name: "OPA, a policy of one line", target: target{"tcp", opa.Addresses[0]}, pid: opa.PID(), floor: 0},
		{name: "Sallyport", target: target{"tcp", own.Address}, pid: own.PID(), floor: 0, goals: "over TCP"},
		{name: "no-op server, Unix socket", target: target{"unix", noopSocket}, pid: noop.PID(), floor: 3},
		{name: "Sallyport, Unix socket", target: target{"unix", ownSocket}, pid: own.PID(), floor: 3, goals: "over a Unix socket"},
	}
	r = &report.Report{}
	if err := refuses(ctx, servers[2].target); err != nil {
		return nil, err
	}
	if err := direct(ctx, o, servers); err != nil {
		return nil, err
	}
	r.Text, r.Goals = table(servers, "the no-op server")
	r.Guards = []report.Guard{{
		What: "checks, over the no-op server", Least: guardThroughput, Ratio: measure.Ratios(servers[2].perSecond, servers[0].perSecond).Median,
	}}
	text, err := throughEnvoy(ctx, f, o, store, []way{
		{"Envoy alone", fleet.Asked{}, false},
		{"Envoy, no-op server", fleet.Asked{Address: noop.Addresses[0]}, false},
		{"Envoy, OPA", fleet.Asked{Address: opa.Addresses[0]}, false},
		{"Envoy, Sallyport", fleet.Asked{Address: own.Address}, true},
		{"Envoy, no-op server, Unix socket", fleet.Asked{Socket: noopSocket}, false},
		{"Envoy, Sallyport, Unix socket", fleet.Asked{Socket: ownSocket}, true},
	})
	r.Text += text
	r.Versions = f.Versions()
	return r, err
}

// refuses checks that Sallyport allows what it must and nothing else.
func refuses(ctx context.Context, t target) error {
	wrong := fleet.Key{AccessKeyID: fleet.User(0).AccessKeyID, SecretAccessKey: "wrong"}
	for _, test := range []struct {
		what string
		path string
		key  fleet.Key
		want bool
	}{
		{"the user's own object", path(0), fleet.User(0), true},
		{"another user's object", path(1), fleet.User(0), false},
		{"a wrong secret", path(0), wrong, false},
	} {
		q, err := question(test.path, test.key, time.Now())
		if err != nil {
			return err
		}
		// A client of this benchmark takes a denial for a failure.
		const moment = 200 * time.Millisecond
		if _, err := saturate(ctx, t, [][]byte{q, q}, moment); (err == nil) != test.want {
			return fmt.Errorf("asking Sallyport about %s: %w", test.what, err)
		}
	}
	return nil
}

// direct measures servers that are asked by the benchmark's own client: what
// they can do, and how long an answer takes at a part of it.
func direct(ctx context.Context, o measure.Turns, servers []server) error {
	asked, err := questions(time.Now())
	if err != nil {
		return err
	}
	for round := -o.Warm; round < o.Rounds; round++ {
		for n := range servers {
			s := &servers[(n+round+o.Warm)%len(servers)] // nobody is always first
			before := fleet.ProcessorTime(s.pid)
			got, err := saturate(ctx, s.target, asked, o.Length)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round < 0 {
				continue
			}
			s.perSecond = append(s.perSecond, got.perSecond)
			s.cost = append(s.cost, float64(fleet.ProcessorTime(s.pid)-before)/float64(got.answers))
		}
	}
	for round := range o.Rounds {
		for n := range servers {
			s := &servers[(n+round)%len(servers)]
			got, err := run(ctx, s.target, asked, o.Length, load*measure.Summarise(s.perSecond).Median)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.p50 = append(s.p50, float64(got.p50))
			s.p99 = append(s.p99, float64(got.p99))
		}
	}
	return nil
}

// table is what was measured, beside the floor, and what became of the goals.
func table(servers []server, floor string) (string, []report.Goal) {
	var cells [][]string
	var goals []report.Goal
	part := report.Percent(load)
	for i := range servers {
		s := &servers[i]
		over := measure.Ratios(s.perSecond, servers[s.floor].perSecond)
		rate, p50, p99 := measure.Summarise(s.perSecond), measure.Summarise(s.p50), measure.Summarise(s.p99)
		cells = append(cells, []string{
			s.name, report.Count(int(rate.Median)) + " ±" + report.Percent(rate.Spread), report.Summary(over, report.Ratio),
			report.Duration(measure.Summarise(s.cost).Median),
			report.Duration(p50.Median), report.Duration(p99.Median) + " ±" + report.Percent(p99.Spread),
		})
		if s.goals != "" {
			goals = append(goals,
				report.Goal{What: "checks for Envoy over those of a no-op server", Case: s.goals, Measured: over, Unit: report.Ratio, Bound: goalThroughput, AtLeast: true},
				report.Goal{What: "p99 of a check for Envoy at " + part + " of saturation", Case: s.goals, Measured: p99, Unit: report.Duration, Bound: goalP99})
		}
	}
	return "### Asked directly, 32 at a time over two connections\n\n" + report.Table([]string{
		"server", "checks/s", "of " + floor, "its processor time", "p50 at " + part, "p99 at " + part,
	}, cells) + "\n" + report.Lines(goals) + "\n", goals
}
