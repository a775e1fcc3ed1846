package oidc_test

import (
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-iam/sallyport/oidc"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	authority, _ := certificates("idp.example.com")
	ca := pemOf(authority)
	good := oidc.Provider{Issuer: issuer, Audiences: []string{audience}}
	for _, c := range []struct {
		name   string
		change func(*oidc.Provider)
		field  string // "" if there is no problem
		text   string
		note   bool
	}{
		{"good", func(*oidc.Provider) {}, "", "", false},
		{"good in full", func(p *oidc.Provider) {
			p.Issuer, p.CA, p.Thumbprints, p.Algorithms = issuer+":8443/tenant/", ca+"\n"+ca, []string{strings.Repeat("0a", 20)}, []string{"EdDSA", "PS512"}
			p.JWKSURI = "https://10.0.0.1:6443/openid/v1/jwks"
		}, "", "", false},
		{"plain HTTP", func(p *oidc.Provider) { p.Issuer = "http://idp.example.com" }, "Issuer", `"http"`, false},
		{"a user", func(p *oidc.Provider) { p.Issuer = "https://u:secret@idp.example.com" }, "Issuer", "user name", false},
		{"a query", func(p *oidc.Provider) { p.Issuer += "?a=b" }, "Issuer", "query", false},
		{"a fragment", func(p *oidc.Provider) { p.Issuer += "#" }, "Issuer", "fragment", false},
		{"no host", func(p *oidc.Provider) { p.Issuer = "https://" }, "Issuer", "host", false},
		{"no audiences", func(p *oidc.Provider) { p.Audiences = nil }, "Audiences", "client ids", false},
		{"an empty audience", func(p *oidc.Provider) { p.Audiences = []string{""} }, "Audiences", "empty", false},
		{"none", func(p *oidc.Provider) { p.Algorithms = []string{"none"} }, "Algorithms", "never", false},
		{"HS256", func(p *oidc.Provider) { p.Algorithms = []string{"RS256", "HS256"} }, "Algorithms", "never", false},
		{"an unknown algorithm", func(p *oidc.Provider) { p.Algorithms = []string{"rs256"} }, "Algorithms", "not known", false},
		{"a thumbprint with colons", func(p *oidc.Provider) { p.Thumbprints = []string{"AA:BB"} }, "Thumbprints", "40 hex", false},
		{"no certificate", func(p *oidc.Provider) { p.CA = "ca.pem" }, "CA", "PEM", false},
		{"a key for a certificate", func(p *oidc.Provider) { p.CA = strings.ReplaceAll(ca, "CERTIFICATE", "PRIVATE KEY") + ca }, "CA", "only certificates", false},
		{"a broken certificate", func(p *oidc.Provider) {
			p.CA = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		}, "CA", "cannot be read", false},
		{"something after", func(p *oidc.Provider) { p.CA = ca + "more" }, "CA", "no PEM", false},
		{"a plain key set", func(p *oidc.Provider) { p.JWKSURI = "http://idp.example.com/keys" }, "JWKSURI", "https URL", false},
		{"keys twice", func(p *oidc.Provider) {
			p.JWKS, p.JWKSURI = offline(public("one", p256())).JWKS, issuer+"/keys"
		}, "JWKSURI", "one of the two", false},
		{"keys that are none", func(p *oidc.Provider) { p.JWKS = []byte("keys") }, "JWKS", "JSON", false},
		{"no keys", func(p *oidc.Provider) { p.JWKS = []byte(`{"keys":[]}`) }, "JWKS", "no key", false},
		{"a weak key among others", func(p *oidc.Provider) {
			p.JWKS = offline(public("one", p256()), public("weak", weakRSA())).JWKS
		}, "JWKS", "passed over", true},
		{"a key of an algorithm that is not accepted", func(p *oidc.Provider) {
			p.JWKS = offline(public("one", p256()), public("two", ed())).JWKS
		}, "JWKS", "passed over", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := good
			c.change(&p)
			problems := p.Check()
			if c.field == "" {
				if len(problems) != 0 {
					t.Error(problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Field != c.field || problems[0].Note != c.note || !strings.Contains(problems[0].Text, c.text) {
				t.Errorf("%+v; want %s: %s", problems, c.field, c.text)
			}
			if len(problems) > 0 && strings.Contains(problems[0].Text, "secret") {
				t.Error("the problem repeats a password")
			}
		})
	}
	bad := oidc.Provider{JWKS: offline(jose.JSONWebKey{Key: weakRSA().Public()}).JWKS, Algorithms: []string{"none"}, Thumbprints: []string{""}}
	if problems := bad.Check(); len(problems) != 6 {
		t.Errorf("not all problems at once: %+v", problems)
	}
}
