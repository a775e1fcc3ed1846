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
	const copies = 2
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
	text, err := direct(ctx, o, servers)
	return &report.Report{Text: text, Versions: f.Versions()}, err
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
