package decision

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// Section measures decisions and reports them. quick leaves out the largest
// sizes.
func Section(o measure.Options, quick bool) (*report.Report, error) {
	var r report.Report
	for _, part := range []func(measure.Options, bool, *report.Report) error{
		statements, shapes, caches, wildcards, networks, hostiles,
	} {
		if err := part(o, quick, &r); err != nil {
			return nil, err
		}
	}
	return &r, nil
}

func statements(o measure.Options, quick bool, r *report.Report) error {
	c := Curve{
		Name: "statements", XLabel: "statements in the caller's documents", Patience: 200 * time.Millisecond,
		Sizes: []int{1, 10, 100, 1_000, 10_000, 100_000}, Workload: Statements,
	}
	if quick {
		c.Sizes = c.Sizes[:4]
	}
	result, err := c.Measure(o, Peers())
	if err != nil {
		return err
	}
	r.Text += "### Statements in the caller's documents\n\n"
	c.tables(result, r)
	for _, p := range result.Points {
		if costs := p.Costs[None]; p.Size >= 100 {
			for _, peer := range peersOf(result, None) {
				if s, ok := costs[peer]; ok && !strings.HasPrefix(peer, sallyportName) {
					r.Guards = append(r.Guards, report.Guard{
						What:  fmt.Sprintf("a decision of %d statements, %s over Sallyport", p.Size, peer),
						Ratio: s.Over(costs[sallyportName]).Median, Least: guardPeers,
					})
				}
			}
		}
	}
	return nil
}

func wildcards(o measure.Options, _ bool, r *report.Report) error {
	c := Curve{
		Name: "wildcards", XLabel: "wildcards in one pattern", Patience: 10 * time.Millisecond,
		Sizes: []int{1, 2, 3, 4, 5, 6, 8, 16, 32, 64}, Workload: Wildcards,
	}
	result, err := c.Measure(o, uncached())
	if err != nil {
		return err
	}
	r.Text += "### Wildcards in one pattern\n\n"
	c.tables(result, r)
	return nil
}

func networks(o measure.Options, _ bool, r *report.Report) error {
	c := Curve{
		Name: "networks", XLabel: "networks in one condition", Patience: 200 * time.Millisecond,
		Sizes: []int{1, 10, 100, 1_000}, Workload: Networks,
	}
	result, err := c.Measure(o, uncached())
	if err != nil {
		return err
	}
	r.Text += "### Networks in one condition\n\n"
	c.tables(result, r)
	return nil
}

// tables reports a curve: a table and a plot for each question.
func (c *Curve) tables(result *Result, r *report.Report) {
	for _, question := range measured {
		names := peersOf(result, question)
		header := append([]string{c.XLabel}, names...)
		var rows [][]string
		lines := make([]report.Line, len(names))
		for i, name := range names {
			lines[i].Name, lines[i].Style = name, style(name)
		}
		for _, p := range result.Points {
			row := []string{report.Count(p.Size)}
			base := p.Costs[question][names[0]]
			for i, name := range names {
				s, ok := p.Costs[question][name]
				if !ok {
					row = append(row, "–")
					continue
				}
				row = append(row, cell(s, base, i == 0))
				lines[i].Points = append(lines[i].Points,
					report.Point{Size: float64(p.Size), Nanoseconds: s.Time().Median})
			}
			rows = append(rows, row)
		}
		file := c.Name + "-none.svg"
		if question == Last {
			file = c.Name + "-last.svg"
		}
		title := question + "; " + c.XLabel
		r.Plots = append(r.Plots, report.Plot{File: file, Title: title, XLabel: c.XLabel, Lines: lines})
		r.Text += "**" + strings.ToUpper(question[:1]) + question[1:] + ".**\n\n" + report.Table(header, rows) +
			"\n![" + title + "](benchmarks/" + file + ")\n\n"
	}
	r.Text += c.allocations(result)
	for _, absent := range result.Absent {
		r.Text += "* " + absent + ".\n"
	}
	r.Text += "\n"
}

// cell is a time with its spread and, but for the base itself, its ratio.
func cell(s, base measure.Series, isBase bool) string {
	t := s.Time()
	text := report.Duration(t.Median) + " ±" + report.Percent(t.Spread)
	if !isBase {
		text += " (" + report.Ratio(s.Over(base).Median) + ")"
	}
	return text
}

// allocations tells the allocations of the largest size at which all peers were
// measured.
func (c *Curve) allocations(result *Result) string {
	names := peersOf(result, Last)
	var at Point
	for _, p := range result.Points {
		if len(p.Costs[Last]) == len(names) {
			at = p
		}
	}
	counts := make([]string, len(names))
	for i, name := range names {
		counts[i] = name + " " + report.Count(int(at.Costs[Last][name].Allocations+0.5))
	}
	return fmt.Sprintf("Allocations of one decision that allows, at %s %s: %s.\n\n",
		report.Count(at.Size), c.XLabel, strings.Join(counts, ", "))
}

// peersOf are the peers that were measured at any size, in the order of Peers.
func peersOf(result *Result, question string) []string {
	var names []string
	for _, peer := range Peers() {
		if slices.ContainsFunc(result.Points, func(p Point) bool {
			_, ok := p.Costs[question][peer.Name]
			return ok
		}) {
			names = append(names, peer.Name)
		}
	}
	return names
}

// style gives a peer the same colour and mark in all plots.
func style(peer string) int {
	return slices.IndexFunc(Peers(), func(p Peer) bool { return p.Name == peer })
}

// uncached are the peers without Sallyport's cache, of which the statements tell
// enough.
func uncached() []Peer {
	return slices.DeleteFunc(Peers(), func(p Peer) bool { return p.Name == cachedName })
}
