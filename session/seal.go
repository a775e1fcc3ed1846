package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
)

// A sealed text is
//
//	version (1 byte) ‖ id of the sealing key (4) ‖ salt (24) ‖ AES-256-GCM
//
// in base64url without padding. Each has a key of its own, derived from the
// sealing key and the salt, so that the nonce can be zero. What stands in front is
// authenticated, as is the label.
const (
	sealVersion = 1
	keyIDSize   = 4
	saltSize    = 24
	headerSize  = 1 + keyIDSize + saltSize
	sealTagSize = 16
)

// The labels keep what is sealed for one purpose from being opened for another.
const (
	tokenLabel   = "sallyport session token 1"
	secretLabel  = "sallyport session secret 1"
	issuerLabel  = "sallyport session issuer 1"
	messageLabel = "sallyport message 1"
)

var encoding = base64.RawURLEncoding.Strict()

// sealedSize is how many characters a text of n bytes has when it is sealed.
func sealedSize(n int) int { return encoding.EncodedLen(headerSize + n + sealTagSize) }

// seal seals a text with the first sealing key.
func seal(keys *bundle.SessionKeys, label string, text []byte) (sealed string, ok bool) {
	if len(keys.Sealing) == 0 {
		return "", false
	}
	key := keys.Sealing[0]
	b := make([]byte, headerSize, headerSize+len(text)+sealTagSize)
	b[0] = sealVersion
	if id, err := hex.DecodeString(key.ID); err != nil || copy(b[1:], id) != keyIDSize {
		return "", false
	}
	_, _ = rand.Read(b[1+keyIDSize:]) // never fails
	aead, ok := sealer(key.Key, label, b[1+keyIDSize:headerSize])
	if !ok {
		return "", false
	}
	//nolint:gosec // G407: the key is used for this text alone
	return encoding.EncodeToString(aead.Seal(b, make([]byte, aead.NonceSize()), text, b)), true
}

// unseal opens what seal made, with any of the sealing keys that open something at
// a time; without a time, with any of them.
func unseal(keys *bundle.SessionKeys, label, sealed string, now time.Time) (text []byte, key *bundle.SealingKey, ok bool) {
	// The decoder overlooks ends of lines: there would be many ways to write a text.
	if strings.ContainsAny(sealed, "\r\n") {
		return nil, nil, false
	}
	b, err := encoding.DecodeString(sealed)
	if err != nil || len(b) < headerSize+sealTagSize || b[0] != sealVersion {
		return nil, nil, false
	}
	id := hex.EncodeToString(b[1 : 1+keyIDSize])
	for i := range keys.Sealing {
		k := &keys.Sealing[i]
		if k.ID != id || isOver(k.Until, now) {
			continue
		}
		aead, ok := sealer(k.Key, label, b[1+keyIDSize:headerSize])
		if !ok {
			continue
		}
		if text, err := aead.Open(nil, make([]byte, aead.NonceSize()), b[headerSize:], b[:headerSize]); err == nil {
			return text, k, true
		}
	}
	return nil, nil, false
}

// isOver tells whether a retired key is of no use any more.
func isOver(until, now time.Time) bool { return !until.IsZero() && !now.Before(until) }

// sealer is the cipher of one sealed text.
func sealer(key secret.Value, label string, salt []byte) (cipher.AEAD, bool) {
	derived, ok := derive(key, label, salt)
	if !ok {
		return nil, false
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, false
	}
	aead, err := cipher.NewGCM(block)
	return aead, err == nil
}

// derive makes a key of 32 bytes of a sealing key.
func derive(key secret.Value, label string, salt []byte) ([]byte, bool) {
	if key.IsEmpty() {
		return nil, false
	}
	derived, err := hkdf.Key(sha256.New, []byte(key.Reveal()), salt, label, sha256.Size)
	return derived, err == nil
}
