package datapath

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// connections is how many clients ask at a time.
const connections = 32

// Small measures small objects and reports them. quick takes fewer kinds of
// requests. many is the number of users that few are compared with.
func Small(ctx context.Context, o measure.Turns, many int, quick bool) (r *report.Report, err error) {
	program, err := wrk.Program()
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(256 * mebibyte)
	if err != nil {
		return nil, err
	}
	f.Uses("wrk", program, "-v")
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	real, err := f.Store(ctx)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, real.Address); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(fleet.Object))
	kinds := []kind{
		{"GET", "GET", fleet.Request{Method: http.MethodGet, Hash: fleet.EmptyHash}, false},
		{"PUT, `UNSIGNED-PAYLOAD`", "PUT, unsigned", fleet.Request{Method: http.MethodPut, Hash: fleet.UnsignedPayload, Size: fleet.ObjectSize}, false},
		{"PUT, hash of the body signed", "PUT, hashed", fleet.Request{Method: http.MethodPut, Hash: hex.EncodeToString(hash[:]), Size: fleet.ObjectSize}, false},
	}
	if quick {
		kinds = []kind{kinds[0], kinds[2]}
	}
	r = &report.Report{}
	picture := picture{report.Bars{File: "small-objects.svg", Title: "1 KiB objects", YLabel: "requests/s, of the bare ReverseProxy"}}
	for _, behind := range []struct{ name, title, address string }{
		{"versitygw", "versitygw behind", real.Address},
		{free, "a store behind that costs next to nothing", static.Addresses[0]},
	} {
		list, err := contenders(ctx, f, behind.name, behind.address, static.Addresses[1], false)
		if err != nil {
			return nil, err
		}
		if err := closed(ctx, &list[len(list)-1]); err != nil {
			return nil, err
		}
		var others []contender
		if !quick || behind.name == free {
			if others, err = envoys(ctx, f, behind.name, behind.address); err != nil {
				return nil, err
			}
		}
		for i, k := range kinds {
			if quick && i > 0 && behind.name == free {
				break
			}
			taking := list
			if k.Method == http.MethodGet { // once is enough to know where Envoy stands
				taking = slices.Insert(slices.Clone(list), len(list)-1, others...)
			}
			results, err := compare(ctx, f, o, k, taking)
			if err != nil {
				return nil, err
			}
			picture.add(k.short+"\n"+behind.name, results)
			text, goals := compared(results, k.name+", "+behind.title, behind.name != free)
			r.Text += "### " + k.name + ", " + behind.title + "\n\n" + text + "\n"
			r.Goals = append(r.Goals, goals...)
			r.Guards = append(r.Guards, report.Guard{
				What: k.name + ", " + behind.title + ": over the bare ReverseProxy", Least: guardReverseProxy,
				Ratio: named(results, sallyport).over(named(results, reverseProxy)).Median,
			})
		}
	}
	if !fleet.HasEnvoy() {
		r.Text += "Envoy was not there to be measured.\n\n"
	}
	r.Bars = append(r.Bars, picture.Bars)
	r.Text += "![" + picture.Title + ": " + picture.YLabel + "](benchmarks/" + picture.File + ")\n\n"
	text, goal, err := populations(ctx, f, o, kinds[0], static.Addresses[0], many)
	r.Text += text
	r.Goals = append(r.Goals, goal)
	r.Versions = f.Versions()
	return r, err
}

// free is the name of the store that costs next to nothing.
const free = "a store for free"

// picture shows comparisons beside each other.
type picture struct{ report.Bars }

// add adds a comparison of proxies: a group, in which the floor is one. What does
// not take part in all of them is left out.
func (p *picture) add(group string, results []result) {
	p.Groups = append(p.Groups, group)
	results = slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.name == direct || r.name == envoy || r.name == envoyAsking })
	if p.Subjects == nil {
		p.Subjects = make([]report.Subject, len(results))
	}
	for i := range results {
		at := &p.Subjects[i]
		at.Name = strings.ReplaceAll(results[i].name, "`", "")
		at.Values = append(at.Values, results[i].over(named(results, reverseProxy)).Median)
	}
}

// kind is a kind of requests: the path is that of an object.
type kind struct {
	name, short string
	fleet.Request
	// hashes tells that the client hashes what it reads.
	hashes bool
}

// requests are one for each object, in turn by users, or one for each user.
func (k kind) requests(c *contender) ([][]byte, error) {
	list, now := make([][]byte, max(objects, c.users)), time.Now()
	for i := range list {
		request := k.Request
		request.Path = object(i, c.users)
		head, err := fleet.Sign(request, c.address, c.key(i%c.users), now)
		if err != nil {
			return nil, err
		}
		list[i] = append(head, fleet.Object[:request.Size]...)
	}
	return list, nil
}

// result is what was measured of a contender, one element for each round.
type result struct {
	contender
	perSecond, p50, p99 []float64
	// cost is the processor time of one request in nanoseconds.
	cost []float64
}

// compare has all take turns in every round.
func compare(ctx context.Context, f *fleet.Fleet, o measure.Turns, k kind, list []contender) ([]result, error) {
	results, loads := make([]result, len(list)), make([]*wrk.Load, len(list))
	for i := range list {
		results[i].contender = list[i]
		requests, err := k.requests(&list[i])
		if err != nil {
			return nil, err
		}
		status, body, err := fleet.Exchange(ctx, list[i].address, requests[0])
		if err != nil || status != http.StatusOK || k.Method == http.MethodGet && body != fleet.Object {
			return nil, fmt.Errorf("%s, %s: %d %q (%w)", list[i].name, k.name, status, body, err)
		}
		if loads[i], err = wrk.New(f.Directory, fmt.Sprintf("contender-%d", i), requests); err != nil {
			return nil, err
		}
	}
	for round := -o.Warm; round < o.Rounds; round++ {
		for n := range list {
			i := (n + round + o.Warm) % len(list) // nobody is always first
			at := &results[i]
			before := fleet.ProcessorTime(at.pid)
			got, err := loads[i].Run(ctx, at.address, connections, o.Length)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", at.name, k.name, err)
			}
			if round < 0 {
				continue
			}
			at.perSecond = append(at.perSecond, got.PerSecond)
			at.p50 = append(at.p50, float64(got.P50))
			at.p99 = append(at.p99, float64(got.P99))
			at.cost = append(at.cost, float64(fleet.ProcessorTime(at.pid)-before)/float64(got.Requests))
		}
	}
	return results, nil
}

// over is how many times as many requests as another one answered, by rounds.
func (r *result) over(base *result) measure.Summary {
	return measure.Ratios(r.perSecond, base.perSecond)
}

func named(results []result, name string) *result {
	for i := range results {
		if results[i].name == name {
			return &results[i]
		}
	}
	return nil
}

// The goals: how many times as many requests as those that check nothing.
const (
	goalReverseProxy = 1.0
	goalNginxAsking  = 1.0
	goalUsers        = 0.95
)

// guardReverseProxy is what is guarded of the first goal.
const guardReverseProxy = 0.8

// compared is the table of a comparison in a case, and what became of the goals:
// that over nginx is for a store that does something.
func compared(results []result, in string, real bool) (string, []report.Goal) {
	bare, asking, own := named(results, reverseProxy), named(results, nginxAsking), named(results, sallyport)
	var cells [][]string
	for i := range results {
		cells = append(cells, append(results[i].cells(), report.Summary(results[i].over(bare), report.Ratio), report.Summary(results[i].over(asking), report.Ratio)))
	}
	goals := []report.Goal{atLeast("requests of 1 KiB objects over the bare `ReverseProxy`", in, own.over(bare), goalReverseProxy)}
	if real {
		goals = append(goals, atLeast("requests of 1 KiB objects over nginx with a no-op `auth_request`", in, own.over(asking), goalNginxAsking))
	}
	return report.Table([]string{
		"1 KiB objects", "requests/s", "p50", "p99", "processor time of the proxy", "of the bare `ReverseProxy`", "of nginx with `auth_request`",
	}, cells) + "\n" + report.Lines(goals), goals
}

func (r *result) cells() []string {
	rate := measure.Summarise(r.perSecond)
	cost := "–"
	if r.pid != 0 {
		cost = report.Duration(measure.Summarise(r.cost).Median)
	}
	return []string{
		r.name, report.Count(int(rate.Median)) + " ±" + report.Percent(rate.Spread),
		report.Duration(measure.Summarise(r.p50).Median), report.Duration(measure.Summarise(r.p99).Median), cost,
	}
}

// atLeast is the goal that a ratio is at least so much.
func atLeast(what, in string, reached measure.Summary, least float64) report.Goal {
	return report.Goal{What: what, Case: in, Measured: reached, Unit: report.Ratio, Bound: least, AtLeast: true}
}

// populations compares few users with many, and beside them the same lists of
// requests at a proxy that knows no users: what is more to send, and to keep in the
// processor's caches, costs something there too.
func populations(ctx context.Context, f *fleet.Fleet, o measure.Turns, k kind, storeAddress string, many int) (string, report.Goal, error) {
	bare, err := f.Peer(ctx, "reverseproxy", "-to", "http://"+storeAddress)
	if err != nil {
		return "", report.Goal{}, err
	}
	var list, control []contender
	var apart contender
	for _, users := range []int{few, many} {
		s, err := f.Sallyport(ctx, fmt.Sprintf("population-%d", users), storeAddress, users)
		if err != nil {
			return "", report.Goal{}, err
		}
		of := report.Count(users) + " users"
		list = append(list, contender{"Sallyport, " + of, s.Address, fleet.User, users, s.PID()})
		if users == many { // what all of them cost who do not ask
			apart = contender{"Sallyport, " + of + ", of whom " + report.Count(few) + " ask", s.Address, fleet.User, few, s.PID()}
		}
		control = append(control, contender{reverseProxy + ", requests of " + of, bare.Addresses[0], storeKey, users, bare.PID()})
	}
	results, err := compare(ctx, f, o, k, append(append(list, control...), apart))
	if err != nil {
		return "", report.Goal{}, err
	}
	var cells [][]string
	var over [2]measure.Summary
	for i := range over {
		first, then := &results[2*i], &results[2*i+1]
		over[i] = then.over(first)
		cells = append(cells, append(first.cells(), "–"), append(then.cells(), report.Summary(over[i], report.Ratio)))
	}
	last := &results[len(results)-1]
	cells = append(cells, append(last.cells(), report.Summary(last.over(&results[0]), report.Ratio)))
	goal := atLeast("requests of "+report.Count(many)+" users over those of "+report.Count(few), "", over[0], goalUsers)
	return "### Few users and many, ten statements each\n\n" + report.Table([]string{
		"GET of 1 KiB objects", "requests/s", "p50", "p99", "processor time", "of few users'",
	}, cells) + "\n" + goal.Line() + fmt.Sprintf("* The same requests at a proxy that knows no users: %s. That part is the client's and the system's.\n",
		report.Summary(over[1], report.Ratio)), goal, nil
}
