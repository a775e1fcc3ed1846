// Package reload measures requests while what is enforced changes.
package reload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// goalP99 is how many times the quiet p99 that during an activation may be.
const goalP99 = 1.2

const (
	connections = 32
	// part is that of saturation at which requests come.
	part = 0.5
	// asking is how many of the users ask.
	asking  = 10
	objects = 640
	// every is how often something small is edited.
	every = time.Second
	// within is how long an activation may take.
	within = time.Minute
)

// Effort is how much is measured.
type Effort struct {
	// Turns are those of quiet, and how often the bundle is exchanged.
	measure.Turns
	// Users is how many there are, with ten statements each.
	Users int
	// Edits is how many small edits are made in a turn.
	Edits int
}

// measured is what the section has running, and what it found.
type measured struct {
	Effort
	server *sallyport.Server
	load   *arrivals.Load
	// bundle is the link that Sallyport reads, beside the editions that it may lead
	// to.
	bundle string
	// edition is the last that was written or put in force.
	edition int
	// rate is requests a second.
	rate float64

	quiet, exchanged, edited outcome
}

// outcome is what was measured in some circumstances.
type outcome struct {
	p50, p99, p999   []float64 // nanoseconds, by turns
	asked, failed    int
	failure          string
	took             []float64 // nanoseconds until an exchange was in force
	edits, activated int
}

// Section measures requests while bundles are exchanged and edited, and reports
// it.
func Section(ctx context.Context, e Effort) (r *report.Report, err error) {
	f, err := fleet.New(1 << 30)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	m := &measured{Effort: e}
	if err := m.start(ctx, f, static.Addresses[0]); err != nil {
		return nil, err
	}
	saturation, err := m.saturate(ctx)
	if err != nil {
		return nil, err
	}
	m.rate = part * saturation
	for range e.Rounds {
		for _, turn := range []func(context.Context) error{m.calm, m.exchange, m.edit} {
			if err := turn(ctx); err != nil {
				return nil, err
			}
		}
	}
	asked, failed := m.quiet.asked+m.exchanged.asked+m.edited.asked, m.quiet.failed+m.exchanged.failed+m.edited.failed
	text, goals := m.text(saturation)
	return &report.Report{
		Text: text, Goals: goals, Versions: f.Versions(),
		Guards: []report.Guard{{What: "requests answered as they must be, of those asked", Ratio: float64(asked-failed) / float64(asked), Least: 1}},
	}, nil
}

// start starts Sallyport with a bundle that a link leads to, beside which another
// edition lies.
func (m *measured) start(ctx context.Context, f *fleet.Fleet, store string) error {
	site, err := f.Site(ctx, fleet.Deployment{Name: "reloaded", Upstream: store, Users: m.Users})
	if err != nil {
		return err
	}
	m.bundle = site.Path("bundle")
	if err := os.Rename(m.bundle, m.editionPath(0)); err != nil {
		return err
	}
	if err := fleet.WriteBundle(m.editionPath(1), m.Users, 1); err != nil {
		return err
	}
	if err := os.Symlink(m.editionPath(0), m.bundle); err != nil {
		return err
	}
	if m.server, err = f.Serve(ctx, site, store); err != nil {
		return err
	}
	m.load = &arrivals.Load{Address: m.server.Address}
	for i := range objects {
		user := i % asking
		head, err := fleet.Sign(fleet.Request{
			Method: http.MethodGet, Path: fmt.Sprintf("%sobject-%d", fleet.Home(user), i), Hash: fleet.EmptyHash,
		}, m.server.Address, fleet.User(user), time.Now())
		if err != nil {
			return err
		}
		m.load.Requests = append(m.load.Requests, head)
	}
	return nil
}

// editionPath is where an edition lies: two take turns.
func (m *measured) editionPath(edition int) string {
	return filepath.Join(filepath.Dir(m.bundle), fmt.Sprintf("edition-%d", edition%2))
}

func (m *measured) saturate(ctx context.Context) (float64, error) {
	var list []float64
	for range m.Rounds {
		got, err := m.load.Saturate(ctx, connections, m.Length)
		if err != nil {
			return 0, err
		}
		list = append(list, got.PerSecond)
	}
	return measure.Summarise(list).Median, nil
}

// calm measures while nothing changes.
func (m *measured) calm(ctx context.Context) error {
	return m.during(ctx, &m.quiet, func() error { return pause(ctx, m.Length) })
}

// exchange measures while the other edition is put in force: from when the link
// leads to it until the process says so.
func (m *measured) exchange(ctx context.Context) error {
	now, err := m.server.Status(ctx)
	if err != nil {
		return err
	}
	return m.during(ctx, &m.exchanged, func() error {
		begin := time.Now()
		m.edition++
		next := m.bundle + "-next"
		if err := errors.Join(os.Symlink(m.editionPath(m.edition), next), os.Rename(next, m.bundle)); err != nil {
			return err
		}
		if err := m.inForce(ctx, now.Bundle.Generation); err != nil {
			return err
		}
		m.exchanged.took = append(m.exchanged.took, float64(time.Since(begin)))
		return nil
	})
}

// edit measures while the policy of one user, who does not ask, is edited again
// and again.
func (m *measured) edit(ctx context.Context) error {
	const first = 2 // editions that no bundle has
	before, err := m.server.Status(ctx)
	if err != nil {
		return err
	}
	last := before.Bundle.Generation
	err = m.during(ctx, &m.edited, func() error {
		for range m.Edits {
			m.edited.edits++
			if err := fleet.WritePolicy(m.bundle, m.Users-1, first+m.edited.edits); err != nil {
				return err
			}
			if err := pause(ctx, every); err != nil {
				return err
			}
		}
		// The last edit may not be in force yet: it must not meet the next turn.
		now, err := m.server.Status(ctx)
		if err == nil && now.Bundle.Generation == last {
			err = m.inForce(ctx, last)
		}
		return err
	})
	if err != nil {
		return err
	}
	after, err := m.settled(ctx)
	m.edited.activated += int(after - last)
	return err
}

// during asks while something is done, and counts.
func (m *measured) during(ctx context.Context, o *outcome, do func() error) error {
	running, err := m.load.Start(ctx, m.rate, within+time.Duration(m.Edits)*every+m.Length)
	if err != nil {
		return err
	}
	done := do()
	got, err := running.Stop()
	if err := errors.Join(done, err); err != nil {
		return err
	}
	o.asked += got.Requests + got.Failed
	o.failed += got.Failed
	if o.failure == "" {
		o.failure = got.Failure
	}
	o.p50 = append(o.p50, float64(got.P50))
	o.p99 = append(o.p99, float64(got.P99))
	o.p999 = append(o.p999, float64(got.P999))
	return nil
}

// inForce waits until there is a later generation than one.
func (m *measured) inForce(ctx context.Context, than uint64) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	_, err := m.server.Await(ctx, func(s sallyport.Status) bool { return s.Bundle.Generation > than })
	return err
}

// settled waits until no more comes into force, and tells the generation.
func (m *measured) settled(ctx context.Context) (uint64, error) {
	still := time.Second // longer than it takes to see a change
	if took := m.exchanged.took; len(took) > 0 {
		still += time.Duration(took[len(took)-1]) // one may be on its way
	}
	for last := uint64(0); ; {
		now, err := m.server.Status(ctx)
		if err != nil || now.Bundle.Generation == last {
			return last, err
		}
		last = now.Bundle.Generation
		if err := pause(ctx, still); err != nil {
			return last, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
