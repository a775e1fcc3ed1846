package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
)

// patience is the deadline of what must not hang.
const patience = 20 * time.Second

func closeLog(t *testing.T, l *audit.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Error(err)
	}
}

// stuck is an output whose reader does nothing until it is freed.
type stuck struct {
	begun, free chan struct{}
	begin       sync.Once
	bytes.Buffer
}

func newStuck() *stuck { return &stuck{begun: make(chan struct{}), free: make(chan struct{})} }

func (s *stuck) Write(p []byte) (int, error) {
	s.begin.Do(func() { close(s.begun) })
	<-s.free
	return s.Buffer.Write(p)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := audit.New(audit.Options{Output: &out})
	caller := &authz.Caller{Type: authz.User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333"}
	accesses := []audit.Access{{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}}
	record := &audit.Record{ID: "1", Service: "s3", Method: "GET", Caller: caller, Accesses: accesses, Status: 200}
	l.Write(record)
	// What is queued is not what the caller goes on to use.
	record.ID, caller.ARN, accesses[0].Action = "2", "changed", "changed"
	l.Write(&audit.Record{ID: "3"})
	closeLog(t, l)
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || lines[2] != "" {
		t.Fatalf("%q", out.String())
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got["requestID"] != "1" || got["eventSource"] != "s3.amazonaws.com" || strings.Contains(lines[0], "changed") {
		t.Errorf("%s", lines[0])
	}
	if strings.Contains(lines[1], "eventSource") || strings.Contains(lines[1], "userIdentity") {
		t.Errorf("%s", lines[1])
	}
	if l.Written() != 2 || l.Dropped() != 0 {
		t.Errorf("written %d, dropped %d", l.Written(), l.Dropped())
	}
}

func TestNoOutput(t *testing.T) {
	t.Parallel()
	l := audit.New(audit.Options{WhenFull: audit.Refuse, MaxRecords: 1})
	for range 3 {
		if !l.Admit() {
			t.Error("not admitted")
		}
		l.Write(&audit.Record{Admitted: true})
	}
	closeLog(t, l)
	if l.Written() != 0 || l.Dropped() != 0 {
		t.Errorf("written %d, dropped %d", l.Written(), l.Dropped())
	}
}

// TestMuseum_34_stuckOutput: whoever has a record goes on while nobody takes
// it; what is lost is counted, and said once.
func TestMuseum_34_stuckOutput(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	out := newStuck()
	l := audit.New(audit.Options{Output: out, MaxRecords: 3, Logger: zap.New(core)})
	for range 10 {
		if !l.Admit() {
			t.Error("not admitted")
		}
		l.Write(&audit.Record{Admitted: true})
	}
	if l.Dropped() != 7 {
		t.Errorf("dropped %d", l.Dropped())
	}
	// The end does not wait for ever either.
	<-out.begun
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Close(ended); err == nil || !strings.Contains(err.Error(), "3 audit records were not written") {
		t.Errorf("%v", err)
	}
	close(out.free)
	closeLog(t, l)
	if n := strings.Count(out.String(), "\n"); n != 3 || l.Written() != 3 {
		t.Errorf("%d lines, written %d", n, l.Written())
	}
	for deadline := time.Now().Add(patience); logs.Len() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if logs.Len() != 1 {
		t.Errorf("%d complaints", logs.Len())
	}
}

// TestMuseum_34_refuseWhenFull: what was admitted finds its place, whatever else
// comes; nothing else is admitted.
func TestMuseum_34_refuseWhenFull(t *testing.T) {
	t.Parallel()
	out := newStuck()
	l := audit.New(audit.Options{Output: out, WhenFull: audit.Refuse, MaxRecords: 2})
	for i, want := range []bool{true, true, false} {
		if l.Admit() != want {
			t.Errorf("record %d: admitted is not %v", i, want)
		}
	}
	l.Write(&audit.Record{})
	if l.Dropped() != 1 {
		t.Error("a record took a place that was promised")
	}
	l.Forgo()
	if !l.Admit() || l.Admit() {
		t.Error("a place given up is not one place")
	}
	l.Write(&audit.Record{Admitted: true})
	l.Write(&audit.Record{Admitted: true})
	if l.Admit() || l.Dropped() != 1 {
		t.Errorf("admitted while full, or dropped %d", l.Dropped())
	}
	close(out.free)
	closeLog(t, l)
	if l.Written() != 2 || !l.Admit() {
		t.Errorf("written %d", l.Written())
	}
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	for _, whenFull := range []audit.WhenFull{audit.Drop, audit.Refuse} {
		out := newStuck()
		l := audit.New(audit.Options{Output: out, WhenFull: whenFull, MaxBytes: 2000})
		admitted := 0
		for range 10 {
			if l.Admit() {
				admitted++
				l.Write(&audit.Record{Admitted: true, UserAgent: strings.Repeat("u", 800)})
			}
		}
		close(out.free)
		closeLog(t, l)
		switch {
		case whenFull == audit.Drop && (l.Dropped() != 8 || l.Written() != 2):
			t.Errorf("drop: dropped %d, written %d", l.Dropped(), l.Written())
		case whenFull == audit.Refuse && (admitted != 3 || l.Dropped() != 0 || l.Written() != 3):
			t.Errorf("refuse: admitted %d, dropped %d, written %d", admitted, l.Dropped(), l.Written())
		}
	}
}

// failing fails at some of its writes, in the middle of a line.
type failing struct {
	bytes.Buffer
	fails func(write int) bool
	count int
}

func (f *failing) Write(p []byte) (int, error) {
	f.count++
	if f.fails(f.count) {
		f.Buffer.Write(p[:len(p)/2])
		return len(p) / 2, errors.New("no space left")
	}
	return f.Buffer.Write(p)
}

func TestFailingOutput(t *testing.T) {
	t.Parallel()
	out := &failing{fails: func(write int) bool { return write == 1 }}
	l := audit.New(audit.Options{Output: out})
	l.Write(&audit.Record{ID: "1"})
	for deadline := time.Now().Add(patience); l.Dropped() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	l.Write(&audit.Record{ID: "2"})
	closeLog(t, l)
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !json.Valid([]byte(lines[1])) {
		t.Errorf("what follows a torn line is lost: %q", lines)
	}
	if l.Written() != 1 || l.Dropped() != 1 {
		t.Errorf("drop: written %d, dropped %d", l.Written(), l.Dropped())
	}

	// A record that must not be lost is written to its end.
	out = &failing{fails: func(write int) bool { return write == 1 }}
	l = audit.New(audit.Options{Output: out, WhenFull: audit.Refuse})
	l.Write(&audit.Record{ID: "1"})
	for deadline := time.Now().Add(patience); l.Written() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	closeLog(t, l)
	if !json.Valid(out.Bytes()) || l.Written() != 1 {
		t.Errorf("refuse: %q, written %d", out.String(), l.Written())
	}

	// The end does not wait for an output that never recovers.
	out = &failing{fails: func(int) bool { return true }}
	l = audit.New(audit.Options{Output: out, WhenFull: audit.Refuse})
	l.Write(&audit.Record{})
	l.Write(&audit.Record{})
	closeLog(t, l)
	if l.Dropped() == 0 || l.Written()+l.Dropped() != 2 {
		t.Errorf("written %d, dropped %d", l.Written(), l.Dropped())
	}
}

// TestBatch: what waits is written at once, in order, and what does not go that
// way goes line by line.
func TestBatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		fails            func(write int) bool
		writes           int
		written, dropped uint64
	}{
		{"at once", func(int) bool { return false }, 2, 5, 0},
		{"the batch fails", func(write int) bool { return write == 2 }, 4, 5, 0},
		{"a line fails, too", func(write int) bool { return write == 2 || write == 3 }, 5, 4, 1},
		{"the batch and the end of a torn line", func(write int) bool { return write <= 3 }, 6, 3, 2},
	} {
		out := &failing{fails: tt.fails}
		blocked := newStuck()
		l := audit.New(audit.Options{Output: both{blocked, out}})
		l.Write(&audit.Record{ID: "0"})
		<-blocked.begun
		for _, id := range []string{"1", "2", "3", "4"} {
			l.Write(&audit.Record{ID: id})
		}
		close(blocked.free)
		closeLog(t, l)
		if out.count != tt.writes || l.Written() != tt.written || l.Dropped() != tt.dropped {
			t.Errorf("%s: %d writes, written %d, dropped %d: %q", tt.name, out.count, l.Written(), l.Dropped(), out.String())
		}
		whole := uint64(0)
		for line := range strings.Lines(out.String()) {
			if json.Valid([]byte(line)) {
				whole++
			}
		}
		if whole < tt.written {
			t.Errorf("%s: %d whole lines: %q", tt.name, whole, out.String())
		}
	}
}

// both is an output that is stuck at first.
type both struct {
	stuck *stuck
	io.Writer
}

func (b both) Write(p []byte) (int, error) {
	_, _ = b.stuck.Write(nil)
	return b.Writer.Write(p)
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := audit.New(audit.Options{Output: &out, WhenFull: audit.Refuse, MaxRecords: 8})
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for written := 0; written < 100; {
				if l.Admit() {
					l.Write(&audit.Record{Admitted: true})
					written++
				} else {
					runtime.Gosched()
				}
			}
		})
	}
	writers.Wait()
	closeLog(t, l)
	if l.Written() != 800 || l.Dropped() != 0 || strings.Count(out.String(), "\n") != 800 {
		t.Errorf("written %d, dropped %d", l.Written(), l.Dropped())
	}
}
