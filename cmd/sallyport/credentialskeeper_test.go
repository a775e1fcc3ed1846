package main

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/sallyport-iam/sallyport/secret"
)

// source counts what it is asked for.
type source struct {
	mu    sync.Mutex
	calls int
	err   error
	life  time.Duration
	slow  time.Duration
}

func (s *source) get(ctx context.Context, token string) (*temporary, error) {
	s.mu.Lock()
	s.calls++
	n, err, slow, life := s.calls, s.err, s.slow, s.life
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return &temporary{token + strconv.Itoa(n), secret.New("secret"), secret.New("token"), time.Now().Add(life)}, nil
}

// now is how the source answers from now on.
func (s *source) now(err error, slow time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.slow = err, slow
}

// called is how often it was asked.
func (s *source) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// TestKeeper goes through an hour of one token's credentials.
func TestKeeper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := &source{life: time.Hour}
		k := &keeper{get: from.get, timeout: 10 * time.Second}
		expect := func(what, want string) {
			t.Helper()
			got, err := k.Get(t.Context(), "k")
			if err != nil && err.Error() != want || err == nil && got.accessKeyID != want {
				t.Errorf("%s: %+v, %v, want %s", what, got, err, want)
			}
		}
		expect("at first", "k1")
		time.Sleep(44 * time.Minute)
		expect("while they hold long", "k1")
		time.Sleep(2 * time.Minute)
		expect("a quarter of an hour before their end", "k2")
		time.Sleep(50 * time.Minute)
		from.now(errors.New("down"), 0)
		expect("while no others are to be had", "k2")
		expect("at once again", "k2")
		if from.called() != 3 {
			t.Errorf("%d calls, want 3: none in the pause after a failure", from.called())
		}
		time.Sleep(11 * time.Minute)
		expect("after their end", "down")
		expect("in the pause", "down")
		if from.called() != 4 {
			t.Errorf("%d calls, want 4", from.called())
		}
		from.now(nil, 0)
		time.Sleep(pause)
		expect("when it is up again", "k5")

		time.Sleep(50 * time.Minute)
		from.now(nil, time.Minute) // beyond the timeout
		began := time.Now()
		expect("while the service is slow", "k5")
		if waited := time.Since(began); waited != patience {
			t.Errorf("waited %s for new ones, want %s", waited, patience)
		}
		time.Sleep(11 * time.Minute)
		expect("after their end", context.DeadlineExceeded.Error())

		from.now(nil, 0)
		time.Sleep(pause)
		expect("when it is fast again", "k8")
		time.Sleep(50 * time.Minute)
		from.now(&smithy.GenericAPIError{Code: "AccessDenied"}, 0)
		expect("when they are refused", "api error AccessDenied: ")
		expect("afterwards", "api error AccessDenied: ")
	})
}

// TestKeeperBounds: many who ask for the same make one call, and who makes up
// tokens neither fills the memory nor takes away what others have.
func TestKeeperBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := &source{life: time.Hour, slow: time.Second}
		k := &keeper{get: from.get, timeout: 10 * time.Second}
		for range 100 {
			go func() { _, _ = k.Get(t.Context(), "good") }()
		}
		time.Sleep(2 * time.Second)
		if from.called() != 1 {
			t.Errorf("%d calls for one token", from.called())
		}
		busy := make(chan error, 100)
		wrong := &smithy.GenericAPIError{Code: "InvalidIdentityToken"}
		from.now(wrong, time.Second)
		for i := range 100 {
			go func() {
				_, err := k.Get(t.Context(), "bad"+strconv.Itoa(i))
				busy <- err
			}()
		}
		time.Sleep(2 * time.Second)
		refused := 0
		for range 100 {
			if errors.Is(<-busy, errBusy) {
				refused++
			}
		}
		if refused != 100-mostRunning {
			t.Errorf("%d of 100 were turned away, want %d", refused, 100-mostRunning)
		}
		from.now(wrong, 0)
		for i := range 3 * mostKept {
			_, _ = k.Get(t.Context(), "worse"+strconv.Itoa(i))
		}
		from.now(nil, 0)
		calls := from.called()
		if got, err := k.Get(t.Context(), "good"); err != nil || got.accessKeyID != "good1" || from.called() != calls {
			t.Errorf("what was kept: %v, %v", got, err)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.kept) > mostKept || len(k.running) != 0 {
			t.Errorf("%d kept, %d running", len(k.kept), len(k.running))
		}
	})
}
