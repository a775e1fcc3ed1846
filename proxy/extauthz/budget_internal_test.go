package extauthz

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	t.Run("of a call without a deadline", func(t *testing.T) {
		t.Parallel()
		b := newBudget(context.Background())
		defer b.stop()
		if end, ok := b.Deadline(); !ok || time.Until(end) > maxBudget {
			t.Errorf("ends %v", end)
		}
	})
	t.Run("ends before the call", func(t *testing.T) {
		t.Parallel()
		call, cancel := context.WithTimeout(t.Context(), maxBudget)
		defer cancel()
		b := newBudget(call)
		defer b.stop()
		mine, _ := b.Deadline()
		calls, _ := call.Deadline()
		if !mine.Before(calls) {
			t.Errorf("ends at %v, the call at %v", mine, calls)
		}
	})
	t.Run("is over", func(t *testing.T) {
		t.Parallel()
		call, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		b := newBudget(call)
		defer b.stop()
		if err := b.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before anybody waits: %v", err)
		}
		<-b.Done()
		if err := b.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("who waits sees the end", func(t *testing.T) {
		t.Parallel()
		b := newBudget(t.Context())
		b.end = time.Now().Add(time.Millisecond)
		defer b.stop()
		<-b.Done()
		if err := b.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the call is given up", func(t *testing.T) {
		t.Parallel()
		call, cancel := context.WithCancel(t.Context())
		b := newBudget(call)
		defer b.stop()
		derived, stop := context.WithCancel(b)
		defer stop()
		if b.Err() != nil || derived.Err() != nil {
			t.Error("over from the start")
		}
		cancel()
		<-derived.Done()
		if err := b.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}
