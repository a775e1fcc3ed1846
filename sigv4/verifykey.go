package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"strings"

	"github.com/sallyport-iam/sallyport/secret"
)

// verifyingKey verifies signatures of one algorithm.
type verifyingKey interface {
	// verifies tells whether signature, in hex, is one of text. h and room are
	// working space.
	verifies(signature string, text []byte, h hash.Hash, room []byte) bool
}

// newVerifyingKey derives what verifies a claim from the secret of its key. The entry
// has no name yet.
func newVerifyingKey(s secret.Value, version uint64, c *claim) *cachedKey {
	e := &cachedKey{version: version}
	if c.algorithm == ecdsaP256 {
		e.verifying = deriveECDSA(s, c.accessKeyID)
	} else {
		e.signing.derive(s, c.date, c.region, c.service)
		e.verifying = &e.signing
	}
	return e
}

// appendKeyName writes the name that the key of a claim is remembered under: the
// algorithm with the credential or, for SigV4A, whose key is that of all scopes,
// with the access key id. The algorithm comes first, and ends at a character that
// it does not have, so that no key has the name of one of the other algorithm.
func (c *claim) appendKeyName(b []byte) []byte {
	b = append(append(b, c.algorithm...), '/')
	if c.algorithm == ecdsaP256 {
		return append(b, c.accessKeyID...)
	}
	return append(b, c.credential...)
}

func (k *signingKey) verifies(signature string, text []byte, h hash.Hash, room []byte) bool {
	claimed, wellFormed := decodeSignature(signature)
	return subtle.ConstantTimeCompare(k.sum(h, text, room), claimed[:]) == 1 && wellFormed
}

// chunkSignatureLen is the length of the signature of a chunk or trailer on
// the wire, which is fixed.
func (a algorithm) chunkSignatureLen() int {
	if a == ecdsaP256 {
		return 2 * maxDER
	}
	return 2 * sha256.Size
}

// unpadded is the signature of a chunk or trailer without what fills it up.
func (a algorithm) unpadded(signature string) string {
	if a == ecdsaP256 {
		return strings.TrimRight(signature, ecdsaPadding)
	}
	return signature
}
