package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"hash"

	"github.com/sallyport-iam/sallyport/secret"
)

const (
	// maxDER is the size of the longest ECDSA signature over P-256 in ASN.1 DER.
	maxDER = 72
	// ecdsaPadding fills the signature of a chunk up to a fixed length.
	ecdsaPadding = "*"
)

// ecdsaKey verifies SigV4A signatures of an access key: whatever their date,
// region and service. It holds the public point alone.
type ecdsaKey struct{ public *ecdsa.PublicKey }

// deriveECDSA derives the key pair of an access key and forgets its private
// half: the key derivation function of NIST SP 800-108 in counter mode, its
// outcomes tested as in FIPS 186-4 B.4.2.
func deriveECDSA(s secret.Value, accessKeyID string) *ecdsaKey {
	h := hmac.New(sha256.New, []byte("AWS4A"+s.Reveal()))
	text := append([]byte{0, 0, 0, 1}, ecdsaP256...)
	text = append(append(text, 0), accessKeyID...)
	counter := len(text)
	text = append(text, 0, 0, 0, 1, 0) // the counter, and the bits wanted: 256
	var scalar [sha256.Size]byte
	for c := byte(1); c < 0xff; c++ {
		text[counter] = c
		h.Reset()
		h.Write(text)
		increment(h.Sum(scalar[:0]))
		// The outcome k is good up to N-2, and the scalar is k+1. This refuses
		// what is not in [1, N-1], in constant time; 2²⁵⁶-1 has become 0.
		if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]); err == nil {
			public := private.PublicKey
			return &ecdsaKey{&public}
		}
	}
	return new(ecdsaKey)
}

// increment adds one to a big-endian number, in constant time; the largest
// becomes 0.
func increment(number []byte) {
	carry := uint(1)
	for i := len(number) - 1; i >= 0; i-- {
		carry += uint(number[i])
		number[i] = byte(carry)
		carry >>= 8
	}
}

// verifies accepts DER alone, in lower-case digits. Whoever has one signature
// can make a second of the same text (r, N-s); AWS takes both.
func (k *ecdsaKey) verifies(signature string, text []byte, h hash.Hash, room []byte) bool {
	h.Reset()
	h.Write(text)
	digest := h.Sum(room[:0])
	if len(signature) > 2*maxDER || k.public == nil {
		return false
	}
	der, wellFormed := appendDecoded(make([]byte, 0, maxDER), signature)
	return wellFormed && ecdsa.VerifyASN1(k.public, digest, der)
}
