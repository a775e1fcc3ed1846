package oidc_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/oidc"
)

func BenchmarkVerify(b *testing.B) {
	p := offline(public("one", rsaKey()), public("two", p256()))
	for _, c := range []struct{ name, token string }{
		{"RS256", sign(rsaKey(), header("RS256", "one"), claims(nil))},
		{"ES256", sign(p256(), header("ES256", "two"), claims(nil))},
		{"expired", sign(p256(), header("ES256", "two"), claims(map[string]any{"exp": now.Unix() - 1}))},
	} {
		b.Run(c.name, func(b *testing.B) {
			v := newVerifier(b, p)
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = v.Verify(b.Context(), p, c.token, now)
			}
		})
	}
}

func BenchmarkIssuer(b *testing.B) {
	token := good()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := oidc.Issuer(token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVersion is what a remembered token costs.
func BenchmarkVersion(b *testing.B) {
	p := offline(public("one", rsaKey()))
	v := newVerifier(b, p)
	b.ReportAllocs()
	for b.Loop() {
		if v.Version(p) == 0 {
			b.Fatal("no keys")
		}
	}
}
