package bundle_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
)

const (
	providers = "bundle/accounts/111122223333/oidc-providers/"
	keySet    = `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
)

// federated is the small bundle with two providers, one with keys of its own, and
// a role that trusts them.
var federated = small.with(files{
	"bundle/bundle.yaml":                                       "accounts: {\"111122223333\": {}, \"444455556666\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\nsessions: {revoke_with_parent: true}\n",
	providers + "idp.yaml":                                     "url: https://idp.example.com:8443/realms/Main/\naudiences: [app, other]\nthumbprints: [0123456789ABCDEF0123456789abcdef01234567]\nbearer: {role_claim: role}\n",
	providers + "cluster.yaml":                                 "url: https://cluster.example.com\naudiences: [sts.amazonaws.com]\nalgorithms: [EdDSA]\nbearer: {role: \"arn:aws:iam::111122223333:role/reader\", session_name_claim: name}\n",
	providers + "cluster.jwks.json":                            keySet,
	providers + "github.yaml":                                  "url: https://token.actions.githubusercontent.com\naudiences: [sts.amazonaws.com]\njwks_uri: https://mirror.example.com/keys\n",
	"bundle/accounts/444455556666/oidc-providers/cluster.yaml": "url: https://cluster.example.com\naudiences: [theirs]\nshared: true\n",
	"bundle/accounts/111122223333/roles/reader.yaml":           roleReader,
	"bundle/accounts/111122223333/roles/reader.trust.json":     `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/cluster.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity"}]}`,
})

func TestProvider(t *testing.T) {
	t.Parallel()
	s := federated.mustLoad(t)
	const arn = "arn:aws:iam::111122223333:oidc-provider/"
	usual := []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}
	want := []*bundle.Provider{
		{
			Account: account, ARN: arn + "cluster.example.com", Key: "cluster.example.com",
			OIDC:   &oidc.Provider{Issuer: "https://cluster.example.com", Audiences: []string{"sts.amazonaws.com"}, Algorithms: []string{"EdDSA"}, JWKS: []byte(keySet)},
			Bearer: &bundle.BearerRule{RoleARN: "arn:aws:iam::111122223333:role/reader", SessionNameClaim: "name"},
		},
		{
			Account: account, ARN: arn + "idp.example.com:8443/realms/Main/", Key: "idp.example.com:8443/realms/Main/",
			OIDC: &oidc.Provider{
				Issuer: "https://idp.example.com:8443/realms/Main/", Audiences: []string{"app", "other"}, Algorithms: usual,
				Thumbprints: []string{"0123456789abcdef0123456789abcdef01234567"},
			},
			Bearer: &bundle.BearerRule{RoleClaim: "role", SessionNameClaim: "sub"},
		},
		{
			Account: account, ARN: arn + "token.actions.githubusercontent.com", Key: "token.actions.githubusercontent.com", Shared: true,
			OIDC: &oidc.Provider{Issuer: "https://token.actions.githubusercontent.com", Audiences: []string{"sts.amazonaws.com"}, Algorithms: usual, JWKSURI: "https://mirror.example.com/keys"},
		},
		{
			Account: "444455556666", ARN: "arn:aws:iam::444455556666:oidc-provider/cluster.example.com", Key: "cluster.example.com", Shared: true,
			OIDC: &oidc.Provider{Issuer: "https://cluster.example.com", Audiences: []string{"theirs"}, Algorithms: usual},
		},
	}
	if diff := cmp.Diff(want, s.Providers()); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
	if got := s.Provider(arn + "cluster.example.com"); got != s.Providers()[0] {
		t.Errorf("by ARN: %v", got)
	}
	if got := s.ProvidersOf("https://cluster.example.com"); !slices.Equal(got, []*bundle.Provider{s.Providers()[0], s.Providers()[3]}) {
		t.Errorf("by issuer: %v", got)
	}
	for _, issuer := range []string{"https://idp.example.com:8443/realms/Main", "https://idp.example.com:8443/realms/main/", "https://CLUSTER.example.com", ""} {
		if got := s.ProvidersOf(issuer); got != nil {
			t.Errorf("issuer %q: %v", issuer, got)
		}
	}
	if s.Counts().Providers != 4 || !s.RevokeWithParent() {
		t.Errorf("%d providers, revoke with parent %t", s.Counts().Providers, s.RevokeWithParent())
	}
}

// TestProvidersStay: what remembers the keys of a provider goes on as long as its
// files say the same.
func TestProvidersStay(t *testing.T) {
	t.Parallel()
	s := watch(t, federated)
	s.generation(1)
	first := s.Current().Providers()
	files{"bundle/accounts/111122223333/users/alice/read.json": allow("s3:PutObject")}.write(s, s.directory)
	s.generation(2)
	if second := s.Current().Providers(); !slices.Equal(first, second) {
		t.Errorf("another file has changed, and the providers are %v, and were %v", second, first)
	}
	files{providers + "cluster.jwks.json": keySet + "\n"}.write(s, s.directory)
	s.generation(3)
	third := s.Current().Providers()
	if third[0] == first[0] || !slices.Equal(third[1:], first[1:]) {
		t.Errorf("the keys of one have changed, and the providers are %v, and were %v", third, first)
	}
}

// TestNoSessions: without sessions in the configuration nothing comes of bearer
// tokens, and their condition keys are not filled.
func TestNoSessions(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	federated.with(files{
		"bundle/accounts/111122223333/users/alice/read.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:FederatedProvider": "x"}}}]}`,
	}).write(t, directory)
	o := options(t, directory)
	if s, findings := bundle.Load(o); s == nil || len(findings) > 0 {
		t.Errorf("with sessions: %v", findings)
	}
	o.NoSessions = true
	s, findings := bundle.Load(o)
	var codes []string
	for _, f := range findings {
		codes = append(codes, f.Code)
	}
	if want := []string{"NO_SESSIONS", "NO_SESSIONS", "UNFILLED_CONDITION_KEY"}; s != nil || !slices.Equal(codes, want) {
		t.Errorf("without: %v", findings)
	}
}
