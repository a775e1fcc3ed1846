package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// SimulateCmd decides what lines of JSON ask.
type SimulateCmd struct {
	File    string `arg:"" help:"File of JSON lines; - for standard input."`
	Explain bool   `short:"e" help:"Tell of every statement whether it applied, and if not, why."`
	Output  string `short:"o" enum:"json,table" default:"json" help:"Form of what is printed: json, one line for each line, or table."`
}

// Help shows an example.
func (SimulateCmd) Help() string {
	return `Each line is an object that says who asks for what and which policies there are; nothing else is consulted, and no condition key is added. docs/simulate.md has the format. For each line there is one in the output, in the same order: the decision (allow, explicit_deny, implicit_deny), the layer that decided, the statement that matched, and the condition keys that were read and are not in the context.

A line that cannot be decided has the decision "error" and says why; the others go on, and the exit code is 1. A denial is no error.

Example:

    sallyport simulate requests.jsonl --explain -o table
`
}

// Run reads lines, decides them side by side, and prints them in order.
func (c *SimulateCmd) Run(console *Console) error {
	in := console.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return unreadable(c.File, err, "name a file of JSON lines, or - for standard input")
		}
		defer file.Close()
		in = file
	}
	s := &simulator{documents: newDocumentCache(), explain: c.Explain, render: renderJSON}
	if c.Output == "table" {
		s.render = renderTable
		if _, err := io.WriteString(console.Out, tableHeader); err != nil {
			return err
		}
	}
	lines, failed, err := s.run(in, console.Out)
	switch {
	case err != nil:
		return err
	case failed > 0:
		return withHint(fmt.Errorf("%d of %s could not be decided", failed, plural(lines, "line")), "the output says for each what is wrong with it")
	}
	return nil
}

// unreadable is the error of a file that cannot be opened, with what to name
// instead.
func unreadable(file string, err error, hint string) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return withHint(fmt.Errorf("%s cannot be read: %w", file, err), hint)
}

// simulator decides lines.
type simulator struct {
	documents *documentCache
	explain   bool
	render    func(to []byte, r *simulated) []byte
	// heavy is held while a line is decided whose documents take much memory.
	heavy sync.Mutex
}

// run returns how many lines there were, and how many could not be decided.
// Memory is bounded: a reader hands batches of lines to workers, and stays only
// a few batches ahead of what is written.
func (s *simulator) run(in io.Reader, out io.Writer) (lines, failed int, err error) {
	defer collectSeldom()()
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *batch)
	order := make(chan *batch, 2*workers)
	stop := make(chan struct{})
	defer close(stop)

	for range workers {
		go func() {
			for b := range work {
				s.decide(b)
				close(b.done)
			}
		}()
	}
	reader := &lineReader{in: in}
	go func() {
		defer close(order)
		defer close(work)
		for b := reader.next(); b != nil; b = reader.next() {
			for _, to := range []chan<- *batch{order, work} {
				select {
				case to <- b:
				case <-stop:
					return
				}
			}
		}
	}()
	for b := range order {
		<-b.done
		lines += len(b.lines)
		failed += b.failed
		if _, err := out.Write(b.out); err != nil {
			return lines, failed, fmt.Errorf("writing: %w", err)
		}
	}
	if reader.err != nil {
		return lines, failed, fmt.Errorf("reading: %w", reader.err)
	}
	return lines, failed, nil
}

// eagerMemory is the memory, in bytes, from which on garbage is collected as soon as
// it takes to stay below.
const eagerMemory = 256 << 20

// collectSeldom has garbage collected less often than by default, until what it
// returns is called: lines leave much of it, and little else. GOGC and GOMEMLIMIT
// take precedence.
func collectSeldom() (restore func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	limit := debug.SetMemoryLimit(eagerMemory)
	percent := debug.SetGCPercent(400)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// decide decides the lines of a batch.
func (s *simulator) decide(b *batch) {
	for i := range b.lines {
		r := s.simulate(&b.lines[i])
		if r.Error != "" {
			b.failed++
		}
		b.out = s.render(b.out, r)
	}
}
