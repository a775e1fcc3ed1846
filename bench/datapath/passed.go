package datapath

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

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

// passed is what was measured of a contender.
type passed struct {
	contender
	// times are the nanoseconds of a transfer, by rounds.
	times []float64
	// spent is the processor time of the proxy for some bytes: of all rounds, for
	// Linux counts it in hundredths of a second.
	spent time.Duration
	bytes int64
}

// measure has all take turns. Small objects are transferred several times in one.
func (l *large) measure(ctx context.Context, k kind, size int64) ([]passed, error) {
	list := make([]passed, len(l.list))
	for i := range list {
		list[i].contender = l.list[i]
	}
	const warm = 1
	for round := -warm; round < l.rounds; round++ {
		for n := range list {
			at := &list[(n+round+warm)%len(list)] // nobody is always first
			repeat := max(1, int(l.turn/size))
			if round < 0 {
				repeat = 1
			}
			before := fleet.ProcessorTime(at.pid)
			took, err := l.pass(ctx, at, k, size, repeat)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", at.name, k.name, err)
			}
			if round >= 0 {
				at.times = append(at.times, float64(took)/float64(repeat))
				at.spent += fleet.ProcessorTime(at.pid) - before
				at.bytes += size * int64(repeat)
			}
		}
	}
	return list, nil
}

// pass transfers an object some times, and tells how long that took together.
func (l *large) pass(ctx context.Context, at *passed, k kind, size int64, repeat int) (time.Duration, error) {
	var total time.Duration
	for range repeat {
		head, err := l.head(&at.contender, k, size)
		if err != nil {
			return 0, err
		}
		var sum hash.Hash
		if k.hashes {
			sum = sha256.New()
		}
		took, err := transfer(ctx, at.address, k.Method, head, size, sum)
		if err != nil {
			return 0, err
		}
		total += took
		if err := l.forget(k); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// forget removes what was written, so that no two of it are kept at a time.
func (l *large) forget(k kind) error {
	if k.Method != http.MethodPut || l.behind == "" {
		return nil
	}
	return os.Remove(filepath.Join(filepath.Dir(l.behind), filepath.FromSlash(k.Path)))
}

// over is how many times as much passes as at another one, by rounds.
func (p *passed) over(base *passed) measure.Summary {
	return measure.Ratios(base.times, p.times)
}

func (p *passed) cells(k kind, size int64, store *passed) []string {
	time, cost := measure.Summarise(p.times), "–"
	if p.pid != 0 {
		const gibibyte = 1 << 30
		cost = report.Duration(float64(p.spent) / float64(p.bytes) * gibibyte)
	}
	return []string{
		k.name, p.name, report.Count(int(float64(size)/time.Median*1e3)) + " ±" + report.Percent(time.Spread), report.Summary(p.over(store), report.Ratio), cost,
	}
}
