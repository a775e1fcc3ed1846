package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// SessionKeys are the keys of temporary credentials. They are part of a snapshot,
// and immutable.
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
	ID string // 8 hex digits
	// Key is the 32 bytes themselves.
	Key secret.Value
	// Until is when the last token that a retired key sealed has ended: after it
	// the key opens nothing. It is zero for a key that is not retired.
	Until time.Time
}

// IssuerKey is the private key of an issuer. It prints without the key.
type IssuerKey struct {
	ID      string // 8 hex digits
	Private ed25519.PrivateKey
}

// Format writes the id, whatever the verb.
func (k IssuerKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.ID+" [redacted]") }

// MarshalText writes the id; encoders use it.
func (k IssuerKey) MarshalText() ([]byte, error) { return []byte(k.ID + " [redacted]"), nil }

// TrustedKey is the public key of an issuer.
type TrustedKey struct {
	ID     string // 8 hex digits
	Public ed25519.PublicKey
	// Until is when the last token that a retired key signed has ended: after it
	// none is genuine. It is zero for a key that is not retired.
	Until time.Time
}

// SessionKey tells of a key of a session key file what is no secret.
type SessionKey struct {
	// Kind is "sealing", "issuer" or "trusted".
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Status is KeyActive, KeyNext or KeyRetired.
	Status  string    `json:"status"`
	Created time.Time `json:"created,omitzero"`
	Retired time.Time `json:"retired,omitzero"`
	// Until is when a retired key has no tokens left.
	Until time.Time `json:"until,omitzero"`
}

// The states of a session key.
const (
	// KeyActive seals or signs, and opens or verifies.
	KeyActive = "Active"
	// KeyNext opens or verifies, so that it can be known everywhere before it
	// becomes the active one.
	KeyNext = "Next"
	// KeyRetired opens or verifies what it made before.
	KeyRetired = "Retired"
)

// retirement is how long a retired key is of use: the longest session, which is one
// of GetSessionToken or GetFederationToken, and an hour for the way of a new file
// to every issuer.
const retirement = 36*time.Hour + time.Hour

// sealingKeyID and issuerKeyID follow from the keys, so that one which was changed
// by accident is found.
func sealingKeyID(key []byte) string { return keyID("sallyport sealing key 1\x00", key) }

func issuerKeyID(public ed25519.PublicKey) string { return keyID("sallyport issuer key 1\x00", public) }

func keyID(label string, key []byte) string {
	sum := sha256.Sum256(append([]byte(label), key...))
	return hex.EncodeToString(sum[:4])
}
