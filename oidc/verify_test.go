package oidc_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/oidc"
)

// offline is a provider whose keys are given.
func offline(keys ...jose.JSONWebKey) *oidc.Provider {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	must(err)
	return &oidc.Provider{Issuer: issuer, Audiences: []string{audience, "other"}, JWKS: text}
}

func newVerifier(t testing.TB, providers ...*oidc.Provider) *oidc.Verifier {
	t.Helper()
	v := oidc.New(oidc.Options{})
	v.Use(providers)
	t.Cleanup(v.Close)
	return v
}

// kindOf is the kind of an error, "" for none.
func kindOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*oidc.Error](err)
	if !ok {
		t.Fatalf("%T is no *oidc.Error: %v", err, err)
	}
	return e.Kind.String()
}

// verdict is a token and what becomes of it.
type verdict struct {
	name  string
	token string
	kind  string // "" if it is accepted
	cause string // a part of the error
}

func judge(t *testing.T, p *oidc.Provider, list []verdict) {
	t.Helper()
	v := newVerifier(t, p)
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			claims, version, err := v.Verify(t.Context(), p, c.token, now)
			if kind := kindOf(t, err); kind != c.kind || err != nil && !strings.Contains(err.Error(), c.cause) {
				t.Fatalf("%q, %v; want %q, %s", kind, err, c.kind, c.cause)
			}
			if (claims == nil) == (err == nil) || err == nil && version == 0 {
				t.Errorf("claims %v, version %d, error %v", claims, version, err)
			}
			if err != nil {
				for part := range strings.SplitSeq(c.token, ".") {
					if len(part) > 20 && strings.Contains(err.Error(), part) {
						t.Errorf("the error repeats the token: %v", err)
					}
				}
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := offline(public("one", rsaKey()), public("two", p256()))
	v := newVerifier(t, p)
	token := sign(rsaKey(), header("RS256", "one"), claims(map[string]any{
		"aud": []string{"elsewhere", audience}, "nbf": now.Unix() - 5, "exp": float64(now.Unix()) + 600.5, "groups": []string{"a"}}))
	c, version, err := v.Verify(t.Context(), p, token, now)
	if err != nil || version != v.Version(p) {
		t.Fatal(version, err)
	}
	want := &oidc.Claims{
		Issuer: issuer, Subject: "system:serviceaccount:default:app", Audience: audience, Audiences: []string{"elsewhere", audience},
		IssuedAt: now.Add(-10 * time.Second), NotBefore: now.Add(-5 * time.Second), Expires: now.Add(600*time.Second + 500*time.Millisecond),
		All: map[string]json.RawMessage{"iss": []byte(`"` + issuer + `"`), "sub": []byte(`"system:serviceaccount:default:app"`),
			"aud": []byte(`["elsewhere","` + audience + `"]`), "iat": []byte("1785499190"), "nbf": []byte("1785499195"), "exp": []byte("1785499800.5"), "groups": []byte(`["a"]`)},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if got, err := oidc.Issuer(token); got != issuer || err != nil {
		t.Error(got, err)
	}
}

func TestAlgorithms(t *testing.T) {
	t.Parallel()
	p := offline(public("rsa", rsaKey()), public("p256", p256()), public("p384", p384()), public("ed", ed()),
		jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rs512 alone", Algorithm: "RS512"},
		jose.JSONWebKey{Key: otherRSA().Public(), KeyID: "encryption", Use: "enc"},
		jose.JSONWebKey{Key: weakRSA().Public(), KeyID: "weak"})
	p.Algorithms = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none"} // the last two are to have no effect
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	must(err)
	spki := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)})
	judge(t, p, []verdict{
		{"RS256", sign(rsaKey(), header("RS256", "rsa"), claims(nil)), "", ""},
		{"PS256", sign(pss{rsaKey()}, header("PS256", "rsa"), claims(nil)), "", ""},
		{"ES256", sign(p256(), header("ES256", "p256"), claims(nil)), "", ""},
		{"ES384", sign(p384(), header("ES384", "p384"), claims(nil)), "", ""},
		{"EdDSA", sign(ed(), header("EdDSA", "ed"), claims(nil)), "", ""},
		{"none", sign(nil, header("none", ""), claims(nil)), "untrusted", `"none"`},
		{"none, and a kid", sign(nil, header("none", "rsa"), claims(nil)), "untrusted", `"none"`},
		{"None", sign(nil, header("None", "rsa"), claims(nil)), "untrusted", `"None"`},
		{"no signature", sign(nil, header("RS256", "rsa"), claims(nil)), "untrusted", "signature"},
		{"HS256 with the public key as SPKI", sign(spki, header("HS256", "rsa"), claims(nil)), "untrusted", `"HS256"`},
		{"HS256 with the public key as PKCS #1", sign(pkcs1, header("HS256", "rsa"), claims(nil)), "untrusted", `"HS256"`},
		{"HS256 with the modulus", sign(rsaKey().N.Bytes(), header("HS256", ""), claims(nil)), "untrusted", `"HS256"`},
		{"not of the provider's list", sign(rsaKey(), header("RS384", "rsa"), claims(nil)), "untrusted", `"RS384"`},
		{"PS256 said, RS256 done", sign(rsaKey(), header("PS256", "rsa"), claims(nil)), "untrusted", "signature"},
		{"a key of another curve", sign(p256(), header("ES256", "p384"), claims(nil)), "untrusted", "not for the token's algorithm"},
		{"a key of another type", sign(rsaKey(), header("RS256", "p256"), claims(nil)), "untrusted", "not for the token's algorithm"},
		{"the key's own algorithm", sign(rsaKey(), header("RS256", "rs512 alone"), claims(nil)), "untrusted", "not for the token's algorithm"},
		{"a key for encryption", sign(otherRSA(), header("RS256", "encryption"), claims(nil)), "untrusted", "no key"},
		{"a weak key", sign(weakRSA(), header("RS256", "weak"), claims(nil)), "untrusted", "no key"},
		{"another's key", sign(otherRSA(), header("RS256", "rsa"), claims(nil)), "untrusted", "signature"},
		{"no algorithm", sign(rsaKey(), `{"kid":"rsa"}`, claims(nil)), "malformed", `"alg"`},
	})
	usual := offline(public("rsa", rsaKey()), public("p256", p256()), public("ed", ed()))
	judge(t, usual, []verdict{
		{"usually RS256", sign(rsaKey(), header("RS256", "rsa"), claims(nil)), "", ""},
		{"usually ES256", sign(p256(), header("ES256", "p256"), claims(nil)), "", ""},
		{"usually no PS256", sign(pss{rsaKey()}, header("PS256", "rsa"), claims(nil)), "untrusted", "PS256"},
		{"usually no EdDSA", sign(ed(), header("EdDSA", "ed"), claims(nil)), "untrusted", "EdDSA"},
	})
}

// TestKeyIDs is about keys without an id, and ids that several keys have.
func TestKeyIDs(t *testing.T) {
	t.Parallel()
	judge(t, offline(public("same", otherRSA()), public("same", p256()), public("same", rsaKey())), []verdict{
		{"the third of an id", sign(rsaKey(), header("RS256", "same"), claims(nil)), "", ""},
		{"no id", sign(rsaKey(), header("RS256", ""), claims(nil)), "", ""},
		{"no id, and nobody's", sign(newRSA(2048), header("RS256", ""), claims(nil)), "untrusted", "signature"},
		{"another id", sign(rsaKey(), header("RS256", "Same"), claims(nil)), "untrusted", `no key "Same"`},
		{"an id that is no string", sign(rsaKey(), `{"alg":"RS256","kid":1}`, claims(nil)), "malformed", `"kid"`},
	})
	var many []jose.JSONWebKey
	for range 8 {
		many = append(many, public("same", p256()))
	}
	judge(t, offline(append(many, public("own", rsaKey()))...), []verdict{
		{"eight keys", sign(p256(), header("ES256", ""), claims(nil)), "", ""},
		{"one key of the algorithm", sign(rsaKey(), header("RS256", ""), claims(nil)), "", ""},
	})
	judge(t, offline(append(many, public("ninth", p256()))...), []verdict{
		{"nine keys", sign(p256(), header("ES256", ""), claims(nil)), "untrusted", "more than 8"},
		{"nine keys, and an id", sign(p256(), header("ES256", "ninth"), claims(nil)), "", ""},
	})
	judge(t, offline(public("", rsaKey())), []verdict{
		{"a key without id", sign(rsaKey(), header("RS256", ""), claims(nil)), "", ""},
		{"an id, and a key without", sign(rsaKey(), header("RS256", "one"), claims(nil)), "untrusted", `no key "one"`},
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	with := func(changes map[string]any) string {
		return sign(rsaKey(), header("RS256", "one"), claims(changes))
	}
	text := func(payload string) string { return sign(rsaKey(), header("RS256", "one"), payload) }
	deep := `{"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`
	unix := now.Unix()
	judge(t, offline(public("one", rsaKey())), []verdict{
		{"good", with(nil), "", ""},
		{"another issuer", with(map[string]any{"iss": "https://evil.example.com"}), "untrusted", "evil.example.com"},
		{"the issuer and a slash", with(map[string]any{"iss": issuer + "/"}), "untrusted", "issuer"},
		{"the issuer in capitals", with(map[string]any{"iss": strings.ToUpper(issuer)}), "untrusted", "issuer"},
		{"no issuer", with(map[string]any{"iss": nil}), "malformed", `"iss"`},
		{"a list of issuers", with(map[string]any{"iss": []string{issuer}}), "malformed", `"iss"`},
		{"no subject", with(map[string]any{"sub": nil}), "malformed", `"sub"`},
		{"an empty subject", with(map[string]any{"sub": ""}), "malformed", `"sub"`},
		{"a subject that is a number", with(map[string]any{"sub": 7}), "malformed", `"sub"`},
		{"another audience", with(map[string]any{"aud": "elsewhere"}), "untrusted", "audience"},
		{"no audience", with(map[string]any{"aud": nil}), "malformed", `"aud"`},
		{"an empty audience", with(map[string]any{"aud": ""}), "untrusted", "audience"},
		{"an audience that is an object", with(map[string]any{"aud": map[string]any{"a": audience}}), "malformed", `"aud"`},
		{"audiences that are not strings", with(map[string]any{"aud": []any{audience, 1}}), "malformed", `"aud"`},
		{"audiences with null", with(map[string]any{"aud": []any{nil, audience}}), "malformed", `"aud"`},
		{"a party in the place of the audience", with(map[string]any{"aud": "account", "azp": "other"}), "", ""},
		{"a party and no audience", with(map[string]any{"aud": nil, "azp": "other"}), "", ""},
		{"another party, our audience", with(map[string]any{"azp": "elsewhere"}), "untrusted", `"azp"`},
		{"an empty party", with(map[string]any{"azp": ""}), "", ""},
		{"a party that is a list", with(map[string]any{"azp": []string{audience}}), "malformed", `"azp"`},
		{"expired", with(map[string]any{"exp": unix - 1}), "expired", "expired at 2026-07-31T11:59:59Z"},
		{"expires now", with(map[string]any{"exp": unix}), "expired", ""},
		{"expires in half a second", with(map[string]any{"exp": float64(unix) + 0.5}), "", ""},
		{"never expires", with(map[string]any{"exp": nil}), "malformed", `"exp"`},
		{"expires as text", with(map[string]any{"exp": "1785500000"}), "malformed", `"exp"`},
		{"expires null", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":null}`), "malformed", `"exp"`},
		{"expires after 9999", with(map[string]any{"exp": 253402300800}), "malformed", `"exp"`},
		{"expires at infinity", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":1e999}`), "malformed", `"exp"`},
		{"expires before 1970", with(map[string]any{"exp": -5}), "malformed", `"exp"`},
		{"expires in a float's spelling", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":1.7855e+09}`), "", ""},
		{"not issued", with(map[string]any{"iat": nil}), "malformed", `"iat"`},
		{"issued within the leeway", with(map[string]any{"iat": unix + 60}), "", ""},
		{"issued in the future", with(map[string]any{"iat": unix + 61}), "not_yet_valid", "clocks"},
		{"valid within the leeway", with(map[string]any{"nbf": unix + 60}), "", ""},
		{"not yet valid", with(map[string]any{"nbf": unix + 61}), "not_yet_valid", "before"},
		{"not before text", with(map[string]any{"nbf": "now"}), "malformed", `"nbf"`},
		{"a subject twice", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":1785500000,"sub":"t"}`), "malformed", "twice"},
		{"a subject twice, once escaped", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":1785500000,"su\u0062":"t"}`), "malformed", "twice"},
		{"a member of a member twice", text(`{"iss":"` + issuer + `","sub":"s","aud":"other","iat":1,"exp":1785500000,"x":[{"a":1,"a":2}]}`), "malformed", "twice"},
		{"SUB is not sub", text(`{"iss":"` + issuer + `","SUB":"s","aud":"other","iat":1,"exp":1785500000}`), "malformed", `"sub"`},
		{"a lone surrogate", text(`{"iss":"` + issuer + `","sub":"\ud800","aud":"other","iat":1,"exp":1785500000}`), "malformed", "Unicode"},
		{"not UTF-8", text("{\"sub\":\"\xff\"}"), "malformed", "UTF-8"},
		{"nested", text(deep), "malformed", "deeper"},
		{"a list", text(`[]`), "malformed", "object"},
		{"text after", text(`{} {}`), "malformed", "valid"},
		{"a comma too many", text(`{"a":[1,],}`), "malformed", "valid"},
		{"a logout token", with(map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}), "untrusted", "events"},
		{"events of another kind", with(map[string]any{"events": 3}), "", ""},
		{"bound to a key", with(map[string]any{"cnf": map[string]any{"jkt": "x"}}), "untrusted", "cnf"},
	})
	none := offline(public("one", rsaKey()))
	none.Audiences = nil
	judge(t, none, []verdict{{"no audiences", with(nil), "untrusted", "audience"}})
}

func TestHeader(t *testing.T) {
	t.Parallel()
	with := func(changes map[string]any) string {
		return sign(rsaKey(), header("RS256", "one", changes), claims(nil))
	}
	own := jose.JSONWebKey{Key: otherRSA().Public(), KeyID: "theirs"}
	judge(t, offline(public("one", rsaKey())), []verdict{
		{"an access token", with(map[string]any{"typ": "at+jwt"}), "", ""},
		{"an access token in full", with(map[string]any{"typ": "application/AT+JWT"}), "", ""},
		{"no type", sign(rsaKey(), `{"alg":"RS256","kid":"one"}`, claims(nil)), "", ""},
		{"a logout token", with(map[string]any{"typ": "logout+jwt"}), "untrusted", "logout+jwt"},
		{"a proof of possession", with(map[string]any{"typ": "dpop+jwt"}), "untrusted", "dpop+jwt"},
		{"a type that is no string", with(map[string]any{"typ": 1}), "untrusted", "typ"},
		{"critical", with(map[string]any{"crit": []string{"exp"}}), "malformed", `"crit"`},
		{"critical, empty", with(map[string]any{"crit": []string{}}), "malformed", `"crit"`},
		{"not base64", with(map[string]any{"b64": false}), "malformed", `"b64"`},
		{"compressed", with(map[string]any{"zip": "DEF"}), "malformed", `"zip"`},
		{"where its keys are", with(map[string]any{"jku": "https://evil.example.com/keys", "x5u": "https://evil.example.com/"}), "", ""},
		{"a key of its own", sign(otherRSA(), header("RS256", "theirs", map[string]any{"jwk": own}), claims(nil)), "untrusted", `no key "theirs"`},
		{"a key of its own, no id", sign(otherRSA(), header("RS256", "", map[string]any{"jwk": own}), claims(nil)), "untrusted", "signature"},
		{"two algorithms", sign(rsaKey(), `{"alg":"none","alg":"RS256","kid":"one"}`, claims(nil)), "malformed", "twice"},
		{"ALG", sign(rsaKey(), `{"ALG":"RS256","kid":"one"}`, claims(nil)), "malformed", `"alg"`},
	})
}

func TestCompactOnly(t *testing.T) {
	t.Parallel()
	token := good()
	parts := strings.Split(token, ".")
	large := sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"x": strings.Repeat("x", oidc.MaxToken)}))
	judge(t, offline(public("one", rsaKey())), []verdict{
		{"empty", "", "malformed", ""},
		{"a word", "token", "malformed", "compact"},
		{"two parts", parts[0] + "." + parts[1], "malformed", "compact"},
		{"four parts", token + ".", "malformed", "compact"},
		{"five parts", token + ".a.b", "malformed", "compact"},
		{"JSON", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "malformed", "compact"},
		{"space before", " " + token, "malformed", "base64url"},
		{"a line break after", token + "\n", "malformed", "base64url"},
		{"a line break within", parts[0] + ".\r\n" + parts[1] + "." + parts[2], "malformed", "base64url"},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "==", "malformed", "base64url"},
		{"another spelling of the signature", respell(token), "malformed", "base64url"},
		{"another payload", parts[0] + "." + encode(claims(map[string]any{"sub": "root"})) + "." + parts[2], "untrusted", "signature"},
		{"too large", large, "malformed", "20000"},
	})
	if _, err := oidc.Issuer("token"); !errors.Is(err, oidc.ErrMalformed) {
		t.Error(err)
	}
	if _, err := oidc.Issuer(sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"iss": nil}))); !errors.Is(err, oidc.ErrMalformed) {
		t.Error(err)
	}
}

// respell changes bits at the end that do not count: 256 bytes leave four.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

// TestMuseum_31_audience: "aud" is a string or a list, and both are understood.
func TestMuseum_31_audience(t *testing.T) {
	t.Parallel()
	with := func(aud any) string {
		return sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"aud": aud}))
	}
	judge(t, offline(public("one", rsaKey())), []verdict{
		{"a string", with(audience), "", ""},
		{"a list of one", with([]string{audience}), "", ""},
		{"the last of a list", with([]string{"elsewhere", "somewhere", audience}), "", ""},
		{"an empty list", with([]string{}), "malformed", `"aud"`},
		{"a list without it", with([]string{"elsewhere"}), "untrusted", "audience"},
		{"a list in a string", with(`["` + audience + `"]`), "untrusted", "audience"},
		{"a list of lists", with([][]string{{audience}}), "malformed", `"aud"`},
		{"several in a string", with(audience + " other"), "untrusted", "audience"},
	})
}

// TestVerifyParsed verifies one token for providers that differ in their keys,
// algorithms and audiences: none is taken for another.
func TestVerifyParsed(t *testing.T) {
	t.Parallel()
	v := oidc.New(oidc.Options{})
	t.Cleanup(v.Close)
	good, same := offline(public("one", rsaKey())), offline(public("one", rsaKey()))
	others, elsewhere, curves := offline(public("one", otherRSA())), offline(public("one", rsaKey())), offline(public("one", rsaKey()))
	elsewhere.Audiences, curves.Algorithms = []string{"elsewhere"}, []string{"ES256"}
	v.Use([]*oidc.Provider{good, same, others, elsewhere, curves})
	token, err := oidc.Parse(sign(rsaKey(), header("RS256", "one"), claims(nil)))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range []*oidc.Provider{good, others, same, elsewhere, good, curves, others, good} {
		_, version, err := v.VerifyParsed(t.Context(), p, token, now)
		trusted, asked := p == good || p == same, p != elsewhere && p != curves // the keys
		if trusted != (err == nil) || asked != (version != 0) {
			t.Errorf("%d: %v, version %d", i, err, version)
		}
	}
	if _, _, err := v.VerifyParsed(t.Context(), good, token, now.Add(24*time.Hour)); kindOf(t, err) != "expired" {
		t.Error(err)
	}
}
