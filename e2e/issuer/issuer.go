// Package issuer signs JSON Web Tokens as identity providers do, those of Kubernetes
// among them, and tokens that no provider would make.
package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"time"
)

// Key signs tokens.
type Key struct {
	// ID is the key's "kid", Algorithm its "alg": RS256 or ES256.
	ID, Algorithm string

	private crypto.Signer
}

// NewKey makes a key for an algorithm.
func NewKey(algorithm string) (*Key, error) {
	k := &Key{ID: rand.Text()[:10], Algorithm: algorithm}
	var err error
	switch algorithm {
	case "RS256":
		k.private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("no keys for the algorithm %q", algorithm)
	}
	return k, err
}

// Claims are what a token says.
type Claims map[string]any

// With is a copy in which names and values, in turn, stand in the place of others; a
// value of nil takes a claim out.
func (c Claims) With(pairs ...any) Claims {
	c = maps.Clone(c)
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if c[name] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, name)
		}
	}
	return c
}

// ServiceAccount are the claims of a Kubernetes service account, as a projected
// volume has its token.
func ServiceAccount(url, namespace, name string, audiences ...string) Claims {
	now := time.Now()
	return Claims{
		"iss": url, "sub": "system:serviceaccount:" + namespace + ":" + name, "aud": audiences,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": rand.Text(),
		"kubernetes.io": map[string]any{
			"namespace":      namespace,
			"serviceaccount": map[string]any{"name": name, "uid": "6cc1bf5b-7a31-4b1c-8a53-f1e2d83f6a40"},
			"pod":            map[string]any{"name": name + "-0", "uid": "1f1e3f4a-95a6-4f3b-9a77-44b5a5b7cf15"},
		},
	}
}

// Token is a signed token.
func (k *Key) Token(c Claims) string {
	text := k.unsigned(map[string]any{"alg": k.Algorithm, "kid": k.ID}, c)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		if r, s, err = ecdsa.Sign(rand.Reader, private, digest[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	default:
		signature, err = private.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	if err != nil {
		panic(err) // of a key made here
	}
	return text + "." + encode(signature)
}

// Unsigned is a token of the algorithm "none".
func (k *Key) Unsigned(c Claims) string {
	return k.unsigned(map[string]any{"alg": "none", "kid": k.ID}, c) + "."
}

// Confused is a token that the public key signs, as PEM, with HS256: for who takes
// the algorithm from the token and the key for a secret.
func (k *Key) Confused(c Claims) string {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		panic(err)
	}
	text := k.unsigned(map[string]any{"alg": "HS256", "kid": k.ID}, c)
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func (k *Key) unsigned(header map[string]any, c Claims) string {
	h, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return encode(h) + "." + encode(b)
}

// KeySet is a JSON Web Key Set of the public keys.
func KeySet(keys ...*Key) []byte {
	set := []map[string]string{}
	for _, k := range keys {
		jwk := map[string]string{"kid": k.ID, "alg": k.Algorithm, "use": "sig"}
		switch public := k.private.Public().(type) {
		case *rsa.PublicKey:
			jwk["kty"], jwk["n"], jwk["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
		case *ecdsa.PublicKey:
			point, err := public.Bytes()
			if err != nil {
				panic(err)
			}
			jwk["kty"], jwk["crv"], jwk["x"], jwk["y"] = "EC", "P-256", encode(point[1:33]), encode(point[33:])
		}
		set = append(set, jwk)
	}
	text, err := json.Marshal(map[string]any{"keys": set})
	if err != nil {
		panic(err)
	}
	return text
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
