//go:build unix

// Command take takes the tour: it starts a store and Sallyport, calls them with
// the AWS SDK as several principals, and ends with 0 only if each call had the
// verdict expected.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/store"
	"github.com/sallyport-iam/sallyport/e2e/tour"
)

func main() {
	var o options
	flag.StringVar(&o.binaries.Store, "store", "", "the versitygw `program`")
	flag.StringVar(&o.binaries.Sallyport, "sallyport", "", "the sallyport `program`")
	flag.StringVar(&o.binaries.Envoy, "envoy", "", "the Envoy `program`, for a tour behind Envoy")
	flag.BoolVar(&o.keep, "keep", false, "stay up after the tour and print commands to paste")
	flag.BoolVar(&o.json, "json", false, "print the results as JSON, one a line, instead of a table")
	flag.BoolVar(&o.logs, "logs", false, "show what the store and Sallyport print")
	flag.Parse()
	if flag.NArg() > 0 || o.binaries.Store == "" || o.binaries.Sallyport == "" {
		flag.Usage()
		os.Exit(2)
	}
	// The first signal ends the tour in order; a second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, o))
}

type options struct {
	binaries         tour.Binaries
	keep, json, logs bool
}

// errUnexpected ends the demo when the table has said what is wrong.
var errUnexpected = errors.New("not all results are as expected")

func run(ctx context.Context, o options) (code int) {
	directory, err := os.MkdirTemp("", "sallyport-demo-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		return 1
	}
	err = show(ctx, o, directory)
	if removing := os.RemoveAll(directory); removing != nil {
		err = errors.Join(err, removing)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "tour: interrupted; nothing is left behind")
		return 130
	case errors.Is(err, errUnexpected):
		return 1
	case err != nil:
		fmt.Fprintln(os.Stderr, "tour:", err)
		return 1
	}
	return 0
}

func show(ctx context.Context, o options, directory string) (err error) {
	var output io.Writer
	if o.logs {
		output = os.Stderr
	}
	what := "Starting the store and Sallyport"
	if o.binaries.Envoy != "" {
		what = "Starting the store, Sallyport and Envoy"
	}
	step := process.NewProgress(os.Stderr).Step(what)
	ground, err := tour.Open(ctx, o.binaries, directory, output)
	step.Done(err)
	if err != nil {
		return cause(ctx, err)
	}
	defer func() { err = errors.Join(err, ground.Close()) }()

	ok, err := take(ctx, ground, o.json)
	if err != nil {
		return cause(ctx, err)
	}
	if !ok {
		err = errUnexpected
	}
	if o.keep {
		explain(os.Stdout, ground)
		select {
		case <-ctx.Done():
		case <-ground.Server.Done():
			err = errors.Join(err, errors.New("sallyport ended by itself:\n"+ground.Server.Log()))
		case <-envoyDone(ground):
			err = errors.Join(err, errors.New("envoy ended by itself:\n"+ground.Envoy.Log()))
		}
	}
	return err
}

// envoyDone is closed when Envoy has ended, if there is one.
func envoyDone(g *tour.Ground) <-chan struct{} {
	if g.Envoy == nil {
		return nil
	}
	return g.Envoy.Done()
}

// cause prefers the word of an interruption to what followed from it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// take takes the tour and tells whether all was as expected.
func take(ctx context.Context, g *tour.Ground, asJSON bool) (bool, error) {
	if asJSON {
		lines, ok := json.NewEncoder(os.Stdout), true
		err := g.Run(ctx, func(r tour.Result) {
			ok = ok && r.Problem() == ""
			// A reader that went away is no reason to stop the tour.
			_ = lines.Encode(map[string]any{
				"who": r.Who, "call": r.Call, "verdict": r.Verdict, "code": r.Answer.Code, "reason": r.Reason,
				"expected": r.Want, "problem": r.Problem(), "elapsed_ms": r.Elapsed.Milliseconds(),
			})
		})
		return ok, err
	}
	width, terminal := tour.Width, term.IsTerminal(int(os.Stdout.Fd()))
	if terminal {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			width = w
		}
	}
	fmt.Println()
	table := tour.NewTable(os.Stdout, width, terminal && os.Getenv("NO_COLOR") == "", true)
	table.Begin()
	if err := g.Run(ctx, table.Add); err != nil {
		return false, err
	}
	return table.End(), nil
}

// explain prints what to paste into another terminal.
func explain(out io.Writer, g *tour.Ground) {
	fmt.Fprintf(out, "\nSallyport stays up until Ctrl-C. In another terminal, as one of\n")
	for _, user := range tour.Users {
		key := g.Keys[user]
		fmt.Fprintf(out, "\n# %s\nexport AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY='%s' AWS_DEFAULT_REGION=%s\n",
			user, key.AccessKeyID, key.SecretAccessKey, store.Region)
	}
	fmt.Fprintf(out, "\ntry\n\n")
	for _, command := range []string{
		"s3 ls s3://reports/public/",
		"s3 ls s3://reports/",
		"s3 cp s3://reports/2026/q1.csv -",
		"s3 cp README.md s3://reports/2026/",
		"s3api get-object --bucket reports --key secret/plan.txt /dev/stdout",
	} {
		fmt.Fprintf(out, "aws --endpoint-url %s %s\n", g.Endpoint, command)
	}
	fmt.Fprintf(out, "\nEdit what they may do in\n\n%s\n\nand see it taken up:\n\ncurl -s %s/status\n",
		g.Bundle, g.Server.Admin)
}
