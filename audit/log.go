package audit

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// WhenFull is what happens while records come faster than they are taken.
type WhenFull uint8

const (
	// Drop loses records that find no room, and counts them.
	Drop WhenFull = iota
	// Refuse refuses requests whose record might find no room.
	Refuse
)

// Options is what a Log works with.
type Options struct {
	// Output takes the records, one line each; nil if nobody wants any.
	Output   io.Writer
	WhenFull WhenFull
	// MaxRecords and MaxBytes bound what waits for Output; 0 stands for 8192
	// and 16 MiB. Refuse promises room before the size of a record is known,
	// and may exceed MaxBytes by the records of the requests under way.
	MaxRecords int
	MaxBytes   int64
	// Logger is told, once a minute at most, that records are lost.
	Logger *zap.Logger
}

const (
	defaultMaxRecords = 8192
	defaultMaxBytes   = 16 << 20
	// complaintInterval is the least time between two complaints.
	complaintInterval = time.Minute
	// retryInterval is the time between two attempts to write a record that
	// must not be lost.
	retryInterval = time.Second
	// maxBatch is the size in bytes from which on records that wait are not put
	// into one write.
	maxBatch = 64 << 10
	// gatherTime is how long the first record waits for others to be written with
	// it, where there is room for gatherRoom of them: to wake the writing goroutine
	// for each costs more than the record. It does not wait for more than
	// gatherEnough. On a busy machine the time is some milliseconds longer, in which
	// more come than go into one write.
	gatherTime   = time.Millisecond
	gatherRoom   = 1024
	gatherEnough = 64
)

// Log writes records as JSON lines, one goroutine for all: nobody who has a
// record waits for whoever reads them. It is safe for concurrent use.
type Log struct {
	options Options
	queue   chan *line
	// places counts the records that wait and those that were promised room,
	// so that sending to queue never blocks.
	places, bytes    atomic.Int64
	written, dropped atomic.Uint64

	closing    chan struct{}
	closed     sync.Once
	done       chan struct{}
	torn       bool // of the writing goroutine: the last line has no end
	lines      []*line
	batch      []byte
	complained atomic.Int64
}

// New makes a log and starts to write. Close ends it.
func New(o Options) *Log {
	if o.MaxRecords <= 0 {
		o.MaxRecords = defaultMaxRecords
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	l := &Log{
		options: o,
		queue:   make(chan *line, o.MaxRecords),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	if o.Output == nil {
		close(l.done)
	} else {
		go l.run()
	}
	return l
}

// Written is the number of records that Output took.
func (l *Log) Written() uint64 { return l.written.Load() }

// Dropped is the number of records that were lost.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Admit tells whether a request may go on as far as its record is concerned.
// Where it says so, it must be followed by one Write of a record that is
// Admitted, or by one Forgo.
func (l *Log) Admit() bool {
	if l.options.Output == nil || l.options.WhenFull == Drop {
		return true
	}
	return l.bytes.Load() < l.options.MaxBytes && l.take()
}

// Forgo gives up what Admit promised.
func (l *Log) Forgo() {
	if l.options.Output != nil && l.options.WhenFull == Refuse {
		l.places.Add(-1)
	}
}

// Write queues one record. It does not wait, and keeps nothing of r.
func (l *Log) Write(r *Record) {
	if l.options.Output == nil {
		return
	}
	promised := r.Admitted && l.options.WhenFull == Refuse
	if !promised && !l.take() {
		l.lose()
		return
	}
	made := lines.Get().(*line)
	made.text = r.appendLine(made.text[:0])
	size := int64(len(made.text))
	if l.bytes.Add(size) > l.options.MaxBytes && !promised {
		l.release(made, size)
		l.lose()
		return
	}
	l.queue <- made
}

// take takes a place, if there is one.
func (l *Log) take() bool {
	if l.places.Add(1) > int64(l.options.MaxRecords) {
		l.places.Add(-1)
		return false
	}
	return true
}

// line is a record as it is written.
type line struct{ text []byte }

var lines = sync.Pool{New: func() any { return &line{text: make([]byte, 0, usualLine)} }}

// usualLine is room, in bytes, for most records.
const usualLine = 1 << 10

// maxPooled bounds the memory, in bytes, that a line keeps for the next one.
const maxPooled = 16 << 10

func (l *Log) release(line *line, size int64) {
	if cap(line.text) <= maxPooled {
		lines.Put(line)
	}
	l.bytes.Add(-size)
	l.places.Add(-1)
}

// lose counts a record that found no room.
func (l *Log) lose() {
	l.dropped.Add(1)
	l.complain("audit records are lost: they come faster than they are taken", nil)
}

// complain says that something is wrong with the output. The logger may write
// to what is stuck, so nobody waits for it either.
func (l *Log) complain(text string, err error) {
	now, last := time.Now().UnixNano(), l.complained.Load()
	if l.options.Logger == nil || last != 0 && now-last < int64(complaintInterval) || !l.complained.CompareAndSwap(last, now) {
		return
	}
	go l.options.Logger.Error(text, zap.Uint64("lost", l.dropped.Load()), zap.Error(err))
}

// run writes what is queued until Close.
func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case line := <-l.queue:
			if l.mayGather() {
				time.Sleep(gatherTime)
			}
			l.put(line)
			continue
		case <-l.closing:
		}
		for {
			select {
			case line := <-l.queue:
				l.put(line)
				continue
			default:
			}
			if file, ok := l.options.Output.(interface{ Sync() error }); ok {
				_ = file.Sync() // a pipe cannot
			}
			return
		}
	}
}

// mayGather tells whether to wait for other records: there is room for them, and few
// wait already.
func (l *Log) mayGather() bool {
	return cap(l.queue) >= gatherRoom && len(l.queue) < gatherEnough
}

// put writes a line, and those that wait behind it, at once. If that fails, what
// is left is written line by line.
func (l *Log) put(line *line) {
	l.gather(line)
	written := 0
	if len(l.lines) > 1 {
		n, err := l.options.Output.Write(l.batch)
		if written = n; err != nil {
			l.complain("audit records cannot be written", err)
		}
	}
	if l.torn && written > 0 {
		l.torn, written = false, written-1
	}
	for _, line := range l.lines {
		done := min(written, len(line.text))
		written -= done
		l.finish(line, line.text[done:])
	}
}

// gather takes a line, and those that wait behind it, into l.lines and l.batch.
func (l *Log) gather(line *line) {
	l.lines, l.batch = l.lines[:0], l.batch[:0]
	if l.torn {
		l.batch = append(l.batch, '\n')
	}
	for {
		l.lines, l.batch = append(l.lines, line), append(l.batch, line.text...)
		if len(l.batch) >= maxBatch {
			return
		}
		select {
		case line = <-l.queue:
		default:
			return
		}
	}
}

// finish writes what is left of a line, which may be nothing. One that must not be
// lost is tried until Close.
func (l *Log) finish(line *line, rest []byte) {
	size := int64(len(line.text))
	defer l.release(line, size)
	if l.torn {
		if _, err := l.options.Output.Write([]byte{'\n'}); err == nil {
			l.torn = false
		}
	}
	for len(rest) > 0 {
		n, err := l.options.Output.Write(rest)
		if rest = rest[n:]; err == nil || len(rest) == 0 {
			break
		}
		l.complain("audit records cannot be written", err)
		if l.options.WhenFull == Refuse && l.pause() {
			continue
		}
		l.dropped.Add(1)
		l.torn = l.torn || len(rest) < int(size)
		return
	}
	l.written.Add(1)
}

// pause waits before another attempt; false if there is to be none.
func (l *Log) pause() bool {
	select {
	case <-l.closing:
		return false
	case <-time.After(retryInterval):
		return true
	}
}

// Close writes what is queued, for as long as ctx lasts; nothing may be written
// afterwards. The error tells how many records were not written then.
func (l *Log) Close(ctx context.Context) error {
	l.closed.Do(func() { close(l.closing) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d audit records were not written: %w", l.places.Load(), ctx.Err())
	}
}
