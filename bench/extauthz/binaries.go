package extauthz

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// Binaries compares programs of Sallyport, the first of which the others are
// judged by, at the door for Envoy. Of each there are two processes, which tell
// how much is chance.
func Binaries(ctx context.Context, o measure.Turns, binaries []string) (r *report.Report, err error) {
	f, err := fleet.New(16 << 20)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	const copies = 2 // of each program
	var servers []server
	for n := range copies {
		for i, binary := range binaries {
			name := fmt.Sprintf("binary-%d-%d", i, n)
			own, err := f.DeployBehindEnvoy(ctx, fleet.Deployment{
				Name: name, Upstream: static.Addresses[0], Users: users, Binary: binary,
			}, filepath.Join(f.Directory, name+".sock"))
			if err != nil {
				return nil, err
			}
			servers = append(servers, server{
				name: fmt.Sprintf("%s (%d)", filepath.Base(binary), n+1), target: target{"tcp", own.Address}, pid: own.PID(),
			})
		}
	}
	if err := direct(ctx, o, servers); err != nil {
		return nil, err
	}
	first, again := &servers[0], &servers[len(binaries)]
	text, _ := table(servers, "the first")
	text += fmt.Sprintf("* %s, a second process over the first: %s the checks, %s the processor time: that much is chance.\n",
		filepath.Base(binaries[0]), report.Summary(measure.Ratios(again.perSecond, first.perSecond), report.Ratio),
		report.Summary(measure.Ratios(again.cost, first.cost), report.Ratio))
	for i := 1; i < len(binaries); i++ {
		other, second := &servers[i], &servers[len(binaries)+i]
		text += fmt.Sprintf("* %s over %s, processes together: %s the checks, %s the processor time.\n", filepath.Base(binaries[i]), filepath.Base(binaries[0]),
			report.Summary(measure.Ratios(sum(other.perSecond, second.perSecond), sum(first.perSecond, again.perSecond)), report.Ratio),
			report.Summary(measure.Ratios(sum(other.cost, second.cost), sum(first.cost, again.cost)), report.Ratio))
	}
	return &report.Report{Text: text, Versions: f.Versions()}, nil
}

// sum adds what two processes did in the same rounds.
func sum(one, other []float64) []float64 {
	list := make([]float64, len(one))
	for i := range list {
		list[i] = one[i] + other[i]
	}
	return list
}

// Saturate asks a door at a TCP address for a time what is allowed.
func Saturate(ctx context.Context, address string, duration time.Duration) error {
	asked, err := questions(time.Now())
	if err != nil {
		return err
	}
	_, err = saturate(ctx, target{"tcp", address}, asked, duration)
	return err
}
