package bundle

import (
	"crypto/ed25519"

	"github.com/sallyport-iam/sallyport/secret"
)

// SessionKeys are the keys of temporary credentials. They are part of a snapshot.
type SessionKeys struct {
	// Deployment is the id that every token carries: those of another deployment
	// are not opened.
	Deployment string
	// Sealing are 32-byte keys. The first one seals, all of them open.
	Sealing []SealingKey
	// Issuer signs; nil if this process only verifies, and issues nothing.
	Issuer *IssuerKey
	// Trusted are the public keys of all issuers whose tokens are genuine, its own
	// included.
	Trusted []TrustedKey
}

// SealingKey is a key that seals and opens tokens.
type SealingKey struct {
	ID  string // 8 hex digits
	Key secret.Value
}

// IssuerKey is the private key of an issuer.
type IssuerKey struct {
	ID      string // 8 hex digits
	Private ed25519.PrivateKey
}

// TrustedKey is the public key of an issuer.
type TrustedKey struct {
	ID     string // 8 hex digits
	Public ed25519.PublicKey
}
