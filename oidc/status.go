package oidc

import (
	"cmp"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Status is how it stands with the keys of a provider. It holds no secrets.
type Status struct {
	Issuer string
	// Offline tells that the keys are in the bundle and never fetched.
	Offline bool
	// Keys is how many keys verify tokens now; 0 if those that are there are too
	// old. Unusable is how many more the provider has.
	Keys, Unusable int
	// Version is what Verifier.Version tells.
	Version uint64
	// Fetched is when the keys were fetched last with success; zero if never.
	Fetched time.Time
	// Failures is how many fetches failed since, and Error why the last did; empty
	// if it did not.
	Failures int
	Error    string
}

// Status tells of each provider's keys, by issuer. Providers that differ in
// nothing but audiences, algorithms and account have one entry.
func (v *Verifier) Status() []Status {
	known := v.known.Load()
	list := make([]Status, 0, len(known.byContent))
	for _, s := range known.byContent {
		list = append(list, s.status())
	}
	slices.SortFunc(list, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Version, b.Version))
	})
	return list
}

func (s *source) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{Issuer: s.provider.Issuer, Offline: s.offline(), Unusable: s.unusable, Failures: s.failures}
	if set := s.keys(); set != nil {
		status.Keys, status.Version = len(set.keys), set.version
	}
	if at := s.fetched.Load(); at != 0 {
		status.Fetched = time.Unix(0, at)
	}
	if s.err != nil {
		status.Error = s.err.Error()
	}
	return status
}

// Stats counts what a Verifier has done since it was made, for metrics.
type Stats struct {
	// Accepted are the tokens that Verify accepted, Refused the others by the
	// kind of their error.
	Accepted uint64
	Refused  [kinds]uint64
	// Fetches are the times a provider was asked for its keys, FailedFetches those
	// without success.
	Fetches, FailedFetches uint64
}

// counts are the Stats as they grow.
type counts struct {
	accepted               atomic.Uint64
	refused                [kinds]atomic.Uint64
	fetches, failedFetches atomic.Uint64
}

func (c *counts) verified(err error) {
	if err == nil {
		c.accepted.Add(1)
	} else if e, ok := errors.AsType[*Error](err); ok {
		c.refused[e.Kind].Add(1)
	}
}

func (c *counts) fetched(err error) {
	c.fetches.Add(1)
	if err != nil {
		c.failedFetches.Add(1)
	}
}

// Stats tells what was done so far.
func (v *Verifier) Stats() Stats {
	c := &v.counts
	s := Stats{Accepted: c.accepted.Load(), Fetches: c.fetches.Load(), FailedFetches: c.failedFetches.Load()}
	for kind := range c.refused {
		s.Refused[kind] = c.refused[kind].Load()
	}
	return s
}
