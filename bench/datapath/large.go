package datapath

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

const mebibyte = 1 << 20

// The goals for large objects.
const (
	// goalLarge is the throughput as a part of that of the store.
	goalLarge = 0.95
	// goalHashed is the time of a hashed PUT over that of one that is not, and
	// SHA-256 of as many bytes after it.
	goalHashed = 1.10
	// goalGrowth is how much more memory the larger object may take in bytes.
	goalGrowth = 8 * mebibyte
)

// large is what the section has running.
type large struct {
	fleet *fleet.Fleet
	// rounds is how often all take turns, turn how many bytes one passes then, at
	// least.
	rounds int
	turn   int64
	// behind is the folder of the bucket in the store; empty if it keeps nothing.
	behind string
	list   []contender
	// peaks are the greatest resident sizes of Sallyport in bytes, by size.
	peaks map[int64]int64
}

// Large measures objects of two sizes in bytes, whole MiB and the smaller one
// first, in some rounds, and reports them.
func Large(rounds int, sizes [2]int64) (r *report.Report, err error) {
	ctx := context.Background()
	// The objects to read, one that is written, and room for the rest.
	f, err := fleet.New(sizes[0] + 2*sizes[1] + 64*mebibyte)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r = &report.Report{Text: "The store's files are in `" + filepath.Dir(f.Directory) + "`.\n\n"}
	real, err := f.Store(ctx)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, real.Address); err != nil {
		return nil, err
	}
	l := &large{fleet: f, rounds: rounds, turn: sizes[1] / 4, behind: filepath.Join(real.Objects, fleet.Bucket), peaks: map[int64]int64{}}
	if err := l.before(ctx, "large", real.Address); err != nil {
		return nil, err
	}
	for _, size := range sizes {
		if err := l.provide(ctx, real.Address, size); err != nil {
			return nil, err
		}
		text, err := l.compare(ctx, size)
		if err != nil {
			return nil, err
		}
		r.Text += "### Objects of " + title(size) + ", versitygw behind\n\n" + text + "\n"
	}
	grown := l.peaks[sizes[1]] - l.peaks[sizes[0]]
	r.Text += fmt.Sprintf("* Memory of Sallyport at its peak: %s with objects of %s, %s with %s, goal ≤ %s more: %s.\n\n",
		report.Bytes(float64(l.peaks[sizes[0]])), title(sizes[0]), report.Bytes(float64(l.peaks[sizes[1]])), title(sizes[1]),
		report.Bytes(goalGrowth), verdict(grown <= goalGrowth))

	sink, err := f.Peer(ctx, "sink")
	if err != nil {
		return nil, err
	}
	l.behind = ""
	if err := l.before(ctx, "sink", sink.Addresses[0]); err != nil {
		return nil, err
	}
	text, err := l.compare(ctx, sizes[1])
	r.Text += "### Objects of " + title(sizes[1]) + ", a store behind that keeps nothing\n\n" + text
	r.Versions = f.Versions()
	return r, err
}

// before starts what stands before a store.
func (l *large) before(ctx context.Context, name, address string) error {
	// No leave is asked of large objects: the store's own address does.
	list, err := contenders(ctx, l.fleet, name, address, address, true)
	if err != nil {
		return err
	}
	l.list = nil
	for _, c := range list {
		if c.name != nginxAsking {
			l.list = append(l.list, c)
		}
	}
	return nil
}

// path is that of the object of a size that is read; what is written is beside.
func path(size int64) string { return fmt.Sprintf("%slarge-%d", fleet.Home(0), size) }

// provide puts the object that is read into the store.
func (l *large) provide(ctx context.Context, address string, size int64) error {
	head, err := fleet.Sign(fleet.Request{
		Method: http.MethodPut, Path: path(size), Hash: fleet.UnsignedPayload, Size: size,
	}, address, fleet.StoreKey, time.Now())
	if err != nil {
		return err
	}
	_, err = transfer(ctx, address, http.MethodPut, head, size, nil)
	return err
}

// compare measures the kinds of requests at a size.
func (l *large) compare(ctx context.Context, size int64) (string, error) {
	sum := hashOf(size)
	kinds := []kind{
		{"GET", fleet.Request{Method: http.MethodGet, Path: path(size), Hash: fleet.EmptyHash}},
		{"PUT, `UNSIGNED-PAYLOAD`", fleet.Request{Method: http.MethodPut, Path: path(size) + "-new", Hash: fleet.UnsignedPayload}},
		{"PUT, hash of the body signed", fleet.Request{Method: http.MethodPut, Path: path(size) + "-new", Hash: sum}},
	}
	own, hasOwn := l.list[len(l.list)-1], true
	if err := resetPeak(own.pid); err != nil {
		hasOwn = false
	}
	if err := l.sameBytes(ctx, kinds[0], size, sum); err != nil {
		return "", err
	}
	header := []string{"MB/s"}
	rows := make([][]string, len(l.list))
	for i, c := range l.list {
		rows[i] = []string{c.name}
	}
	var goals string
	var hashed, unsigned []float64
	for _, k := range kinds {
		times, err := l.measure(ctx, k, size)
		if err != nil {
			return "", err
		}
		header = append(header, k.name, "of direct")
		for i := range times {
			over := overTime(times[0], times[i])
			speed := measure.Summarise(times[i])
			rows[i] = append(rows[i], fmt.Sprintf("%s ±%s", report.Count(int(float64(size)/speed.Median*1e3)), report.Percent(speed.Spread)), ratio(over))
		}
		last := times[len(times)-1]
		switch {
		case k.Hash == sum:
			hashed = last
		case k.Hash == fleet.UnsignedPayload:
			unsigned = last
		}
		if k.Hash != sum && l.behind != "" {
			goals += goal(k.name+" through Sallyport, of direct", overTime(times[0], last), goalLarge)
		}
	}
	if l.behind == "" {
		goals += hashGoal(size, unsigned, hashed)
	}
	if hasOwn && l.behind != "" {
		l.peaks[size] = peak(own.pid)
	}
	return report.Table(header, rows) + "\n" + goals, nil
}

// sameBytes checks that what is read is what was written.
func (l *large) sameBytes(ctx context.Context, k kind, size int64, want string) error {
	for i := range l.list {
		head, err := l.head(&l.list[i], k, size)
		if err != nil {
			return err
		}
		sum := sha256.New()
		if _, err := transfer(ctx, l.list[i].address, k.Method, head, size, sum); err != nil {
			return fmt.Errorf("%s, %s: %w", l.list[i].name, k.name, err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			return fmt.Errorf("%s, %s: other bytes than were written", l.list[i].name, k.name)
		}
	}
	return nil
}

func (l *large) head(c *contender, k kind, size int64) ([]byte, error) {
	r := k.Request
	r.Size = size
	return fleet.Sign(r, c.address, c.key(0), time.Now())
}

// measure has all take turns: the nanoseconds of one transfer, by contender and
// round. Small objects are transferred several times in a turn.
func (l *large) measure(ctx context.Context, k kind, size int64) ([][]float64, error) {
	times := make([][]float64, len(l.list))
	repeat := max(1, int(l.turn/size))
	const warm = -1
	for round := warm; round < l.rounds; round++ {
		for n := range l.list {
			i := (n + round + len(l.list)) % len(l.list) // nobody is always first
			var total time.Duration
			for range repeat {
				head, err := l.head(&l.list[i], k, size)
				if err != nil {
					return nil, err
				}
				took, err := transfer(ctx, l.list[i].address, k.Method, head, size, nil)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", l.list[i].name, k.name, err)
				}
				total += took
				if err := l.forget(k); err != nil {
					return nil, err
				}
				if round == warm {
					break
				}
			}
			if round != warm {
				times[i] = append(times[i], float64(total)/float64(repeat))
			}
		}
	}
	return times, nil
}

// forget removes what was written, so that no two of it are kept at a time.
func (l *large) forget(k kind) error {
	if k.Method != http.MethodPut || l.behind == "" {
		return nil
	}
	return os.Remove(filepath.Join(filepath.Dir(l.behind), filepath.FromSlash(k.Path)))
}

// overTime is how many times as much passes in times as in base, by rounds.
func overTime(base, times []float64) measure.Summary {
	ratios := make([]float64, len(times))
	for i := range ratios {
		ratios[i] = base[i] / times[i]
	}
	return measure.Summarise(ratios)
}

// hashGoal compares a PUT that is hashed with one that is not and SHA-256 after
// it: that much the hash leaves.
func hashGoal(size int64, unsigned, hashed []float64) string {
	ratios := make([]float64, len(hashed))
	for i := range ratios {
		start := time.Now()
		hashOf(size)
		ratios[i] = hashed[i] / (unsigned[i] + float64(time.Since(start)))
	}
	s := measure.Summarise(ratios)
	return fmt.Sprintf("* Time of a hashed PUT through Sallyport over that of an unsigned one and of SHA-256 together: %s, goal ≤ %s: %s.\n",
		ratio(s), report.Ratio(goalHashed), verdict(s.Median <= goalHashed))
}

// title is a size in MiB or GiB.
func title(size int64) string {
	if size >= 1024*mebibyte {
		return fmt.Sprintf("%d GiB", size/1024/mebibyte)
	}
	return fmt.Sprintf("%d MiB", size/mebibyte)
}
