// Package oidc answers whether a bearer token is genuine, and what it claims.
// It verifies JSON Web Tokens of OpenID Connect providers with their published
// keys, which it fetches, remembers and renews.
//
// # Tokens
//
// A token is a signed JWT in the compact serialisation, of at most [MaxToken]
// bytes. It is refused unless its algorithm is one of the provider's and suits
// the key, "iss" is the provider's URL, "azp" (else "aud") is among the
// provider's audiences, there are "sub", "exp" and "iat", and it is now between
// "nbf" and "exp". Keys come from the provider alone: "jku", "jwk", "x5u" and
// "x5c" of a token are not looked at, "crit" and "b64" are refused. Following RFC 8725, what
// is signed for another purpose is no bearer token: its "typ" is none, "JWT" or
// "at+jwt"; security events and tokens bound to a key of the holder ("cnf") are
// refused.
//
// # Keys
//
// The keys of every provider that [Verifier.Use] names are fetched ahead and
// renewed in the background, so that nothing is asked while a request waits. Only
// a token whose key is unknown makes a request wait for the provider, and that at
// most once in ten seconds for each provider. If the provider cannot be reached,
// the keys it had serve for six hours more.
package oidc

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

// Provider says how the tokens of one provider are verified. It is immutable.
type Provider struct {
	// Issuer is the provider's URL, exactly as the tokens' "iss" has it.
	Issuer string
	// Audiences are those that a token may be meant for: its "azp" if it has one,
	// else one of its "aud". Without any, no token is accepted.
	Audiences []string
	// Algorithms are the signing algorithms that are accepted: of RS256, RS384,
	// RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA. Never none or HS*.
	// Empty stands for those that AWS accepts: RS* and ES*.
	Algorithms []string
	// CA is a PEM bundle that verifies the provider's certificate; empty is the
	// system's. Thumbprints are SHA-1 fingerprints (40 hex digits, lower case) as
	// AWS has them: a chain that CA does not verify is good if it leads to a
	// certificate that it presents and that has one of the fingerprints.
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
	// All are all claims, each as JSON: no object in them has a member twice, and
	// strings are Unicode.
	All map[string]json.RawMessage
}

// Options bound a Verifier.
type Options struct {
	// Now is the clock by which keys grow old; nil means time.Now.
	Now func() time.Time
	// Log is told of keys that changed or could not be fetched; nil is silent.
	Log *zap.Logger
	// Lookup finds the addresses of a provider's host; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial connects to an address, an IP address and a port, that the rules let
	// through; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// The limits.
const (
	// MaxToken is the size of a token, in bytes: AWS's.
	MaxToken = 20_000
	// Leeway is how far "iat" and "nbf" may be in the future, for clocks that
	// disagree. "exp" has none.
	Leeway = time.Minute
	// MaxKeys is the number of keys in a key set: AWS's 100 RSA and 100 EC keys.
	MaxKeys = 200
	// MaxKeySet is the size of a key set, in bytes.
	MaxKeySet = 1 << 20

	maxDiscovery = 128 << 10 // bytes of a discovery document
	maxDepth     = 16        // nesting of JSON
	maxTries     = 8         // keys that one token is tried with
	minRSA       = 2048      // bits
	maxRSA       = 8192      // bits: a larger one only costs

	// fetchTimeout is for the key set, discovery included; AWS waits as long.
	fetchTimeout = 5 * time.Second
	// headerTimeout is for the header of one answer, dialTimeout for one address
	// of a host.
	headerTimeout, dialTimeout = 3 * time.Second, 2 * time.Second
	// atOnce is how many providers are asked at a time.
	atOnce = 16

	// askAgain is the least time between two fetches that tokens bring about.
	askAgain = 10 * time.Second
	// Keys are renewed when the provider says (Cache-Control), within bounds.
	minRenewal, usualRenewal, maxRenewal = time.Minute, 5 * time.Minute, 15 * time.Minute
	// A fetch that failed is tried again after a time that doubles.
	firstRetry, lastRetry = time.Second, time.Minute
	// KeepStale is how long keys serve that could not be renewed.
	KeepStale = 6 * time.Hour
)
