package session

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
)

// The text that a token seals is
//
//	id of the issuer's key (4) ‖ Ed25519 signature (64) ‖ packed payload
//
// Who has the sealing keys alone can open tokens, and make none.
const (
	signedHeader = keyIDSize + ed25519.SignatureSize
	// maxToken is the most characters of a token.
	maxToken = 4096
	// minToken is the fewest.
	minToken = (headerSize + signedHeader + sealTagSize) * 4 / 3
)

// genuine is what a token that was opened holds.
type genuine struct {
	payload *payload
	secret  secret.Value
	version uint64
	// until is when one of the keys that it was made with, which are retired, is of
	// no use any more; zero if none is.
	until time.Time
}

// newToken makes the token of a payload. ok is false if these keys issue none, or
// if it would be too long; size is how long it is, or would be.
func newToken(keys *bundle.SessionKeys, p *payload) (token string, s secret.Value, size int, ok bool) {
	if keys == nil || keys.Issuer == nil || len(keys.Sealing) == 0 {
		return "", secret.Value{}, 0, false
	}
	id, err := hex.DecodeString(keys.Issuer.ID)
	if err != nil || len(id) != keyIDSize {
		return "", secret.Value{}, 0, false
	}
	raw := p.append(make([]byte, 0, 1024))
	text := make([]byte, signedHeader, signedHeader+1+len(raw))
	text = appendPacked(text, raw)
	size = sealedSize(len(text))
	if len(raw) > maxPayload || size > maxToken {
		return "", secret.Value{}, max(size, maxToken+1), false
	}
	copy(text, id)
	copy(text[keyIDSize:], ed25519.Sign(keys.Issuer.Private, signedText(keys.Deployment, text[signedHeader:])))
	if token, ok = seal(keys, tokenLabel, text); !ok {
		return "", secret.Value{}, size, false
	}
	s, _, ok = secretOf(keys.Sealing[0].Key, text)
	return token, s, size, ok
}

// openToken is the payload of a token that an issuer of this deployment made.
func openToken(keys *bundle.SessionKeys, token string, now time.Time) (*genuine, bool) {
	if keys == nil || len(token) < minToken || len(token) > maxToken {
		return nil, false
	}
	text, key, ok := unseal(keys, tokenLabel, token, now)
	if !ok || len(text) < signedHeader {
		return nil, false
	}
	issuer := issuerOf(keys, text, now)
	if issuer == nil {
		return nil, false
	}
	raw, ok := unpack(text[signedHeader:], maxPayload)
	if !ok {
		return nil, false
	}
	p, err := parsePayload(raw)
	if err != nil {
		return nil, false
	}
	g := &genuine{payload: p, until: key.Until}
	if g.until.IsZero() || !issuer.Until.IsZero() && issuer.Until.Before(g.until) {
		g.until = issuer.Until
	}
	g.secret, g.version, ok = secretOf(key.Key, text)
	return g, ok
}

// issuerOf is the key that signed what a token seals; nil if none did.
func issuerOf(keys *bundle.SessionKeys, text []byte, now time.Time) *bundle.TrustedKey {
	id := hex.EncodeToString(text[:keyIDSize])
	for i := range keys.Trusted {
		k := &keys.Trusted[i]
		if k.ID == id && !isOver(k.Until, now) && len(k.Public) == ed25519.PublicKeySize &&
			ed25519.Verify(k.Public, signedText(keys.Deployment, text[signedHeader:]), text[keyIDSize:signedHeader]) {
			return k
		}
	}
	return nil
}

// signedText is what an issuer signs.
func signedText(deployment string, packed []byte) []byte {
	b := make([]byte, 0, len(issuerLabel)+len(deployment)+len(packed)+4)
	b = appendText(appendText(b, issuerLabel), deployment)
	return append(b, packed...)
}

// secretSize is how many bytes make the 40 characters of a secret.
const secretSize = 30

// secretOf derives the secret access key of a session from what its token seals:
// who sees the token alone learns nothing of it. version is another number for
// each secret.
func secretOf(key secret.Value, text []byte) (s secret.Value, version uint64, ok bool) {
	derived, ok := derive(key, secretLabel, nil)
	if !ok {
		return secret.Value{}, 0, false
	}
	h := hmac.New(sha256.New, derived)
	h.Write(text)
	sum := h.Sum(nil)
	digest := sha256.Sum256(sum)
	return secret.New(base64.StdEncoding.EncodeToString(sum[:secretSize])), binary.BigEndian.Uint64(digest[:]), true
}
