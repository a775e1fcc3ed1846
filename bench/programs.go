package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sallyport-iam/sallyport/bench/datapath"
	"github.com/sallyport-iam/sallyport/bench/extauthz"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/profile"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// programs compares programs of Sallyport on standard output: those that are
// given, or, if a file is named, one that is guided by the profile which it makes
// there with one that is not.
func programs(quick bool, file string, binaries []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, each := measure.Turns{Rounds: 21, Warm: 1, Length: time.Second}, 10*time.Second
	if quick {
		o, each = brief.asked, time.Second
	}
	if file != "" {
		if len(binaries) > 0 {
			return fmt.Errorf("-profile builds the programs that it compares: leave out -binary")
		}
		fmt.Fprintln(os.Stderr, "measuring: a profile")
		err := profile.Collect(ctx, each, file)
		if err != nil {
			return err
		}
		if binaries, err = profile.Programs(ctx, file); err != nil {
			return err
		}
	}
	if len(binaries) < 2 { // a pair
		return fmt.Errorf("one program cannot be compared: name another with -binary")
	}
	for _, door := range []struct {
		name    string
		compare func(context.Context, measure.Turns, []string) (*report.Report, error)
	}{
		{"the standalone door", datapath.Binaries},
		{"the door for Envoy", extauthz.Binaries},
	} {
		fmt.Fprintln(os.Stderr, "measuring:", door.name)
		start := begin()
		r, err := door.compare(ctx, o, binaries)
		if err != nil {
			return fmt.Errorf("%s: %w", door.name, err)
		}
		fmt.Printf("## Programs at %s\n\n%s\n%s\n", door.name, r.Text, start.conditions(r.Versions))
	}
	return nil
}
