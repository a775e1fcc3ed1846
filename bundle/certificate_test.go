package bundle_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// certified is a bundle with rules for certificates.
func certified(t testing.TB) *bundle.Snapshot {
	t.Helper()
	const (
		users = "bundle/accounts/111122223333/users/"
		roles = "bundle/accounts/111122223333/roles/"
		trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}]}`
	)
	return small.with(files{
		"bundle/bundle.yaml": `accounts: {"111122223333": {}}
buckets: [{name: "*", account: "111122223333"}]
certificates:
  - {uri: "spiffe://example.org/ns/app/sa/web", user: "arn:aws:iam::111122223333:user/web"}
  - {uri: "spiffe://example.org/ns/app/*", role: "arn:aws:iam::111122223333:role/app"}
  - {uri: "spiffe://example.org/*", user: "arn:aws:iam::111122223333:user/alice"}
  - {uri: "https://example.org/a%2Fb", user: "arn:aws:iam::111122223333:user/alice"}
  - {dns: web.example.org, user: "arn:aws:iam::111122223333:user/web"}
  - {dns: alice.example.org, user: "arn:aws:iam::111122223333:user/alice"}
`,
		users + "web.yaml":       "id: AIDAWEBEXAMPLE2222222\n",
		roles + "app.yaml":       "id: AROAAPPEXAMPLE2222222\n",
		roles + "app.trust.json": trust,
	}).mustLoad(t)
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	s := certified(t)
	tests := []struct {
		name      string
		uris, dns []string
		want      string // the rule; "ambiguous", or empty for none
	}{
		{name: "no names"},
		{name: "exact before prefix", uris: []string{"spiffe://example.org/ns/app/sa/web"}, want: "spiffe://example.org/ns/app/sa/web"},
		{name: "longest prefix", uris: []string{"spiffe://example.org/ns/app/sa/other"}, want: "spiffe://example.org/ns/app/*"},
		{name: "shorter prefix", uris: []string{"spiffe://example.org/ns/application"}, want: "spiffe://example.org/*"},
		{name: "the prefix itself", uris: []string{"spiffe://example.org/ns/app/"}},
		{name: "the host itself", uris: []string{"spiffe://example.org"}},
		{name: "another host", uris: []string{"spiffe://example.org.evil.example/ns/app/sa/web"}},
		{name: "another scheme", uris: []string{"https://example.org/ns/app/sa/web"}},
		{name: "another case", uris: []string{"spiffe://example.ORG/ns/app/sa/web"}},
		{name: "out of the prefix", uris: []string{"spiffe://example.org/ns/app/../other"}},
		{name: "at its own place", uris: []string{"spiffe://example.org/ns/app/./sa"}},
		{name: "encoded", uris: []string{"spiffe://example.org/ns/app/%2e%2e/other"}},
		{name: "empty segment", uris: []string{"spiffe://example.org/ns/app//sa"}},
		{name: "with a query", uris: []string{"spiffe://example.org/ns/app/sa?x=y"}},
		{name: "encoded and exact", uris: []string{"https://example.org/a%2Fb"}, want: "https://example.org/a%2Fb"},
		{name: "DNS name", dns: []string{"web.example.org"}, want: "web.example.org"},
		{name: "DNS name in another case", dns: []string{"WEB.example.org"}, want: "web.example.org"},
		{name: "DNS wildcard", dns: []string{"*.example.org"}},
		{name: "names that nobody knows", uris: []string{"urn:x"}, dns: []string{"localhost", "web.example.org"}, want: "web.example.org"},
		{name: "names that agree", uris: []string{"spiffe://example.org/ns/app/sa/web"}, dns: []string{"web.example.org"}, want: "spiffe://example.org/ns/app/sa/web"},
		{name: "names that do not agree", uris: []string{"spiffe://example.org/ns/app/sa/web"}, dns: []string{"alice.example.org"}, want: "ambiguous"},
		{name: "URIs that do not agree", uris: []string{"spiffe://example.org/ns/app/sa/web", "spiffe://example.org/ns/app/sa/other"}, want: "ambiguous"},
		{name: "two SPIFFE ids of one rule", uris: []string{"spiffe://example.org/ns/app/sa/a", "spiffe://example.org/ns/app/sa/b"}, want: "ambiguous"},
		{name: "a SPIFFE id beside another URI", uris: []string{"urn:x", "spiffe://example.org/ns/app/sa/a"}, want: "ambiguous"},
		{name: "URIs that are no SPIFFE ids", uris: []string{"urn:x", "https://example.org/a%2Fb"}, want: "https://example.org/a%2Fb"},
		{name: "user and role", uris: []string{"spiffe://example.org/a", "spiffe://example.org/ns/app/sa/other"}, want: "ambiguous"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rule, ambiguous := s.Certificate(&wire.Certificate{URIs: tt.uris, DNSNames: tt.dns})
			got := ""
			switch {
			case ambiguous && rule != nil:
				t.Errorf("ambiguous, and the rule %+v", rule)
			case ambiguous:
				got = "ambiguous"
			case rule != nil:
				got = rule.URI + rule.DNS
				if rule.Account != account || (rule.UserARN == "") == (rule.RoleARN == "") {
					t.Errorf("the rule is %+v", rule)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if rule, ambiguous := s.Certificate(nil); rule != nil || ambiguous {
		t.Error("no certificate has a rule")
	}
	if n := len(s.CertificateRules()); n != 6 {
		t.Errorf("%d rules", n)
	}
}

// TestCertificateAllocatesNothing: it is looked up for every request.
func TestCertificateAllocatesNothing(t *testing.T) {
	s := certified(t)
	cert := &wire.Certificate{URIs: []string{"spiffe://example.org/ns/app/sa/other"}, DNSNames: []string{"other.example.org"}}
	if n := testing.AllocsPerRun(100, func() { s.Certificate(cert) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
