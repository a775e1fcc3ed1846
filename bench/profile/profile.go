// Package profile makes profiles of Sallyport under the traffic of this benchmark,
// for builds that a profile guides.
package profile

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sallyport-iam/sallyport/bench/extauthz"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// source is what is added to the command where it is profiled: no door and no
// listener of the product has a profiler.
//
//go:embed testdata/profile.go
var source []byte

// The variable that names the profile to the process.
const variable = "SALLYPORT_BENCH_PROFILE"

const (
	users       = 10
	objects     = 640
	connections = 32
	// written is how long a profile may take to be written.
	written = 30 * time.Second
)

// Collect has Sallyport do reads and writes of small objects at its standalone
// door, and checks for Envoy, each for a time, and writes a profile of that to a
// file.
func Collect(ctx context.Context, each time.Duration, file string) (err error) {
	f, err := fleet.New(16 << 20)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := profiled(ctx, f, func(_ int, standalone, envoy string) error {
		hash := sha256.Sum256([]byte(fleet.Object))
		for _, r := range []fleet.Request{get, {Method: http.MethodPut, Hash: hex.EncodeToString(hash[:]), Size: fleet.ObjectSize}} {
			if _, err := ask(ctx, f, standalone, r, each); err != nil {
				return err
			}
		}
		return extauthz.Saturate(ctx, envoy, each)
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

var get = fleet.Request{Method: http.MethodGet, Hash: fleet.EmptyHash}

// profiled is the profile of a Sallyport that has both doors, before a store that
// costs next to nothing, while work is done with it.
func profiled(ctx context.Context, f *fleet.Fleet, work func(pid int, standalone, envoy string) error) ([]byte, error) {
	binary, err := build(ctx, f)
	if err != nil {
		return nil, err
	}
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	profile := filepath.Join(f.Directory, "cpu.pprof")
	own, standalone, envoy, err := f.BothDoors(ctx, fleet.Deployment{
		Name: "profiled", Upstream: static.Addresses[0], Users: users, Binary: binary,
	}, variable+"="+profile)
	if err != nil {
		return nil, err
	}
	if err := work(own.PID(), standalone, envoy); err != nil {
		return nil, err
	}
	if err := own.Signal(syscall.SIGUSR1); err != nil {
		return nil, err
	}
	return await(ctx, profile)
}

// build builds Sallyport with the profiler laid over its command.
func build(ctx context.Context, f *fleet.Fleet) (string, error) {
	added := filepath.Join(f.Directory, "profile.go")
	if err := os.WriteFile(added, source, 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(f.Root(), "cmd", "sallyport", "benchprofile.go"): added},
	})
	if err != nil {
		return "", err
	}
	file := filepath.Join(f.Directory, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", err
	}
	return f.BuildRelease(ctx, "sallyport-profiled", "-pgo=off", "-overlay", file)
}

// ask sends requests for some objects of all users for a time, and counts them.
func ask(ctx context.Context, f *fleet.Fleet, address string, r fleet.Request, duration time.Duration) (int, error) {
	requests, now := make([][]byte, objects), time.Now()
	for i := range requests {
		user := i % users
		r.Path = fmt.Sprintf("%sobject-%d", fleet.Home(user), i)
		head, err := fleet.Sign(r, address, fleet.User(user), now)
		if err != nil {
			return 0, err
		}
		requests[i] = append(head, fleet.Object[:r.Size]...)
	}
	load, err := wrk.New(f.Directory, "profiled-"+r.Method, requests)
	if err != nil {
		return 0, err
	}
	got, err := load.Run(ctx, address, connections, duration)
	return got.Requests, err
}

// await reads the profile when it is there.
func await(ctx context.Context, file string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, written)
	defer cancel()
	for {
		text, err := os.ReadFile(file)
		if err == nil {
			return text, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the profile was not written: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Programs builds Sallyport without a profile and with one, as `make build` does
// but for that, in this order.
func Programs(ctx context.Context, file string) (binaries []string, err error) {
	f, err := fleet.New(1 << 20)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	for _, p := range []struct{ name, flag string }{{"without-profile", "off"}, {"with-profile", absolute}} {
		binary, err := f.BuildRelease(ctx, p.name, "-pgo="+p.flag)
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, binary)
	}
	return binaries, nil
}
