// Package oidc answers whether a bearer token is genuine, and what it claims.
// It verifies JSON Web Tokens of OpenID Connect providers with their published
// keys, which it fetches, remembers and renews.
package oidc

import (
	"context"
	"encoding/json"
	"time"
)

// Provider says how the tokens of one provider are verified. It is immutable.
type Provider struct {
	// Issuer is the provider's URL, exactly as the tokens' "iss" has it.
	Issuer string
	// Audiences are those that a token may be meant for: its "azp" if it has one,
	// else one of its "aud".
	Audiences []string
	// Algorithms are the signing algorithms that are accepted: of RS256, RS384,
	// RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA. Never none or HS*.
	Algorithms []string
	// CA is a PEM bundle that verifies the provider's certificate; empty is the
	// system's. Thumbprints are SHA-1 fingerprints (40 hex digits, lower case) of
	// which the presented chain must have one; empty asks for none.
	CA          string
	Thumbprints []string
	// JWKS is the provider's key set as JSON, for one that is not asked; empty if
	// it is.
	JWKS []byte
	// JWKSURI is where the key set is, in the place of what discovery says; empty
	// asks discovery. The hosts of Issuer and JWKSURI may have private addresses;
	// one that discovery alone names may not.
	JWKSURI string
}

// Claims are what a genuine token says.
type Claims struct {
	Issuer, Subject string
	// Audience is the one that was compared: "azp" if there is one, else the "aud"
	// that is among the provider's. Audiences are all of "aud".
	Audience  string
	Audiences []string
	IssuedAt  time.Time
	NotBefore time.Time // zero if it has none
	Expires   time.Time
	// All are all claims, each as JSON.
	All map[string]json.RawMessage
}

// Options bound a Verifier.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct{}

// New makes a Verifier.
func New(Options) *Verifier { return &Verifier{} }

// Use tells which providers there are now: their keys are fetched ahead, and
// what is remembered of others is forgotten. It does not wait.
func (v *Verifier) Use([]*Provider) {}

// Close stops what goes on in the background.
func (v *Verifier) Close() {}

// Version changes whenever the keys of a provider do: what was verified under
// another must be verified again.
func (v *Verifier) Version(*Provider) uint64 { return 0 }

// Issuer is the "iss" of a token, unverified: to find its provider.
func Issuer(token string) (string, error) { return "", ErrMalformed }

// Verify verifies a token of a provider. version is that of the keys that did.
func (v *Verifier) Verify(ctx context.Context, p *Provider, token string, now time.Time) (c *Claims, version uint64, err error) {
	return nil, 0, ErrMalformed
}

// Error is why a token is not accepted, or could not be verified.
type Error struct {
	// Kind is the class of it.
	Kind Kind
	// Cause is for the operator; it holds nothing of the token but names.
	Cause string
}

func (e *Error) Error() string { return e.Cause }

// Kind is a class of errors, for the answer in AWS's words.
type Kind uint8

// The classes.
const (
	// Malformed: no JSON Web Token, or one without what it must have.
	Malformed Kind = iota
	// Untrusted: the signature, algorithm, issuer, or audience is wrong.
	Untrusted
	// Expired: it is over.
	Expired
	// NotYet: it is not valid yet.
	NotYet
	// Unreachable: the provider's keys could not be had. It may be tried again.
	Unreachable
)

// ErrMalformed is what is no token at all.
var ErrMalformed error = &Error{Kind: Malformed, Cause: "no JSON Web Token"}
