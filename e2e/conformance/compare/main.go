//go:build unix

// Command compare runs the conformance suite directly and through Sallyport, and
// fails for a difference without a reason.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/conformance"
	"github.com/sallyport-iam/sallyport/e2e/process"
)

// within is how long all of it may take.
const within = 20 * time.Minute

func main() {
	write := flag.Bool("write", false, "write docs/conformance.md")
	logs := flag.Bool("logs", false, "show what the store and Sallyport print")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "compare: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, within)
	err := compare(ctx, *write, *logs)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, write, logs bool) error {
	reasons, err := conformance.Reasons()
	if err != nil {
		return fmt.Errorf("differences.txt: %w", err)
	}
	progress := process.NewProgress(os.Stderr)
	programs, err := conformance.Build(ctx, progress)
	if err != nil {
		return err
	}
	var output io.Writer
	if logs {
		output = os.Stderr
	}
	var runs []conformance.Run
	var compared []*conformance.Compared
	for _, mode := range []struct {
		name       string
		versioning bool
		tests      []string
	}{
		{"without versions of objects", false, []string{"full-flow", "--parallel"}},
		{"with versions of objects", true, []string{"full-flow", "--parallel", "--versioning-enabled"}},
	} {
		step := progress.Step("Running the suite " + mode.name)
		c, err := programs.Both(ctx, mode.versioning, output, func(s *conformance.Suite) (conformance.Verdicts, error) {
			return s.Run(ctx, mode.tests...)
		})
		step.Done(err)
		if err != nil {
			return err
		}
		runs, compared = append(runs, conformance.Run{Name: mode.name, Compared: c}), append(compared, c)
		fmt.Printf("%s: %d tests pass directly, %d of them through Sallyport\n", mode.name, len(c.Passed), len(c.Passed)-len(c.Differ))
		for _, name := range slices.Sorted(maps.Keys(c.Failing)) {
			fmt.Printf("%s fails without Sallyport and is not compared: %s\n", name, c.Failing[name])
		}
	}
	wrong := conformance.Judge(reasons, compared)
	for _, w := range wrong {
		fmt.Println(w)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d differences are not as e2e/conformance/differences.txt says", len(wrong))
	}
	module, err := process.Module()
	if err != nil {
		return err
	}
	file, page := filepath.Join(module, "..", "docs", "conformance.md"), conformance.WriteReport(runs, reasons)
	if write {
		return os.WriteFile(file, []byte(page), 0o644)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != page {
		return fmt.Errorf("docs/conformance.md is not of these runs: run make conformance WRITE=1")
	}
	return nil
}
