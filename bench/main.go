// Command bench measures Sallyport beside others in one run and writes what it
// found into docs/benchmarks.md.
//
//	cd bench && go run .          # everything, less than thirty minutes
//	cd bench && go run . -quick   # a look at it, on standard output alone
//
// It also tells whether a change pays, and whether a profile does, with programs
// that take turns (-quick takes less time):
//
//	cd bench && go run . -binary ../bin/before -binary ../bin/after
//	cd bench && go run . -profile /tmp/default.pgo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-iam/sallyport/bench/datapath"
	"github.com/sallyport-iam/sallyport/bench/decision"
	"github.com/sallyport-iam/sallyport/bench/extauthz"
	"github.com/sallyport-iam/sallyport/bench/flood"
	"github.com/sallyport-iam/sallyport/bench/inprocess"
	"github.com/sallyport-iam/sallyport/bench/load"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/profile"
	"github.com/sallyport-iam/sallyport/bench/reload"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/sidecar"
	"github.com/sallyport-iam/sallyport/bench/signature"
)

// effort is how long a section measures.
type effort struct {
	measure.Options
	// asked is for processes that others ask.
	asked measure.Turns
	// users is the number of users where it is to be large.
	users int
	// sizes are those of large objects in bytes, transfers how often all take
	// turns with them.
	sizes     [2]int64
	transfers int
	// arriving is for what is asked at rates.
	arriving measure.Turns
	// sidecar is how often programs are started, exchanges how bundles are.
	sidecar   sidecar.Effort
	exchanges reload.Effort
	// quick leaves out what is large, or much like something else.
	quick bool
}

const mebibyte = 1 << 20

var (
	full = effort{
		Options:   measure.Options{Rounds: 15, Sample: 20 * time.Millisecond, Budget: 3 * time.Second},
		asked:     measure.Turns{Rounds: 7, Warm: 1, Length: time.Second},
		users:     10_000,
		sizes:     [2]int64{64 * mebibyte, 1024 * mebibyte},
		transfers: 5,
		arriving:  measure.Turns{Rounds: 7, Warm: 1, Length: time.Second},
		sidecar:   sidecar.Effort{Starts: 20, Idle: time.Second, Users: []int{10, 1_000, 10_000}},
		exchanges: reload.Effort{Turns: measure.Turns{Rounds: 4, Length: 3 * time.Second}, Users: 10_000, Edits: 5},
	}
	brief = effort{
		Options:   measure.Options{Rounds: 5, Sample: 2 * time.Millisecond, Budget: 300 * time.Millisecond},
		asked:     measure.Turns{Rounds: 3, Length: 300 * time.Millisecond},
		users:     1_000,
		sizes:     [2]int64{8 * mebibyte, 32 * mebibyte},
		transfers: 3,
		arriving:  measure.Turns{Rounds: 2, Length: 300 * time.Millisecond},
		sidecar:   sidecar.Effort{Starts: 4, Idle: 200 * time.Millisecond, Users: []int{10, 1_000}},
		exchanges: reload.Effort{Turns: measure.Turns{Rounds: 1, Length: time.Second}, Users: 500, Edits: 2},
		quick:     true,
	}
)

// section is a part of docs/benchmarks.md.
type section struct {
	name string
	run  func(e effort) (*report.Report, error)
}

var sections = []section{
	{"decision", func(e effort) (*report.Report, error) { return decision.Section(e.Options, e.quick) }},
	{"load", func(e effort) (*report.Report, error) { return load.Section(e.quick) }},
	{"sigv4", func(e effort) (*report.Report, error) { return signature.Section(e.Options, e.quick) }},
	{"mapper", func(e effort) (*report.Report, error) { return inprocess.Section(e.Options, e.users) }},
	{"proxy", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		r, err := datapath.Small(ctx, e.asked, e.users, e.quick)
		if err != nil || e.quick {
			return r, err
		}
		stages, err := profile.Stages(ctx, 10*time.Second)
		r.Text += "\n### Where the time of a GET goes, a store behind that costs next to nothing\n\n" + stages
		return r, err
	})},
	{"open-loop", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return datapath.OpenLoop(ctx, e.arriving)
	})},
	{"reload", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return reload.Section(ctx, e.exchanges)
	})},
	{"flood", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return flood.Section(ctx, e.arriving, e.quick)
	})},
	{"large", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return datapath.Large(ctx, e.transfers, e.sizes)
	})},
	{"envoy", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return extauthz.Section(ctx, e.asked)
	})},
	{"sidecar", processes(func(ctx context.Context, e effort) (*report.Report, error) {
		return sidecar.Section(ctx, e.sidecar)
	})},
}

// processes makes a section of one that starts processes: it ends them, and
// removes their files, when it is interrupted.
func processes(run func(context.Context, effort) (*report.Report, error)) func(effort) (*report.Report, error) {
	return func(e effort) (*report.Report, error) {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return run(ctx, e)
	}
}

func main() {
	quick := flag.Bool("quick", false, "measure briefly and at fewer sizes, and write to standard output")
	var binaries []string
	flag.Func("binary", "compare `programs` of Sallyport, on standard output: say it for each", func(path string) error {
		absolute, err := filepath.Abs(path)
		binaries = append(binaries, absolute)
		return err
	})
	guide := flag.String("profile", "", "write a profile of Sallyport to a `file`, and compare a program that it guides with one that none does")
	only := flag.String("only", "", "measure one section: "+names())
	docs := flag.String("docs", filepath.Join("..", "docs"), "the directory of benchmarks.md")
	flag.Parse()
	var err error
	if *guide != "" || len(binaries) > 0 {
		err = programs(*quick, *guide, binaries)
	} else {
		err = run(*quick, *only, *docs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() string {
	list := make([]string, len(sections))
	for i, s := range sections {
		list[i] = s.name
	}
	return strings.Join(list, ", ")
}

func effortOf(quick bool) effort {
	if quick {
		return brief
	}
	return full
}

func run(quick bool, only, docs string) error {
	e := effortOf(quick)
	found := false
	var broken []error
	var times []string
	all := time.Now()
	for _, s := range sections {
		if only != "" && only != s.name {
			continue
		}
		found = true
		fmt.Fprintf(os.Stderr, "measuring: %s\n", s.name)
		start := time.Now()
		if quick {
			broken = append(broken, look(s, e, os.Stdout))
		} else if err := measured(s, e, docs); err != nil {
			return err
		}
		times = append(times, fmt.Sprintf("%-10s %s", s.name, time.Since(start).Round(time.Second)))
	}
	if !found {
		return fmt.Errorf("there is no section %q; there are %s", only, names())
	}
	fmt.Fprintf(os.Stderr, "measured:\n  %s\n  %-10s %s\n", strings.Join(times, "\n  "), "all", time.Since(all).Round(time.Second))
	return errors.Join(broken...)
}

// measured measures a section, and writes what it found into the document.
func measured(s section, e effort, docs string) error {
	start := begin()
	r, err := s.run(e)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	r.Text += "\n" + start.end(s.name, r.Versions)
	fmt.Fprint(os.Stderr, missed(r.Goals))
	return write(docs, s.name, r)
}

// missed is a line for every goal that was not held.
func missed(goals []report.Goal) (lines string) {
	for _, g := range goals {
		if !g.Held() {
			lines += g.Line()
		}
	}
	return lines
}

// write puts a report into the document, its goals into the table of all goals, and
// its plots beside it.
func write(docs, name string, r *report.Report) error {
	file := filepath.Join(docs, "benchmarks.md")
	document, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := report.Replace(string(document), name, r.Text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if text, err = report.ReplaceGoals(text, name, r.Goals); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	plots := filepath.Join(docs, "benchmarks")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for _, p := range r.Plots {
		if err := p.Write(plots); err != nil {
			return err
		}
	}
	for _, b := range r.Bars {
		if err := b.Write(plots); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
