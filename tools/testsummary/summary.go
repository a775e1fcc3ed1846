package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is a line of "go test -json"; see "go doc test2json".
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// summary is what the events of all modules amount to. Tests with subtests are
// counted by their subtests.
type summary struct {
	out      io.Writer
	passed   int
	failures []string // in words, for the end
	skips    []string

	tests map[string]*running // of packages under way, by package and name
	build map[string]*strings.Builder
	notes map[string]*strings.Builder // output of packages outside of tests
}

// running is one test under way.
type running struct {
	output      strings.Builder
	parent      bool // has subtests
	childFailed bool
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out:   out,
		tests: map[string]*running{},
		build: map[string]*strings.Builder{},
		notes: map[string]*strings.Builder{},
	}
}

func (s *summary) failed() bool { return len(s.failures) > 0 }

// read takes the events of one module. Lines that are no events are printed.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				s.take(e)
			} else {
				fmt.Fprintf(s.out, "%s\n", strings.TrimSuffix(string(line), "\n"))
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	switch {
	case e.Action == "build-output":
		text(s.build, e.ImportPath).WriteString(e.Output)
	case e.Test != "":
		s.takeTest(e)
	case e.Package != "":
		s.takePackage(e)
	}
}

func (s *summary) takeTest(e event) {
	key := e.Package + " " + e.Test
	t := s.tests[key]
	if t == nil {
		t = &running{}
		s.tests[key] = t
	}
	parent := s.tests[e.Package+" "+parentName(e.Test)]
	switch e.Action {
	case "run":
		if parent != nil {
			parent.parent = true
		}
	case "output":
		t.output.WriteString(e.Output)
	case "pass":
		if !t.parent {
			s.passed++
		}
	case "skip":
		s.skips = append(s.skips, fmt.Sprintf("%s.%s: %s", shortPackage(e.Package), e.Test, reason(t.output.String())))
	case "fail":
		if parent != nil {
			parent.childFailed = true
		}
		if !t.childFailed {
			s.failures = append(s.failures, fmt.Sprintf("%s.%s", shortPackage(e.Package), e.Test))
		}
		fmt.Fprint(s.out, t.output.String())
	}
	if e.Action == "pass" || e.Action == "skip" || e.Action == "fail" {
		t.output.Reset()
	}
}

func (s *summary) takePackage(e event) {
	switch e.Action {
	case "output":
		text(s.notes, e.Package).WriteString(e.Output)
		return
	case "pass", "skip":
		if e.Action == "pass" {
			fmt.Fprintf(s.out, "ok    %s  %.1fs\n", e.Package, e.Elapsed)
		}
	case "fail":
		fmt.Fprintf(s.out, "FAIL  %s  %.1fs\n", e.Package, e.Elapsed)
		s.failPackage(e)
	default:
		return
	}
	for key := range s.tests {
		if strings.HasPrefix(key, e.Package+" ") {
			delete(s.tests, key)
		}
	}
	delete(s.notes, e.Package)
}

// failPackage records a package that failed otherwise than by a test: it did
// not build, it panicked, it ran out of time.
func (s *summary) failPackage(e event) {
	if e.FailedBuild != "" {
		if output := s.build[e.FailedBuild]; output != nil {
			fmt.Fprint(s.out, output.String())
			output.Reset()
		}
		s.failures = append(s.failures, shortPackage(e.Package)+": does not build")
		return
	}
	name := shortPackage(e.Package)
	for _, failure := range s.failures {
		if strings.HasPrefix(failure, name+".") {
			return
		}
	}
	for key, t := range s.tests {
		if strings.HasPrefix(key, e.Package+" ") {
			fmt.Fprint(s.out, t.output.String())
		}
	}
	fmt.Fprint(s.out, text(s.notes, e.Package).String())
	s.failures = append(s.failures, name+": the package failed outside of its tests")
}

// print ends the run: failures, then skips with reasons, then the numbers.
func (s *summary) print() {
	s.list("failed", s.failures)
	s.list("skipped", s.skips)
	fmt.Fprintf(s.out, "\n%d passed, %d failed, %d skipped\n", s.passed, len(s.failures), len(s.skips))
}

func (s *summary) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(s.out, "\n%s:\n", title)
	for _, line := range slices.Sorted(slices.Values(lines)) {
		fmt.Fprintf(s.out, "  %s\n", line)
	}
}

var location = regexp.MustCompile(`^\S+\.go:\d+: `)

// reason is what a skipped test said, without the lines of the tool.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		said = append(said, location.ReplaceAllString(line, ""))
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

func parentName(test string) string {
	if i := strings.LastIndexByte(test, '/'); i >= 0 {
		return test[:i]
	}
	return ""
}

// shortPackage is a package's path below the module's host and owner.
func shortPackage(path string) string {
	_, short, found := strings.Cut(path, "/sallyport/")
	if !found {
		return path
	}
	return short
}

func text(m map[string]*strings.Builder, key string) *strings.Builder {
	if m[key] == nil {
		m[key] = &strings.Builder{}
	}
	return m[key]
}
