package bundle

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Manager keeps the newest snapshot that is whole. Run keeps it up to date; the
// other methods may be called at any time, by anybody.
type Manager struct {
	opts    Options
	loader  *loader
	reader  reader
	pace    *pace
	current atomic.Pointer[Snapshot]
	status  atomic.Pointer[Status]
	running atomic.Bool

	// What follows belongs to Run.

	// active and tried are the fingerprints of what is in force and of what was
	// last judged.
	active, tried fingerprint
	// read is the directory that the last reading read, keys what it said of the
	// key files.
	read string
	keys fingerprint
	// cost is how long a reading works that looks at everything, and looked when one
	// began. grown tells that the last one found directories that were not watched.
	cost   time.Duration
	looked time.Time
	grown  bool
	// again tells that files changed during the last check, or might have.
	again bool
	// believed is when everything was last read whatever the file system told, and
	// believe how long that is good for.
	believed time.Time
	believe  time.Duration
}

type fingerprint = [sha256.Size]byte

// Status tells what is in force and how the last attempt went.
type Status struct {
	// Revision and Generation are those of the snapshot in force; zero before
	// the first activation.
	Revision   string
	Generation uint64
	// ActivatedAt is when it came into force. CheckedAt is when the files were
	// last found to say what is in force: it falls behind when they cannot be
	// activated, and when nobody reads them any more.
	ActivatedAt, CheckedAt time.Time
	// LastError says why the files as they are now could not be activated, a
	// line for each error; empty if they are in force. LastErrorAt is when that
	// was found.
	LastError   string
	LastErrorAt time.Time
	// Failures counts the attempts that failed.
	Failures uint64
	// Warnings is the number of warnings about what is in force.
	Warnings int
	Counts
}

// NewManager makes a Manager; Run makes it work.
func NewManager(opts Options) *Manager {
	m := &Manager{opts: opts.withDefaults(), pace: newPace(), believe: believe}
	m.reader = reader{opts: &m.opts, pace: m.pace}
	m.loader = &loader{opts: &m.opts}
	m.status.Store(&Status{})
	return m
}

// Current is the snapshot in force; nil before the first activation. It is called for
// each request: what Run does takes turns with who calls it.
func (m *Manager) Current() *Snapshot {
	m.pace.serve()
	return m.current.Load()
}

// Status tells what is in force.
func (m *Manager) Status() Status { return *m.status.Load() }

// The pace of reading.
const (
	// settle is the longest pause between two readings of a plain directory
	// that must agree; where the file system says that all has been left alone for
	// the quiet time, settled is.
	settle  = 100 * time.Millisecond
	settled = 5 * time.Millisecond
	// restless is how many quiet times changes may go on until a reading is
	// tried all the same.
	restless = 8
	// blindPoll is the time between readings where the file system tells of no
	// changes.
	blindPoll = 500 * time.Millisecond
	// idle is how many times as long as a reading takes polling pauses: a large bundle is
	// polled less often. Where the file system tells of changes, polling is for what it
	// misses; elsewhere, as on that of a network, they wait for it, so blindIdle holds. So
	// it does where the longer pause would be longer than longestPause.
	idle, blindIdle = 100, 20
	longestPause    = time.Minute
	// overdue is how many times as late as polling would be an edit looks everywhere:
	// where there is one after the other, nothing is polled.
	overdue = 2
	// believe is how long it is believed that files have not changed of which the file
	// system says so. It does not see all: who writes through a mapping into memory may
	// change neither time.
	believe = 10 * time.Minute
)

// Run loads the files at once and then whenever they change, until ctx ends. A
// failure ends nothing: Status tells of it, and the next change is tried.
func (m *Manager) Run(ctx context.Context) error {
	if !m.running.CompareAndSwap(false, true) {
		return errors.New("bundle: the manager runs already")
	}
	defer m.running.Store(false)
	w := newWatcher(m.opts.Logger, m.pace)
	defer w.close()

	stable := m.check(ctx, w, true)
	var first, last time.Time // of the changes not yet read
	if !stable {
		first = time.Now()
		last = first
	}
	timer := time.NewTimer(m.next(w, first, last))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-w.events():
			if !w.matters(event) {
				continue
			}
			last = time.Now()
			if first.IsZero() {
				first = last
			}
			if m.swapped() {
				last = time.Time{}
			}
		case err := <-w.errors():
			w.lose(err)
			last = time.Now()
			if first.IsZero() {
				first = last
			}
		case <-timer.C:
			whole := first.IsZero()
			first, last = time.Time{}, time.Time{}
			if !m.check(ctx, w, whole) {
				first = time.Now()
				last = first
			}
		}
		timer.Reset(m.next(w, first, last))
	}
}

// next is how long to wait until the files are read, after changes from first to
// last, which are zero if there were none. A zero last alone means now.
func (m *Manager) next(w *watcher, first, last time.Time) time.Duration {
	if first.IsZero() {
		return m.poll(w)
	}
	at := last.Add(m.opts.Quiet)
	if late := first.Add(restless * m.opts.Quiet); at.After(late) {
		at = late
	}
	return max(0, time.Until(at))
}

// poll is the time between readings of everything.
func (m *Manager) poll(w *watcher) time.Duration {
	poll, pause := m.opts.Poll, blindIdle*m.cost
	switch {
	case w.blind():
		poll = min(poll, blindPoll)
	case !m.reader.untold:
		pause = max(pause, min(idle*m.cost, longestPause))
	}
	return max(poll, pause)
}

// swapped tells that a link on the way to the bundle leads to another directory
// than was last read: one that was complete before it came here.
func (m *Manager) swapped() bool {
	now := swapPath(m.opts.Directory)
	return now != "" && m.read != "" && now != m.read
}

// check reads the files and activates them if they changed: the whole of them, or
// where events were. stable is false if they changed meanwhile, or might have: then
// they are to be read again.
func (m *Manager) check(ctx context.Context, w *watcher, whole bool) (stable bool) {
	atomically := m.swapped()
	began := time.Now()
	m.reader.memory.told = nil
	if !whole && !atomically && !m.grown && !w.lost && !w.blind() && began.Sub(m.looked) < overdue*m.poll(w) {
		m.reader.memory.told = w.changed
	} else {
		m.looked = began
		if began.Sub(m.believed) >= m.believe {
			m.reader.memory.forget()
			m.believed = began
		}
	}
	m.pace.begin(ctx, m.current.Load() == nil, m.again)
	defer func() {
		if m.again = !stable; stable {
			clear(w.changed)
		}
	}()
	// Most readings find what is known, and one that is not atomic is not built of.
	kept := noTexts
	if atomically {
		kept = newTexts
	}
	in, grown := m.readAll(ctx, w, kept)
	now := in.fingerprint()
	if ctx.Err() != nil {
		return true
	}
	atomically = atomically && in.err == nil && in.keysFingerprint() == m.keys && swapPath(m.opts.Directory) == in.tree.real
	m.read = in.tree.real
	if m.tried == now {
		m.agree(now)
		return !grown
	}
	// A first reading, or one of files written one by one, must be seen twice.
	if !atomically {
		pause := min(m.opts.Quiet, settle)
		if in.quiet(began.Add(-m.opts.Quiet)) {
			pause = min(pause, settled)
		}
		// What was looked at where events had been may be newer than what was not looked
		// at elsewhere: the second reading looks where events have been since, too. Those of
		// directories that were not watched yet, or are anew, may be missing.
		if !w.note(ctx, pause) || grown {
			m.reader.memory.told = nil
		}
		if ctx.Err() != nil {
			return true
		}
		m.pace.resume()
		in, grown = m.readAll(ctx, w, newTexts)
		if ctx.Err() != nil {
			return true
		}
		if in.fingerprint() != now {
			return false
		}
	}
	m.read, m.keys, m.tried = in.tree.real, in.keysFingerprint(), now
	if m.current.Load() != nil && now == m.active {
		m.agree(now) // what was broken is as it was before
		return !grown
	}
	err := m.attempt(in, now)
	if errors.Is(err, errUnread) {
		var more bool
		if in, more = m.readAll(ctx, w, everything); in.fingerprint() == now {
			err = m.attempt(in, now)
		}
		grown = grown || more
	}
	if err != nil {
		m.tried = fingerprint{}
	}
	return !grown && err == nil
}

// readAll reads everything, and watches all directories that it found. grown
// tells that some were not watched before, so that what has changed in them since
// they were read may have gone unseen, or that it looked in too few places.
func (m *Manager) readAll(ctx context.Context, w *watcher, texts texts) (in *input, grown bool) {
	start, rested := m.pace.now(), m.pace.rested
	in = m.reader.read(ctx, texts)
	paths := append([]string{m.opts.Directory}, m.opts.KeyFiles...)
	if m.opts.SessionKeyFile != "" {
		paths = append(paths, m.opts.SessionKeyFile)
	}
	grown = w.watch(in.tree.directories, paths) || in.tree.elsewhere
	m.grown = grown
	if m.reader.memory.told == nil {
		m.cost = m.pace.now().Sub(start) - (m.pace.rested - rested)
	}
	return in, grown
}

// agree notes that the files say what is in force, if they do.
func (m *Manager) agree(now fingerprint) {
	if m.current.Load() == nil || now != m.active {
		return
	}
	s := m.Status()
	s.CheckedAt, s.LastError, s.LastErrorAt = m.opts.Now(), "", time.Time{}
	m.status.Store(&s)
}

// attempt makes a snapshot of a reading and brings it into force. An error tells that
// there is nothing to say of the files.
func (m *Manager) attempt(in *input, now fingerprint) error {
	start := time.Now()
	next, findings, err := m.build(in)
	if err != nil {
		return err
	}
	if next == nil {
		m.fail(findings)
		return nil
	}
	s := m.Status()
	next.generation, next.activatedAt = s.Generation+1, m.opts.Now()
	m.active = now
	m.current.Store(next)
	s = Status{
		Revision:    next.revision,
		Generation:  next.generation,
		ActivatedAt: next.activatedAt,
		CheckedAt:   next.activatedAt,
		Failures:    s.Failures,
		Warnings:    count(findings, policy.Warning),
		Counts:      next.counts,
	}
	m.status.Store(&s)
	m.opts.Logger.Info("bundle activated",
		zap.String("revision", s.Revision), zap.Uint64("generation", s.Generation), zap.Duration("took", time.Since(start)),
		zap.Int("users", s.Users), zap.Int("policies", s.Policies), zap.Int("statements", s.Statements), zap.Int("keys", s.Keys))
	if s.Warnings > 0 {
		m.opts.Logger.Warn("the bundle has warnings", zap.String("revision", s.Revision), zap.Strings("warnings", listed(findings, policy.Warning)))
	}
	if m.opts.OnActivation != nil {
		m.opts.OnActivation(s)
	}
	return nil
}

// build keeps a panic from ending the process that serves with the snapshot in
// force.
func (m *Manager) build(in *input) (s *Snapshot, findings []policy.Finding, err error) {
	defer func() {
		if p := recover(); p != nil {
			m.opts.Logger.Error("loading the bundle panicked", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			m.loader = &loader{opts: &m.opts}
			m.reader.memory.forget()
			s, findings, err = nil, []policy.Finding{{
				File: m.opts.Directory, Line: 1, Column: 1, Code: "INTERNAL_ERROR",
				Message: fmt.Sprintf("loading it failed: %v", p), Remedy: "this is a defect of Sallyport: please report it with the log",
			}}, nil
		}
	}()
	s, findings, err = m.loader.buildPaced(in)
	if err == nil && in.err == nil {
		m.reader.built()
	}
	return s, findings, err
}

// fail keeps what is in force and tells why.
func (m *Manager) fail(findings []policy.Finding) {
	s := m.Status()
	s.LastError, s.LastErrorAt = summary(findings), m.opts.Now()
	s.Failures++
	m.status.Store(&s)
	m.opts.Logger.Error("bundle not activated: what was in force stays",
		zap.String("revision", s.Revision), zap.Uint64("generation", s.Generation),
		zap.Int("errors", count(findings, policy.Error)), zap.Strings("findings", listed(findings, policy.Error)))
}
