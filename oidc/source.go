package oidc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// source remembers the keys of a provider and renews them.
type source struct {
	verifier *Verifier
	provider *Provider
	fetcher  *fetcher // nil: the keys are in the bundle
	ctx      context.Context
	stop     context.CancelFunc

	set atomic.Pointer[keySet] // nil: none yet
	// fetched is when the keys were fetched, in nanoseconds since 1970.
	fetched atomic.Int64

	mu       sync.Mutex
	fresh    bool    // somebody keeps it so
	flight   *flight // the fetch that goes on; nil: none
	started  time.Time
	failures int // in a row
	err      error
	unusable int // keys
}

// flight is a fetch that goes on. What it comes to is written before done closes.
type flight struct {
	done  chan struct{}
	err   error
	renew time.Duration
}

func newSource(v *Verifier, p *Provider) *source {
	s := &source{verifier: v, provider: p}
	s.ctx, s.stop = context.WithCancel(v.ctx)
	if len(p.JWKS) > 0 {
		set, unusable, err := readKeySet(p.JWKS)
		s.unusable, s.err = len(unusable), err
		if err == nil {
			s.replace(set)
		}
		return s
	}
	s.fetcher, s.err = newFetcher(p, &v.options)
	return s
}

// offline tells whether the provider is never asked.
func (s *source) offline() bool { return s.fetcher == nil }

// keys are the provider's; nil if there are none or they are too old.
func (s *source) keys() *keySet {
	set := s.set.Load()
	if set == nil || !s.offline() && s.verifier.options.Now().UnixNano()-s.fetched.Load() > int64(KeepStale) {
		return nil
	}
	return set
}

// replace puts keys in the place of those that were, if they are others.
func (s *source) replace(set *keySet) (changed bool) {
	old := s.set.Load()
	changed = old == nil || old.digest != set.digest
	if changed {
		set.version = s.verifier.version.Add(1)
		s.set.Store(set)
	}
	return changed
}

var errTooSoon = errors.New("it was asked a moment ago")

// ask fetches the keys, because those of a version are missing the one that is
// needed, and waits until they are there. All who ask at one time wait for one
// fetch. If the provider was asked a moment ago, what came of that is the answer.
func (s *source) ask(ctx context.Context, version uint64) (*keySet, error) {
	s.mu.Lock()
	if s.offline() {
		defer s.mu.Unlock()
		return nil, s.err
	}
	if set := s.keys(); set != nil && set.version != version {
		s.mu.Unlock() // somebody has asked meanwhile
		return set, nil
	}
	f := s.flight
	if f == nil {
		if since := s.verifier.options.Now().Sub(s.started); !s.started.IsZero() && since >= 0 && since < askAgain {
			defer s.mu.Unlock()
			if s.err != nil {
				return nil, fmt.Errorf("%w: %w", errTooSoon, s.err)
			}
			if set := s.keys(); set != nil {
				return set, nil
			}
			return nil, errTooSoon
		}
		f = s.take()
	}
	s.mu.Unlock()
	if f == nil {
		return nil, errors.New("it is no longer asked: its keys are not in use")
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	if set := s.keys(); set != nil {
		return set, nil
	}
	return nil, errors.New("they are too old")
}

// take begins a fetch; nil if the source was stopped. The caller holds mu.
func (s *source) take() *flight {
	f := &flight{done: make(chan struct{})}
	if s.ctx.Err() != nil || !s.verifier.run(func() { s.fetch(f) }) {
		return nil
	}
	s.flight, s.started = f, s.verifier.options.Now()
	return f
}

// fetch asks the provider, in a goroutine of its own: it ends with the source
// and not with the request that happened to be first.
func (s *source) fetch(f *flight) {
	select {
	case s.verifier.asking <- struct{}{}:
		defer func() { <-s.verifier.asking }()
	case <-s.ctx.Done():
	}
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	set, unusable, renew, err := s.fetcher.fetch(ctx)
	changed := false
	now := s.verifier.options.Now()
	if err == nil {
		s.fetched.Store(now.UnixNano())
		changed = s.replace(set)
	}
	s.mu.Lock()
	s.flight, s.err, s.started = nil, err, now
	if err == nil {
		s.failures, s.unusable = 0, len(unusable)
	} else {
		s.failures++
	}
	s.mu.Unlock()
	f.err, f.renew = err, renew
	close(f.done)

	log := s.verifier.options.Log
	s.verifier.counts.fetched(err)
	switch {
	case err != nil && s.ctx.Err() == nil:
		log.Warn("the keys of an OpenID Connect provider could not be fetched", zap.String("issuer", s.provider.Issuer), zap.Error(err))
	case changed:
		log.Info("the keys of an OpenID Connect provider", zap.String("issuer", s.provider.Issuer),
			zap.Int("keys", len(set.keys)), zap.Uint64("version", set.version), zap.Strings("unusable", unusable))
	}
}

// keepFresh renews the keys in the background from now on.
func (s *source) keepFresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh || s.offline() {
		return
	}
	s.fresh = s.verifier.run(s.renew)
}

func (s *source) renew() {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-wait.C:
		}
		s.mu.Lock()
		f := s.flight
		if f == nil {
			f = s.take()
		}
		s.mu.Unlock()
		if f == nil {
			return
		}
		<-f.done // the fetch ends with the source, too
		wait.Reset(s.pause(f))
	}
}

// pause is the time until the next fetch. It varies, so that many processes do not ask
// at one time.
func (s *source) pause(f *flight) time.Duration {
	pause := f.renew
	if f.err != nil {
		s.mu.Lock()
		pause = lastRetry
		if s.failures < 8 {
			pause = min(lastRetry, firstRetry<<max(0, s.failures-1))
		}
		s.mu.Unlock()
	}
	return pause - time.Duration(rand.Int64N(int64(pause/10)))
}
