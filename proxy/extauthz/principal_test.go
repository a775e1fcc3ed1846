package extauthz_test

import "testing"

// TestPrincipal believes what Envoy tells of its client's certificate only where
// Envoy verifies certificates, and of requests without other credentials.
func TestPrincipal(t *testing.T) {
	t.Parallel()
	const alice = "spiffe://example.org/alice"
	tests := []struct {
		name      string
		verified  bool
		principal string
		user      string // who signed
		allowed   bool
	}{
		{"verified", true, alice, "", true},
		{"not verified", false, alice, "", false},
		{"another id", true, "spiffe://example.org/mallory", "", false},
		{"what begins like it", true, alice + "/x", "", false},
		{"a subject", true, "CN=" + alice, "", false},
		{"a DNS name", true, "alice.example.org", "", false},
		{"none", true, "", "", false},
		{"beside a signature, whose it is then", true, alice, "bob", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, func(s *setting) { s.extauthz.VerifiedPrincipals = tt.verified })
			in := sent(t, tt.user, "GET", "localhost", "/reports/a", "", "").question(false)
			in.Attributes.Source.Principal = tt.principal
			if out := w.ask(in); (out.GetOkResponse() != nil) != tt.allowed {
				t.Errorf("%v", out)
			}
			// The next question has its own client.
			if out := w.ask(sent(t, "", "GET", "localhost", "/reports/a", "", "").question(false)); out.GetOkResponse() != nil {
				t.Errorf("without a certificate: %v", out)
			}
		})
	}
}
