// Command bench measures Sallyport beside others in one run and writes what it
// found into docs/benchmarks.md.
//
//	cd bench && go run .          # everything, about seven minutes
//	cd bench && go run . -quick   # a look at it, on standard output alone
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/datapath"
	"github.com/sallyport-iam/sallyport/bench/decision"
	"github.com/sallyport-iam/sallyport/bench/inprocess"
	"github.com/sallyport-iam/sallyport/bench/load"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/signature"
)

// section is a part of docs/benchmarks.md.
type section struct {
	name string
	run  func(o measure.Options, quick bool) (*report.Report, error)
}

var sections = []section{
	{"decision", decision.Section},
	{"load", func(_ measure.Options, quick bool) (*report.Report, error) { return load.Section(quick) }},
	{"sigv4", signature.Section},
	{"mapper", func(o measure.Options, _ bool) (*report.Report, error) { return inprocess.Section(o) }},
	{"proxy", func(_ measure.Options, quick bool) (*report.Report, error) { return datapath.Small(quick) }},
	{"large", func(_ measure.Options, quick bool) (*report.Report, error) { return datapath.Large(quick) }},
}

func main() {
	quick := flag.Bool("quick", false, "measure briefly and at fewer sizes, and write to standard output")
	only := flag.String("only", "", "measure one section: "+names())
	docs := flag.String("docs", filepath.Join("..", "docs"), "the directory of benchmarks.md")
	flag.Parse()
	if err := run(*quick, *only, *docs); err != nil {
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

func run(quick bool, only, docs string) error {
	o := measure.Options{Rounds: 15, Sample: 20 * time.Millisecond, Budget: 3 * time.Second}
	if quick {
		o = measure.Options{Rounds: 5, Sample: 2 * time.Millisecond, Budget: 300 * time.Millisecond}
	}
	found := false
	for _, s := range sections {
		if only != "" && only != s.name {
			continue
		}
		found = true
		fmt.Fprintf(os.Stderr, "measuring: %s\n", s.name)
		start := begin()
		r, err := s.run(o, quick)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		r.Text += "\n" + start.end()
		if quick {
			fmt.Printf("## %s\n\n%s\n", s.name, r.Text)
			continue
		}
		if err := write(docs, s.name, r); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("there is no section %q; there are %s", only, names())
	}
	return nil
}

// write puts a report into the document, and its plots beside it.
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
	plots := filepath.Join(docs, "benchmarks")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for _, p := range r.Plots {
		if err := p.Write(plots); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
