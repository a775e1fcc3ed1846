package session

import (
	"errors"
	"fmt"
)

// Options bound Sessions.
type Options struct {
	// MaxBytes is the memory, in bytes, that opened tokens, verified ones and
	// certificates may take; 0 remembers none. A session without policies of its own takes some 4 KiB.
	MaxBytes int64
}

// Sessions opens and issues temporary credentials. It remembers what it opened and
// which one-time codes were used, and nothing that could not be forgotten. It is
// safe for concurrent use.
type Sessions struct {
	opened    *cache[*Session]
	bearers   *cache[*bearer]
	certified *cache[*certified]
	codes     codes
}

// New makes Sessions.
func New(o Options) (*Sessions, error) {
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("%d bytes for sessions are fewer than none", o.MaxBytes)
	}
	return &Sessions{
		opened:    newCache[*Session](o.MaxBytes / 2),
		bearers:   newCache[*bearer](o.MaxBytes / 8 * 3),
		certified: newCache[*certified](o.MaxBytes / 8),
	}, nil
}

// Stats tells of what is remembered, for metrics.
type Stats struct {
	// Sessions are opened session tokens, Bearers verified bearer tokens.
	Sessions, Bearers CacheStats
}

// CacheStats tells of one cache.
type CacheStats struct {
	// Hits and Misses are the look-ups since the start.
	Hits, Misses uint64
	// Bytes is the memory taken now.
	Bytes int64
}

// Stats tells what was looked up so far.
func (s *Sessions) Stats() Stats { return Stats{s.opened.stats(), s.bearers.stats()} }

// What is wrong with the credentials of a session.
var (
	// ErrInvalid: the token is not one of a session that is in force, or not that
	// of the access key.
	ErrInvalid = errors.New("the session token is not valid")
	// ErrExpired: the session is over.
	ErrExpired = errors.New("the session has expired")
)
