package session_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/session"
)

// signer is the key of the provider of bearerFiles.
func signer(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func jwks(n byte) string {
	x := base64.RawURLEncoding.EncodeToString(signer(n).Public().(ed25519.PublicKey))
	return fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k%d", "x": %q}]}`, n, x)
}

// bearerFiles are withProvider with a key set whose key tests have.
var bearerFiles = withProvider.with(files{
	a + "oidc-providers/id.yaml":      "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\nbearer: {role: " + appARN + "}\n",
	a + "oidc-providers/id.jwks.json": jwks(1),
})

// bearerToken is a token of the provider, with members that are added or take the
// place of others.
func bearerToken(t testing.TB, n byte, members map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": "https://id.example.com", "sub": "alice", "aud": "store", "iat": now.Add(-10 * time.Minute).Unix(), "exp": now.Add(2 * time.Hour).Unix()}
	for name, value := range members {
		claims[name] = value
	}
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]string{"alg": "EdDSA", "kid": fmt.Sprint("k", n), "typ": "JWT"}) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(signer(n), []byte(signed)))
}

func newVerifier(t testing.TB, w *world) *oidc.Verifier {
	t.Helper()
	v := oidc.New(oidc.Options{Now: func() time.Time { return now }})
	t.Cleanup(v.Close)
	use(v, w)
	return v
}

func use(v *oidc.Verifier, w *world) {
	var all []*oidc.Provider
	for _, p := range w.snap.Providers() {
		all = append(all, p.OIDC)
	}
	v.Use(all)
}

// bearerAt uses a token by itself at a time.
func (w *world) bearerAt(v *oidc.Verifier, token string, at time.Time) (*session.Session, error) {
	assuming, r := w.sessions.Bearer(w.t.Context(), v, w.snap, token, at)
	if r != nil {
		return nil, r
	}
	g, r := w.decide(assuming, nil, at)
	if r != nil {
		return nil, r
	}
	return g.Session(), nil
}

func TestBearer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bearerFiles)
	v := newVerifier(t, w)
	token := bearerToken(t, 1, map[string]any{"amr": []string{"pwd"}})
	for range 2 { // the second time from memory
		s, err := w.bearerAt(v, token, now)
		if err != nil {
			t.Fatal(err)
		}
		keys := keysOf(&s.Caller.Keys)
		if s.Caller.ARN != "arn:aws:sts::"+accountA+":assumed-role/app/alice" || s.AccessKeyID != "" || !s.Secret.IsEmpty() || s.Kind != session.WebIdentity {
			t.Errorf("%+v", s)
		}
		if keys["aws:tokenissuetime"] != "2026-03-01T11:50:00Z" || keys["aws:federatedprovider"] != idp.ARN || keys["id.example.com:sub"] != "alice" || keys["id.example.com:amr"] != "[pwd]" {
			t.Errorf("%v", keys)
		}
		if _, ok := keys["aws:multifactorauthpresent"]; ok {
			t.Error("a federated session tells of a second factor")
		}
		if !s.Expires.Equal(now.Add(time.Hour)) {
			t.Errorf("expires %v", s.Expires)
		}
	}
	if s, err := w.bearerAt(v, token, now.Add(90*time.Minute)); err != nil || !s.Expires.Equal(now.Add(2*time.Hour)) {
		t.Errorf("after an hour: %v", err)
	}
	if _, err := w.bearerAt(v, token, now.Add(2*time.Hour)); err == nil || !strings.Contains(err.Error(), "ExpiredTokenException") {
		t.Errorf("when it is over: %v", err)
	}
}

func TestBearerRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bearerFiles)
	v := newVerifier(t, w)
	good := bearerToken(t, 1, nil)
	if _, err := w.bearerAt(v, good, now); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ token, want string }{
		"another subject":     {bearerToken(t, 1, map[string]any{"sub": "bob"}), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another audience":    {bearerToken(t, 1, map[string]any{"aud": "other"}), "InvalidIdentityToken"},
		"another issuer":      {bearerToken(t, 1, map[string]any{"iss": "https://other.example.com"}), "InvalidIdentityToken"},
		"another key":         {bearerToken(t, 2, nil), "InvalidIdentityToken"},
		"over":                {bearerToken(t, 1, map[string]any{"exp": now.Unix()}), "ExpiredTokenException"},
		"not yet":             {bearerToken(t, 1, map[string]any{"nbf": now.Add(time.Hour).Unix()}), "InvalidIdentityToken"},
		"no token":            {"x", "InvalidIdentityToken"},
		"another signature":   {good[:len(good)-4] + "AAAA", "InvalidIdentityToken"},
		"another payload":     {strings.Replace(good, ".", ".e", 1), "InvalidIdentityToken"},
		"the signature alone": {good[strings.LastIndexByte(good, '.'):], "InvalidIdentityToken"},
	} {
		for range 2 {
			if _, err := w.bearerAt(v, tt.token, now); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The trust policy is asked each time, and a verified token counts for the keys and
// the rule that it was verified with.
func TestMuseum_21_trustOfRememberedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bearerFiles)
	v := newVerifier(t, w)
	token := bearerToken(t, 1, nil)
	assuming, r := w.sessions.Bearer(t.Context(), v, w.snap, token, now)
	if r != nil {
		t.Fatal(r)
	}
	if again, _ := w.sessions.Bearer(t.Context(), v, w.snap, token, now); again != assuming {
		t.Error("the token is not remembered")
	}
	asked := 0
	for range 2 {
		_, r := assuming.MayAssume(func(*authz.Access) authz.Decision { asked++; return authz.Decision{} }, nil)
		if codeOf(r) != "AccessDenied" {
			t.Errorf("what nobody allows is granted: %v", r)
		}
	}
	if asked != 2 {
		t.Errorf("the trust policy was asked %d times of two", asked)
	}
	// Other keys of the provider, in a snapshot of the same generation.
	before := w.snap
	w.activate(bearerFiles.with(files{a + "oidc-providers/id.jwks.json": jwks(2)}))
	use(v, w)
	if _, err := w.bearerAt(v, token, now); err == nil {
		t.Error("a token is good whose key the provider has no more")
	}
	w.snap = before
	// Another rule for the same token, in a later generation.
	other := bearerFiles.with(files{
		a + "oidc-providers/id.yaml": "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\nbearer: {role: " + nextARN + "}\n",
		a + "roles/next.trust.json":  policy(trusts(`"Federated": "`+idp.ARN+`"`, `"sts:AssumeRoleWithWebIdentity"`, `"StringEquals": {"id.example.com:sub": "alice"}`)),
	})
	w.snap = managed(t, w.directory, bearerFiles, other)
	use(v, w)
	if s, err := w.bearerAt(v, token, now); err != nil || s.Caller.ParentARN != nextARN {
		t.Errorf("by another rule: %+v, %v", s, err)
	}
}

func TestBearerRules(t *testing.T) {
	t.Parallel()
	other := "arn:aws:iam::" + accountB + ":oidc-provider/id.example.com"
	yaml := "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\n"
	inB := files{
		b + "oidc-providers/id.yaml":      yaml + "bearer: {role_claim: role}\n",
		b + "oidc-providers/id.jwks.json": jwks(1),
		b + "roles/app.yaml":              "id: AROAAPPOFBEXAMPLE2222\n",
		b + "roles/app.trust.json":        policy(trusts(`"Federated": "`+other+`"`, `"sts:AssumeRoleWithWebIdentity"`, `"StringEquals": {"id.example.com:sub": "alice"}`)),
	}
	// Nobody listens there.
	unreachable := files{b + "oidc-providers/id.yaml": yaml + "jwks_uri: https://127.0.0.1:1/keys\nbearer: {role_claim: role}\n"}
	inAByClaim := files{a + "oidc-providers/id.yaml": yaml + "bearer: {role_claim: role, session_name_claim: email}\n"}
	roleB := "arn:aws:iam::" + accountB + ":role/app"
	for name, tt := range map[string]struct {
		files  files
		claims map[string]any
		want   string // the session's ARN, or a code
	}{
		"by claim":                           {inAByClaim, map[string]any{"role": appARN, "email": "alice@example.com"}, "arn:aws:sts::" + accountA + ":assumed-role/app/alice@example.com"},
		"a name that is none":                {inAByClaim, map[string]any{"role": appARN, "email": "alice smith"}, "arn:aws:sts::" + accountA + ":assumed-role/app/alice_smith-"},
		"without the claim of the role":      {inAByClaim, map[string]any{"email": "alice@example.com"}, "IDPRejectedClaim"},
		"without the claim of the name":      {inAByClaim, map[string]any{"role": appARN}, "IDPRejectedClaim"},
		"a claim that is no text":            {inAByClaim, map[string]any{"role": []string{appARN}, "email": "a@b"}, "IDPRejectedClaim"},
		"a role of another account":          {inAByClaim, map[string]any{"role": roleB, "email": "a@b"}, "IDPRejectedClaim"},
		"a role that is not there":           {inAByClaim, map[string]any{"role": appARN + "x", "email": "a@b"}, "AccessDenied"},
		"a role that does not trust":         {inAByClaim, map[string]any{"role": nextARN, "email": "a@b"}, "AccessDenied"},
		"two accounts, claims, A's":          {inB.with(inAByClaim), map[string]any{"role": appARN, "email": "a@b"}, "arn:aws:sts::" + accountA + ":assumed-role/app/a@b"},
		"two accounts, claims, B's":          {inB.with(inAByClaim), map[string]any{"role": roleB, "email": "a@b"}, "arn:aws:sts::" + accountB + ":assumed-role/app/alice"},
		"two accounts, a role and a claim":   {inB, map[string]any{"role": roleB}, "InvalidIdentityToken"},
		"two accounts, a role and no claim":  {inB, nil, "arn:aws:sts::" + accountA + ":assumed-role/app/alice"},
		"two accounts, another's audience":   {inB.with(files{b + "oidc-providers/id.yaml": strings.Replace(yaml, "store", "other", 1) + "bearer: {role_claim: role}\n"}), map[string]any{"role": roleB}, "arn:aws:sts::" + accountA + ":assumed-role/app/alice"},
		"two accounts, one without a rule":   {inB.with(files{a + "oidc-providers/id.yaml": yaml}), map[string]any{"role": roleB}, "arn:aws:sts::" + accountB + ":assumed-role/app/alice"},
		"two accounts, one does not answer":  {unreachable, nil, "IDPCommunicationError"},
		"no rule":                            {files{a + "oidc-providers/id.yaml": yaml}, nil, "InvalidIdentityToken"},
		"tags and a source identity":         {nil, map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"Team": []string{"x"}}}, "https://aws.amazon.com/source_identity": "alice"}, "arn:aws:sts::" + accountA + ":assumed-role/app/alice"},
		"tags that the trust does not allow": {files{a + "roles/app.trust.json": policy(trusts(`"Federated": "`+idp.ARN+`"`, `"sts:AssumeRoleWithWebIdentity"`, ""))}, map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"Team": []string{"x"}}}}, "AccessDenied: Not authorized to perform sts:TagSession"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, bearerFiles.with(tt.files))
			s, err := w.bearerAt(newVerifier(t, w), bearerToken(t, 1, tt.claims), now)
			got := fmt.Sprint(err)
			if err == nil {
				got = s.Caller.ARN
			}
			if !strings.HasPrefix(got, tt.want) || strings.HasPrefix(tt.want, "arn") && strings.HasSuffix(tt.want, "alice") && got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestWebIdentityTrust are the cases X09 and X10.
func TestWebIdentityTrust(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trust string
		sub   string
		want  string
	}{
		"X09 the subject":     {bearerFiles[a+"roles/app.trust.json"], "alice", ""},
		"X09 another subject": {bearerFiles[a+"roles/app.trust.json"], "bob", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"X10 another action":  {policy(trusts(`"Federated": "`+idp.ARN+`"`, `"sts:TagSession"`, "")), "alice", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another principal":   {trust(accountA), "alice", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"everybody":           {policy(trusts(`"AWS": "*"`, `"sts:AssumeRole*"`, "")), "alice", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		w := newWorld(t, bearerFiles.with(files{a + "roles/app.trust.json": tt.trust}))
		v := newVerifier(t, w)
		who, r := session.VerifyWebIdentity(t.Context(), v, w.snap, appARN, bearerToken(t, 1, map[string]any{"sub": tt.sub}), now)
		if r != nil {
			t.Fatal(r)
		}
		_, r = w.mayFederated(who, appARN)
		if r == nil != (tt.want == "") || r != nil && (r.Message != tt.want || r.Code != "AccessDenied") {
			t.Errorf("%s: %v", name, r)
		}
		// A provider is of its account alone.
		if _, r := session.VerifyWebIdentity(t.Context(), v, w.snap, "arn:aws:iam::"+accountB+":role/app", bearerToken(t, 1, nil), now); codeOf(r) != "InvalidIdentityToken" {
			t.Errorf("%s: a role of another account: %v", name, r)
		}
		if _, r := w.mayFederated(who, "arn:aws:iam::"+accountB+":role/app"); codeOf(r) != "InvalidIdentityToken" {
			t.Errorf("%s: a role of another account: %v", name, r)
		}
	}
}

func BenchmarkOpen(bm *testing.B) {
	w := newWorld(bm, base)
	c := w.issue(aliceKey, appARN)
	ask := assumption(appARN)
	ask.Policy = policy(allow("s3:GetObject", "arn:aws:s3:::"+noise(1800)))
	g, r := w.may(w.user(aliceKey), ask)
	if r != nil {
		bm.Fatal(r)
	}
	large, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		bm.Fatal(r)
	}
	for _, c := range []*session.Credentials{c, large} {
		token := strings.Clone(c.SessionToken.Reveal())
		bm.Run(fmt.Sprintf("remembered/%d", len(token)), func(bm *testing.B) {
			bm.ReportAllocs()
			for bm.Loop() {
				if _, err := w.sessions.Open(w.snap, c.AccessKeyID, token, now); err != nil {
					bm.Fatal(err)
				}
			}
		})
		none, _ := session.New(session.Options{})
		bm.Run(fmt.Sprintf("anew/%d", len(token)), func(bm *testing.B) {
			for bm.Loop() {
				if _, err := none.Open(w.snap, c.AccessKeyID, token, now); err != nil {
					bm.Fatal(err)
				}
			}
		})
		bm.Run(fmt.Sprintf("forged/%d", len(token)), func(bm *testing.B) {
			forged := token[:len(token)-2] + "AA"
			for bm.Loop() {
				if _, err := w.sessions.Open(w.snap, c.AccessKeyID, forged, now); err == nil {
					bm.Fatal("good")
				}
			}
		})
	}
}

// BenchmarkBearer is what a token that is remembered costs, with its trust policy.
func BenchmarkBearer(bm *testing.B) {
	w := newWorld(bm, bearerFiles)
	v := newVerifier(bm, w)
	token := bearerToken(bm, 1, map[string]any{"groups": strings.Split(strings.Repeat("staff ", 60), " ")})
	request := &authz.Request{Now: now}
	bm.ReportAllocs()
	for bm.Loop() {
		assuming, r := w.sessions.Bearer(bm.Context(), v, w.snap, token, now)
		if r != nil {
			bm.Fatal(r)
		}
		g, r := assuming.MayAssume(func(a *authz.Access) authz.Decision { return authz.Decide(assuming.Caller(), request, a) }, nil)
		if r != nil || g.Session() == nil {
			bm.Fatal(r)
		}
	}
}

func BenchmarkIssue(bm *testing.B) {
	w := newWorld(bm, base)
	alice := w.user(aliceKey)
	for name, text := range map[string]string{"plain": "", "policy": policy(allow("s3:GetObject", "arn:aws:s3:::bkt/home/*"))} {
		bm.Run(name, func(bm *testing.B) {
			ask := assumption(appARN)
			ask.Policy = text
			for bm.Loop() {
				g, r := w.may(alice, ask)
				if r != nil {
					bm.Fatal(r)
				}
				if _, r := w.sessions.Issue(w.snap, g, now); r != nil {
					bm.Fatal(r)
				}
			}
		})
	}
}
