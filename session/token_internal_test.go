package session

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
)

// These tests make tokens with keys that no key file would hold.

var start = time.Unix(1_767_225_600, 0)

func sealing(n int) bundle.SealingKey {
	return bundle.SealingKey{ID: fmt.Sprintf("%08x", n), Key: secret.New(strings.Repeat(string(rune('a'+n)), 32))}
}

func issuer(n int) (*bundle.IssuerKey, bundle.TrustedKey) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n)}, ed25519.SeedSize))
	id := fmt.Sprintf("%08x", n)
	return &bundle.IssuerKey{ID: id, Private: private}, bundle.TrustedKey{ID: id, Public: private.Public().(ed25519.PublicKey)}
}

// sessionKeys are those of an issuer with one sealing key.
func sessionKeys() *bundle.SessionKeys {
	private, public := issuer(1)
	return &bundle.SessionKeys{Deployment: "test", Sealing: []bundle.SealingKey{sealing(1)}, Issuer: private, Trusted: []bundle.TrustedKey{public}}
}

func make1(t testing.TB, keys *bundle.SessionKeys, p *payload) (token string, s secret.Value) {
	t.Helper()
	token, s, _, ok := newToken(keys, p)
	if !ok {
		t.Fatal("no token")
	}
	return token, s
}

func TestToken(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	token, s := make1(t, keys, full())
	g, ok := openToken(keys, token, start)
	if !ok {
		t.Fatal("the token does not open")
	}
	if diff := cmp.Diff(full(), g.payload, comparePayloads); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !g.secret.Equal(s) || len(s.Reveal()) != 40 {
		t.Errorf("the secret is another one, or has %d characters", len(s.Reveal()))
	}
	other, otherSecret := make1(t, keys, full())
	p := full()
	p.name = "s2"
	third, thirdSecret := make1(t, keys, p)
	if other == token {
		t.Error("two tokens are the same")
	}
	if !otherSecret.Equal(s) {
		t.Error("the secret does not follow from what the token holds")
	}
	if thirdSecret.Equal(s) {
		t.Error("the secret does not change with the session")
	}
	if g3, ok := openToken(keys, third, start); !ok || g3.version == g.version {
		t.Error("the version does not change with the secret")
	}
}

// TestTokenBits changes every bit of a token.
func TestTokenBits(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	token, _ := make1(t, keys, full())
	raw, err := encoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if _, ok := openToken(keys, encoding.EncodeToString(raw), start); ok {
				t.Errorf("byte %d, bit %d does not matter", i, bit)
			}
			raw[i] ^= 1 << bit
		}
	}
	for n := range token {
		if _, ok := openToken(keys, token[:n], start); ok {
			t.Errorf("the first %d of %d characters are taken for all", n, len(token))
		}
		changed := []byte(token)
		for _, c := range []byte("A_=\n ") {
			changed[n] = c
			if _, ok := openToken(keys, string(changed), start); ok && string(changed) != token {
				t.Errorf("character %d can be %q, too", n, c)
			}
		}
	}
	for _, more := range []string{"A", "AAAA", "=", "\n"} {
		if _, ok := openToken(keys, token+more, start); ok {
			t.Errorf("%q can stand behind the token", more)
		}
	}
}

// TestTokenVersions seals what another version of Sallyport might have.
func TestTokenVersions(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	token, _ := make1(t, keys, full())
	raw, _ := encoding.DecodeString(token)
	for _, version := range []byte{0, 2, 255} {
		raw[0] = version
		if _, ok := openToken(keys, encoding.EncodeToString(raw), start); ok {
			t.Errorf("version %d opens", version)
		}
	}
	// The same, sealed for another purpose.
	text, _, _ := unseal(keys, tokenLabel, token, start)
	sealed, _ := seal(keys, messageLabel, text)
	if _, ok := openToken(keys, sealed, start); ok {
		t.Error("a message opens as a token")
	}
}

// TestIssuers is of issuers that share sealing keys and know each other's public
// keys.
func TestIssuers(t *testing.T) {
	t.Parallel()
	one, onePublic := issuer(1)
	two, twoPublic := issuer(2)
	both := []bundle.TrustedKey{onePublic, twoPublic}
	shared := []bundle.SealingKey{sealing(1)}
	first := &bundle.SessionKeys{Deployment: "test", Sealing: shared, Issuer: one, Trusted: both}
	second := &bundle.SessionKeys{Deployment: "test", Sealing: shared, Issuer: two, Trusted: both}
	verifier := &bundle.SessionKeys{Deployment: "test", Sealing: shared, Trusted: both}
	for _, from := range []*bundle.SessionKeys{first, second} {
		token, _ := make1(t, from, full())
		for _, at := range []*bundle.SessionKeys{first, second, verifier} {
			if _, ok := openToken(at, token, start); !ok {
				t.Error("a genuine token does not open")
			}
		}
		for name, at := range map[string]*bundle.SessionKeys{
			"no keys":                     nil,
			"empty keys":                  {},
			"no trusted issuer":           {Deployment: "test", Sealing: shared},
			"another deployment":          {Deployment: "other", Sealing: shared, Trusted: both},
			"another sealing key":         {Deployment: "test", Sealing: []bundle.SealingKey{sealing(2)}, Trusted: both},
			"another one of the same id":  {Deployment: "test", Sealing: []bundle.SealingKey{{ID: sealing(1).ID, Key: sealing(2).Key}}, Trusted: both},
			"an issuer's id, another key": {Deployment: "test", Sealing: shared, Trusted: []bundle.TrustedKey{{ID: onePublic.ID, Public: twoPublic.Public}, {ID: twoPublic.ID, Public: onePublic.Public}}},
		} {
			if _, ok := openToken(at, token, start); ok {
				t.Errorf("%s: the token opens", name)
			}
		}
	}
	if _, _, _, ok := newToken(verifier, full()); ok {
		t.Error("who has no issuer key makes a token")
	}
}

// TestSealingKeyAlone is of somebody who has the sealing keys and signs with a key
// of his own.
func TestSealingKeyAlone(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	forger, _ := issuer(9)
	forged := *keys
	forged.Issuer = forger
	token, _ := make1(t, &forged, full())
	if _, ok := openToken(keys, token, start); ok {
		t.Error("an issuer that nobody knows is believed")
	}
	forged.Issuer = &bundle.IssuerKey{ID: keys.Issuer.ID, Private: forger.Private}
	token, _ = make1(t, &forged, full())
	if _, ok := openToken(keys, token, start); ok {
		t.Error("an issuer's id is believed without its key")
	}
	// A genuine signature over something else.
	genuine, _ := make1(t, keys, full())
	text, _, _ := unseal(keys, tokenLabel, genuine, start)
	p := full()
	p.id = "AROAADMIN"
	sealed, _ := seal(keys, tokenLabel, appendPacked(bytes.Clone(text[:signedHeader]), p.append(nil)))
	if _, ok := openToken(keys, sealed, start); ok {
		t.Error("a signature is believed over another payload")
	}
	sealed, _ = seal(keys, tokenLabel, text[:signedHeader-1])
	if _, ok := openToken(keys, sealed, start); ok {
		t.Error("half of a signature is believed")
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	token, s := make1(t, keys, full())
	rotated := *keys
	rotated.Sealing = []bundle.SealingKey{sealing(2), sealing(1)}
	g, ok := openToken(&rotated, token, start)
	if !ok || !g.secret.Equal(s) {
		t.Error("a token of the key before does not open, or has another secret")
	}
	if newer, _ := make1(t, &rotated, full()); newer == token {
		t.Error("the same token")
	} else if _, ok := openToken(keys, newer, start); ok {
		t.Error("the first key does not seal")
	}
	rotated.Sealing = rotated.Sealing[:1]
	if _, ok := openToken(&rotated, token, start); ok {
		t.Error("a key that is gone opens")
	}
}

// TestRetiredKeys is of keys that may be used until the last session has ended which
// was made with them.
func TestRetiredKeys(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	token, _ := make1(t, keys, full())
	until := start.Add(time.Hour)
	for name, retire := range map[string]func(*bundle.SessionKeys){
		"sealing":                  func(k *bundle.SessionKeys) { k.Sealing[0].Until = until },
		"issuer":                   func(k *bundle.SessionKeys) { k.Trusted[0].Until = until },
		"both, the issuer's last":  func(k *bundle.SessionKeys) { k.Sealing[0].Until, k.Trusted[0].Until = until, until.Add(time.Hour) },
		"both, the sealing's last": func(k *bundle.SessionKeys) { k.Sealing[0].Until, k.Trusted[0].Until = until.Add(time.Hour), until },
	} {
		retired := sessionKeys()
		retire(retired)
		if g, ok := openToken(retired, token, until.Add(-1)); !ok || !g.until.Equal(until) {
			t.Errorf("%s: the key does not open until %v", name, until)
		}
		if _, ok := openToken(retired, token, until); ok {
			t.Errorf("%s: the key opens for ever", name)
		}
	}
}

func TestTokenSize(t *testing.T) {
	t.Parallel()
	keys := sessionKeys()
	p := full()
	var noise strings.Builder
	for i := range 200 {
		fmt.Fprintf(&noise, "%x", i*7919*7919)
	}
	p.policy = noise.String()
	for len(p.policy) > 0 {
		token, _, size, ok := newToken(keys, p)
		if ok != (size <= maxToken) || ok && len(token) != size {
			t.Fatalf("a token of %d characters, said to be of %d: %v", len(token), size, ok)
		}
		p.policy += p.policy[:61]
		if !ok {
			return
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	keys := sessionKeys()
	token, _ := make1(f, keys, full())
	f.Add(token)
	f.Add(token[:len(token)-1])
	f.Fuzz(func(t *testing.T, changed string) {
		g, ok := openToken(keys, changed, start)
		// The workers of the fuzzer make tokens of their own, which are genuine.
		if ok && !cmp.Equal(full(), g.payload, comparePayloads) {
			t.Errorf("%q opens as %+v", changed, g.payload)
		}
	})
}

func BenchmarkNewToken(b *testing.B) {
	keys := sessionKeys()
	plain := full()
	plain.policy, plain.policyARNs = "", nil
	for name, p := range map[string]*payload{"plain": plain, "policy": full()} {
		if p.policy != "" {
			p.policy = strings.Repeat(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},`, 20)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				newToken(keys, p)
			}
		})
	}
}

func BenchmarkOpenToken(b *testing.B) {
	keys := sessionKeys()
	token, _ := make1(b, keys, full())
	for b.Loop() {
		openToken(keys, token, start)
	}
}
