package oidc_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/oidc"
)

// FuzzToken: no text is a token that a key of the provider did not sign, and none
// makes anything but an *oidc.Error.
func FuzzToken(f *testing.F) {
	token := sign(p256(), header("ES256", "one"), claims(nil))
	for _, seed := range []string{"", ".", "..", token, token + ".", " " + token, strings.ToLower(token), respell(token),
		sign(nil, header("none", ""), claims(nil)), encode("{}") + "." + encode("{}") + ".", encode(`{"alg":"ES256"}`) + "." + encode("[]") + ".AA"} {
		f.Add(seed)
	}
	p := offline(public("one", p256()))
	v := newVerifier(f, p)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := oidc.Issuer(text)
		if kind := kindOf(t, err); kind != "" && kind != "malformed" && kind != "untrusted" {
			t.Error(err)
		}
		c, version, err := v.Verify(t.Context(), p, text, now)
		if kind := kindOf(t, err); kind == "" && text != token || (c == nil) == (err == nil) || (version == 0) == (err == nil) {
			t.Errorf("%q: %v, %d, %v", text, c, version, err)
		}
	})
}

// FuzzClaims signs whatever it is: what is accepted says what it says to
// encoding/json, too, and has all that it must have.
func FuzzClaims(f *testing.F) {
	good, _ := json.Marshal(claims(nil))
	head, _ := json.Marshal(header("EdDSA", "one"))
	for _, seed := range []string{string(good), "{}", "null", `{"iss":"a","iss":"b"}`, `{"a":[[[[]]]],"\u0061":1}`, `{"sub":"\ud800"}`, `{"exp":1e400,"iat":-0,"nbf":1.5}`,
		`{"iss":"` + issuer + `","sub":"s","azp":"other","iat":1.5e9,"exp":1.79e9,"aud":["x",""]}`} {
		f.Add(string(head), seed)
	}
	f.Add(`{"alg":"EdDSA","crit":[]}`, string(good))
	p := offline(public("one", ed()))
	p.Algorithms = []string{"EdDSA"}
	v := newVerifier(f, p)
	f.Fuzz(func(t *testing.T, head, payload string) {
		token := sign(ed(), head, payload)
		c, _, err := v.Verify(t.Context(), p, token, now)
		if kindOf(t, err) != "" {
			return
		}
		var oracle map[string]any
		if err := json.Unmarshal([]byte(payload), &oracle); err != nil {
			t.Fatalf("%q was accepted: %v", payload, err)
		}
		if oracle["iss"] != issuer || c.Issuer != issuer || oracle["sub"] != c.Subject || c.Subject == "" || len(oracle) != len(c.All) {
			t.Errorf("%+v of %q", c, payload)
		}
		if party, _ := oracle["azp"].(string); party != "" && party != c.Audience || party == "" && !slices.Contains(c.Audiences, c.Audience) || !slices.Contains(p.Audiences, c.Audience) {
			t.Errorf("the audience %q of %q", c.Audience, payload)
		}
		if !c.Expires.After(now) || c.IssuedAt.After(now.Add(oidc.Leeway)) || c.NotBefore.After(now.Add(oidc.Leeway)) {
			t.Errorf("%+v holds now", c)
		}
		if issuer, err := oidc.Issuer(token); issuer != c.Issuer || err != nil {
			t.Error(issuer, err)
		}
	})
}

// FuzzKeySet: what a provider publishes is read or refused.
func FuzzKeySet(f *testing.F) {
	f.Add(offline(public("one", rsaKey()), public("two", p256()), public("", ed())).JWKS)
	for _, seed := range []string{"", "{}", `{"keys":[]}`, `{"keys":[null,{},{"kty":"RSA","n":"","e":""}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","key_ops":["verify"],"alg":"ES256"}]}`, "<html>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &oidc.Provider{Issuer: issuer, Audiences: []string{audience}, JWKS: text}
		problems := p.Check()
		v := newVerifier(t, p)
		s := v.Status()[0]
		if len(text) > 0 && s.Keys > 0 && s.Error != "" || s.Keys > oidc.MaxKeys || s.Offline && s.Keys == 0 && len(problems) == 0 {
			t.Errorf("%+v, %v", s, problems)
		}
		if s.Offline {
			// What somebody else signs stays untrusted, or nothing can be said.
			_, _, err := v.Verify(t.Context(), p, fuzzed(), now)
			if kind := kindOf(t, err); kind != "untrusted" && kind != "unreachable" {
				t.Error(kind, err)
			}
		}
	})
}

// fuzzed is signed with a key that nobody publishes.
func fuzzed() string { return unpublished }

var unpublished = sign(p384(), header("ES384", ""), claims(nil))

// FuzzDiscovery: where keys are is an https URL, in a configuration of the issuer
// alone.
func FuzzDiscovery(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"issuer":"` + issuer + `","jwks_uri":"https://keys.example.com/keys?a=b"}`, `{"issuer":"` + issuer + `","jwks_uri":"https://a:b@c/#"}`,
		`{"issuer":"` + issuer + `","jwks_uri":"HTTPS://[::1%25eth0]:1/"}`, `{"issuer":"` + issuer + `","jwks_uri":"https:keys"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		address, err := oidc.ReadDiscovery(text, issuer)
		if err != nil {
			return
		}
		var oracle struct {
			Issuer string `json:"issuer"`
			URI    string `json:"jwks_uri"`
		}
		_ = json.Unmarshal(text, &oracle)
		if len(address) < 9 || !strings.EqualFold(address[:8], "https://") || strings.ContainsAny(address[8:], "#") || !strings.Contains(string(text), "issuer") {
			t.Errorf("%q from %q", address, text)
		}
	})
}
