package oidc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// keySet is the keys of a provider that can verify tokens. It is immutable.
type keySet struct {
	keys []*key
	// version is another for every content.
	version uint64
	digest  [sha256.Size]byte
}

// key is a public key and what it is for.
type key struct {
	id         string // empty if it has none
	public     crypto.PublicKey
	algorithms []string
	digest     []byte
}

// readKeySet reads a JSON Web Key Set (RFC 7517). Keys that cannot verify tokens
// are passed over, as it demands; unusable tells why.
func readKeySet(data []byte) (set *keySet, unusable []string, err error) {
	if len(data) > MaxKeySet {
		return nil, nil, fmt.Errorf("the key set has more than %d bytes", MaxKeySet)
	}
	members, err := readObject(data)
	if err != nil {
		return nil, nil, fmt.Errorf("the key set: %w", err)
	}
	var list []json.RawMessage
	if raw := members["keys"]; len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, nil, errors.New(`the key set has no list "keys"`)
	}
	if len(list) > MaxKeys {
		return nil, nil, fmt.Errorf("the key set has %d keys, more than %d", len(list), MaxKeys)
	}
	set = &keySet{}
	for i, raw := range list {
		k, err := readKey(raw)
		if err != nil {
			unusable = append(unusable, fmt.Sprintf("key %d: %v", i+1, err))
			continue
		}
		set.keys = append(set.keys, k)
	}
	set.digest = digestOf(set.keys)
	return set, unusable, nil
}

// digestOf is the same for the same keys, in whatever order.
func digestOf(keys []*key) [sha256.Size]byte {
	digests := make([][]byte, len(keys))
	for i, k := range keys {
		digests[i] = k.digest
	}
	slices.SortFunc(digests, bytes.Compare)
	return sha256.Sum256(bytes.Join(digests, nil))
}

func readKey(raw json.RawMessage) (*key, error) {
	jwk, err := readObject(raw)
	if err != nil {
		return nil, err
	}
	k := &key{}
	var ok bool
	if k.id, ok = jwk.text("kid"); !ok {
		return nil, errors.New(`"kid" is no string`)
	}
	if use, ok := jwk.text("use"); !ok || use != "" && use != "sig" {
		return nil, fmt.Errorf("%s is not for signatures (\"use\")", name(k.id))
	}
	if _, there := jwk["key_ops"]; there {
		if operations, ok := jwk.texts("key_ops", false); !ok || !slices.Contains(operations, "verify") {
			return nil, fmt.Errorf("%s is not to verify with (\"key_ops\")", name(k.id))
		}
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth", "priv"} {
		if _, there := jwk[private]; there {
			return nil, fmt.Errorf("%s is not a public key: it has %q", name(k.id), private)
		}
	}
	if k.public, err = readPublic(jwk); err != nil {
		return nil, fmt.Errorf("%s: %w", name(k.id), err)
	}
	if k.algorithms, err = suits(k.public); err != nil {
		return nil, fmt.Errorf("%s: %w", name(k.id), err)
	}
	algorithm, ok := jwk.text("alg")
	if !ok || algorithm != "" && !slices.Contains(k.algorithms, algorithm) {
		return nil, fmt.Errorf("%s has the algorithm %s, which does not suit it or is not supported", name(k.id), name(algorithm))
	}
	if algorithm != "" {
		k.algorithms = []string{algorithm}
	}
	thumbprint, err := (&jose.JSONWebKey{Key: k.public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name(k.id), err)
	}
	text := sha256.Sum256([]byte(fmt.Sprintf("%q %q %x", k.id, algorithm, thumbprint)))
	k.digest = text[:]
	return k, nil
}

// readPublic lets the library read what makes up the key, and none of the
// certificates that may stand beside it.
func readPublic(jwk object) (crypto.PublicKey, error) {
	bare := object{}
	for _, member := range []string{"kty", "crv", "x", "y", "n", "e"} {
		if raw, there := jwk[member]; there {
			bare[member] = raw
		}
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return nil, err
	}
	var read jose.JSONWebKey
	if err := read.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	return read.Key, nil
}

// suits is the algorithms that a key is good for.
func suits(public crypto.PublicKey) ([]string, error) {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("an RSA key has between %d and %d bits, not %d", minRSA, maxRSA, bits)
		}
		if public.E < 3 || public.E%2 == 0 || public.N.Bit(0) == 0 {
			return nil, errors.New("it is no RSA key")
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, errors.New("this type of key is not supported")
}

// candidates are the keys that may have signed a token: those of its id, or all
// if it names none, that suit its algorithm.
func (s *keySet) candidates(t *Token) []*key {
	var found []*key
	for _, k := range s.keys {
		if (t.keyID == "" || k.id == t.keyID) && slices.Contains(k.algorithms, t.algorithm) {
			found = append(found, k)
		}
	}
	return found
}

// has tells whether there is a key of an id.
func (s *keySet) has(id string) bool {
	return slices.ContainsFunc(s.keys, func(k *key) bool { return k.id == id })
}
