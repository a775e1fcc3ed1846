package datapath

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

const mebibyte = 1 << 20

// The goals for large objects.
const (
	// goalLarge is the throughput as a part of that of the store, and of the floor.
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
func Large(ctx context.Context, rounds int, sizes [2]int64) (r *report.Report, err error) {
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
		text, goals, err := l.compare(ctx, size)
		if err != nil {
			return nil, err
		}
		r.Goals = append(r.Goals, goals...)
		r.Text += "### Objects of " + title(size) + ", versitygw behind\n\n" + text + "\n"
	}
	text, goals := l.memory(sizes)
	r.Text += text + "\n"
	r.Goals = append(r.Goals, goals...)

	sink, err := f.Peer(ctx, "sink")
	if err != nil {
		return nil, err
	}
	l.behind = ""
	if err := l.before(ctx, "sink", sink.Addresses[0]); err != nil {
		return nil, err
	}
	text, goals, err = l.compare(ctx, sizes[1])
	r.Text += "### Objects of " + title(sizes[1]) + ", a store behind that keeps nothing\n\n" + text
	r.Goals = append(r.Goals, goals...)
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
	floor, err := l.fleet.Peer(ctx, "relay", "-to", address)
	if err != nil {
		return err
	}
	l.list = nil
	for _, c := range list {
		if c.name == nginxAsking {
			c = contender{relay, floor.Addresses[0], storeKey, few, floor.PID()}
		}
		l.list = append(l.list, c)
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
func (l *large) compare(ctx context.Context, size int64) (string, []report.Goal, error) {
	sum := hashOf(size)
	kinds := []kind{
		{"GET", "GET", fleet.Request{Method: http.MethodGet, Path: path(size), Hash: fleet.EmptyHash}, false},
		{"GET, hashed by the client", "GET, hashed", fleet.Request{Method: http.MethodGet, Path: path(size), Hash: fleet.EmptyHash}, true},
		{"PUT, `UNSIGNED-PAYLOAD`", "PUT, unsigned", fleet.Request{Method: http.MethodPut, Path: path(size) + "-new", Hash: fleet.UnsignedPayload}, false},
		{"PUT, hash of the body signed", "PUT, hashed", fleet.Request{Method: http.MethodPut, Path: path(size) + "-new", Hash: sum}, false},
	}
	own := l.list[len(l.list)-1]
	known := fleet.ResetPeak(own.pid) == nil
	if err := l.sameBytes(ctx, kinds[0], size, sum); err != nil {
		return "", nil, err
	}
	var rows [][]string
	var goals []report.Goal
	var hashed, unsigned []float64
	at := slices.IndexFunc(l.list, func(c contender) bool { return c.name == relay })
	for _, k := range kinds {
		list, err := l.measure(ctx, k, size)
		if err != nil {
			return "", nil, err
		}
		store, floor, own := &list[0], &list[at], &list[len(list)-1]
		for i := range list {
			rows = append(rows, list[i].cells(k, size, store))
		}
		switch k.Hash {
		case sum:
			hashed = own.times
		case fleet.UnsignedPayload:
			unsigned = own.times
		}
		if k.Hash != sum {
			goals = append(goals, atLeast("large objects through Sallyport over a relay that checks nothing", l.title(k, size), own.over(floor), goalLarge))
		}
		if k.Hash != sum && l.behind != "" {
			goals = append(goals, atLeast("large objects through Sallyport over directly", k.name+" of "+title(size), own.over(store), goalLarge))
		}
	}
	if l.behind == "" {
		goals = append(goals, hashGoal(size, unsigned, hashed))
	}
	if known && l.behind != "" {
		l.peaks[size] = fleet.Peak(own.pid)
	}
	return report.Table([]string{"request", "way", "MB/s", "of direct", "processor time of the proxy for a GiB"}, rows) + "\n" + report.Lines(goals), goals, nil
}

// memory compares the peaks at both sizes. There is no goal where this system does
// not tell them.
func (l *large) memory(sizes [2]int64) (string, []report.Goal) {
	less, more := l.peaks[sizes[0]], l.peaks[sizes[1]]
	if less == 0 || more == 0 {
		return "* Memory of Sallyport at its peak: this system does not tell it.\n", nil
	}
	goal := report.Goal{
		What:     "more memory at the peak with objects of " + title(sizes[1]) + " than of " + title(sizes[0]),
		Measured: measure.Summary{Median: float64(more - less)}, Unit: mebibytes, Bound: goalGrowth,
	}
	return fmt.Sprintf("* Memory of Sallyport at its peak: %s with objects of %s, %s with %s.\n",
		mebibytes(float64(less)), title(sizes[0]), mebibytes(float64(more)), title(sizes[1])) + goal.Line(), []report.Goal{goal}
}

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/mebibyte) }

// hashGoal compares a PUT that is hashed with one that is not and SHA-256 after
// it: that much the hash leaves.
func hashGoal(size int64, unsigned, hashed []float64) report.Goal {
	ratios := make([]float64, len(hashed))
	for i := range ratios {
		start := time.Now()
		hashOf(size)
		ratios[i] = hashed[i] / (unsigned[i] + float64(time.Since(start)))
	}
	return report.Goal{
		What:     "time of a hashed PUT through Sallyport over that of an unsigned one and of SHA-256 together",
		Measured: measure.Summarise(ratios), Unit: report.Ratio, Bound: goalHashed,
	}
}

// title is a kind of requests at a size, and whether the store keeps what it gets.
func (l *large) title(k kind, size int64) string {
	if l.behind == "" {
		return k.name + " of " + title(size) + ", nothing kept"
	}
	return k.name + " of " + title(size)
}

// title is a size in MiB or GiB.
func title(size int64) string {
	if size >= 1024*mebibyte {
		return fmt.Sprintf("%d GiB", size/1024/mebibyte)
	}
	return fmt.Sprintf("%d MiB", size/mebibyte)
}
