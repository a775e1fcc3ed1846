package sigv4

import (
	"errors"

	"github.com/sallyport-iam/sallyport/secret"
)

// Key is the secret of an access key.
type Key struct {
	// Secret is the secret access key. An empty one verifies nothing.
	Secret secret.Value
	// Version changes whenever the secret of an access key id changes; signing
	// keys derived from the secret are remembered under it.
	Version uint64
}

// Keys looks secrets up.
type Keys interface {
	// Key returns the secret of an access key id. token is the session token
	// that came with it, "" if none: the look-up decides whether the two belong
	// together. It answers with ErrUnknownKey, ErrInvalidToken or
	// ErrExpiredToken; any other error means that the look-up itself failed,
	// and the request is refused as retryable.
	Key(accessKeyID, token string) (Key, error)
}

var (
	// ErrUnknownKey: there is no such key, it is not active, or it is a
	// temporary one and came without its token.
	ErrUnknownKey = errors.New("no such access key")
	// ErrInvalidToken: the session token is not genuine, is of another key, or
	// came with a long-term key.
	ErrInvalidToken = errors.New("session token is not valid for the access key")
	// ErrExpiredToken: the session is over.
	ErrExpiredToken = errors.New("session token has expired")
)
