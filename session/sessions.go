package session

import (
	"errors"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
)

// Options bound Sessions.
type Options struct {
	// MaxBytes is the memory, in bytes, that opened tokens may take; 0 remembers
	// none.
	MaxBytes int64
}

// Sessions opens and issues temporary credentials. It remembers what it opened and
// which one-time codes were used, and nothing that could not be forgotten. It is
// safe for concurrent use.
type Sessions struct{}

// New makes Sessions.
func New(Options) (*Sessions, error) { return &Sessions{}, nil }

// What is wrong with the credentials of a session.
var (
	// ErrInvalid: the token is not one of a session that is in force, or not that
	// of the access key.
	ErrInvalid = errors.New("the session token is not valid")
	// ErrExpired: the session is over.
	ErrExpired = errors.New("the session has expired")
)

// Open is the session of a token, if it is the one of an access key and what it is
// of is in force still: else ErrInvalid or ErrExpired.
func (s *Sessions) Open(snap *bundle.Snapshot, accessKeyID, token string, now time.Time) (*Session, error) {
	return nil, ErrInvalid
}

// FillRequest sets the condition keys that move with the clock:
// aws:MultiFactorAuthAge.
func (s *Session) FillRequest(k *authz.Context, now time.Time) {}
