package session_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

func codeOf(r *wire.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}

// TestKeysOfSessions are the condition keys of every kind of session.
func TestKeysOfSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withProvider)
	alice := w.user(aliceKey)
	ask := assumption(appARN)
	ask.Tags, ask.SourceIdentity = []action.Tag{{Key: "Team", Value: "b"}}, "alice"
	role := w.become(alice, ask)
	issued, r := w.sessions.IssueSessionToken(w.snap, alice.caller, aliceKey, &session.TokenQuestion{}, now)
	if r != nil {
		t.Fatal(r)
	}
	user := w.open(issued)
	issued, r = w.sessions.IssueFederation(w.snap, alice.caller, aliceKey, &session.FederationQuestion{Name: "bob", Tags: []action.Tag{{Key: "TEAM", Value: "c"}}}, now)
	if r != nil {
		t.Fatal(r)
	}
	federated := w.open(issued)
	who, r := session.FromWebIdentity(idp, claimsOf(idp, `"amr": ["pwd"]`))
	if r != nil {
		t.Fatal(r)
	}
	web := w.becomeFederated(who, appARN)

	for _, tt := range []struct {
		name   string
		caller caller
		want   map[string]string
	}{
		{"role", role, map[string]string{
			"aws:principalaccount": accountA, "aws:principalarn": appARN, "aws:principalisawsservice": "false", "aws:principaltype": "AssumedRole",
			"aws:userid": "AROAAPPEXAMPLE2222222:s1", "aws:principaltag/team": "b", "aws:principaltag/cost": "1",
			"aws:tokenissuetime": "2026-03-01T12:00:00Z", "aws:multifactorauthpresent": "false", "aws:sourceidentity": "alice",
		}},
		{"user", user, map[string]string{
			"aws:principalaccount": accountA, "aws:principalarn": aliceARN, "aws:principalisawsservice": "false", "aws:principaltype": "User",
			"aws:userid": "AIDAALICEEXAMPLE22222", "aws:username": "alice", "aws:principaltag/team": "red", "aws:principaltag/desk": "7",
			"aws:tokenissuetime": "2026-03-01T12:00:00Z", "aws:multifactorauthpresent": "false",
		}},
		{"federated user", federated, map[string]string{
			"aws:principalaccount": accountA, "aws:principalarn": "arn:aws:sts::" + accountA + ":federated-user/bob", "aws:principalisawsservice": "false",
			"aws:principaltype": "FederatedUser", "aws:userid": accountA + ":bob", "aws:principaltag/team": "c", "aws:principaltag/desk": "7",
			"aws:tokenissuetime": "2026-03-01T12:00:00Z",
		}},
		{"web identity", web, map[string]string{
			"aws:principalaccount": accountA, "aws:principalarn": appARN, "aws:principalisawsservice": "false", "aws:principaltype": "AssumedRole",
			"aws:userid": "AROAAPPEXAMPLE2222222:s1", "aws:principaltag/team": "a", "aws:principaltag/cost": "1",
			"aws:tokenissuetime": "2026-03-01T12:00:00Z", "aws:federatedprovider": idp.ARN,
			"id.example.com:aud": "store", "id.example.com:sub": "alice", "id.example.com:amr": "[pwd]",
		}},
	} {
		if diff := cmp.Diff(tt.want, keysOf(&tt.caller.caller.Keys)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	// The names of the principals; X40: the ARN of a session is without the role's
	// path.
	type names struct{ ARN, ParentARN, ID, ParentID string }
	for _, tt := range []struct {
		c    *authz.Caller
		want names
	}{
		{role.caller, names{"arn:aws:sts::" + accountA + ":assumed-role/app/s1", appARN, "AROAAPPEXAMPLE2222222:s1", "AROAAPPEXAMPLE2222222"}},
		{user.caller, names{aliceARN, "", "AIDAALICEEXAMPLE22222", ""}},
		{federated.caller, names{"arn:aws:sts::" + accountA + ":federated-user/bob", aliceARN, accountA + ":bob", "AIDAALICEEXAMPLE22222"}},
	} {
		if diff := cmp.Diff(tt.want, names{tt.c.ARN, tt.c.ParentARN, tt.c.ID, tt.c.ParentID}); diff != "" {
			t.Error(diff)
		}
	}
	if keys := keysOf(&w.user(aliceKey).caller.Keys); len(keys) != 8 {
		t.Errorf("the session changed the user: %v", keys)
	}
	// What records need.
	if role.session.IssuerName != "app" || federated.session.IssuerName != "alice" || web.session.Provider != idp.ARN || role.session.SourceIdentity != "alice" {
		t.Errorf("%+v\n%+v\n%+v", role.session, federated.session, web.session)
	}
}

// TestLiveness changes what is in force below sessions.
func TestLiveness(t *testing.T) {
	t.Parallel()
	f := withProvider
	w := newWorld(t, f)
	alice := w.user(aliceKey)
	issue := func(g *session.Grant, r *wire.Refusal) *session.Credentials {
		t.Helper()
		if r != nil {
			t.Fatal(r)
		}
		c, r := w.sessions.Issue(w.snap, g, now)
		if r != nil {
			t.Fatal(r)
		}
		return c
	}
	managed := assumption(appARN)
	managed.PolicyARNs = []string{"arn:aws:iam::" + accountA + ":policy/readers"}
	who, _ := session.FromWebIdentity(idp, claimsOf(idp, ""))
	tokens := map[string]*session.Credentials{
		"role":    issue(w.may(alice, assumption(appARN))),
		"managed": issue(w.may(alice, managed)),
		"web":     issue(w.mayFederated(who, appARN)),
	}
	tokens["user"], _ = w.sessions.IssueSessionToken(w.snap, alice.caller, aliceKey, &session.TokenQuestion{}, now)
	tokens["federated"], _ = w.sessions.IssueFederation(w.snap, alice.caller, aliceKey, &session.FederationQuestion{Name: "bob"}, now)
	for _, tt := range []struct {
		name    string
		changes files
		gone    []string
	}{
		{"nothing", nil, nil},
		{"the role's policies", files{a + "roles/app/all.json": ""}, nil},
		{"the role, made again", files{a + "roles/app.yaml": "id: AROAAPPAGAIN222222222\npath: /svc/\n"}, []string{"role", "managed", "web"}},
		{"the role, gone", files{a + "roles/app.yaml": "", a + "roles/app.trust.json": "", a + "roles/app/all.json": "", a + "oidc-providers/id.yaml": "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\n"}, []string{"role", "managed", "web"}},
		{"the user, made again", files{a + "users/alice.yaml": "id: AIDAALICEAGAIN2222222\n"}, []string{"user", "federated"}},
		{"the managed policy", files{a + "policies/readers.json": ""}, []string{"managed"}},
		{"the provider", files{a + "oidc-providers/id.yaml": "", a + "oidc-providers/id.jwks.json": "", a + "roles/app.trust.json": trust(accountA)}, []string{"web"}},
		{"the user's key", files{"keys.yaml": "keys:\n" + keyLine(daveKey, accountA, "dave")}, nil},
	} {
		changed := load(t, w.directory, f.with(tt.changes))
		for kind, c := range tokens {
			want := error(nil)
			for _, gone := range tt.gone {
				if gone == kind {
					want = session.ErrInvalid
				}
			}
			// A Sessions of its own: the generations of both snapshots are the same.
			other, _ := session.New(session.Options{MaxBytes: 1 << 20})
			if _, err := other.Open(changed, c.AccessKeyID, c.SessionToken.Reveal(), now); !errors.Is(err, want) {
				t.Errorf("%s: %s: %v, want %v", tt.name, kind, err, want)
			}
		}
	}
}

// TestPoliciesAreLive reads the managed session policies of a session as they are
// now.
func TestPoliciesAreLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	ask := assumption(appARN)
	ask.PolicyARNs = []string{"arn:aws:iam::" + accountA + ":policy/readers"}
	g, r := w.may(w.user(aliceKey), ask)
	if r != nil {
		t.Fatal(r)
	}
	c, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		t.Fatal(r)
	}
	s := w.open(c)
	if !s.decideS3("s3:GetObject").Allowed() || s.decideS3("s3:PutObject").Allowed() {
		t.Error("the managed session policy does not bound the session")
	}
	changed := load(t, w.directory, base.with(files{a + "policies/readers.json": policy(allow("s3:PutObject", "*"))}))
	other, _ := session.New(session.Options{})
	opened, err := other.Open(changed, c.AccessKeyID, c.SessionToken.Reveal(), now)
	if err != nil {
		t.Fatal(err)
	}
	s = caller{caller: opened.Caller, session: opened}
	if s.decideS3("s3:GetObject").Allowed() || !s.decideS3("s3:PutObject").Allowed() {
		t.Error("the policy counts as it was when the session was issued")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	c := w.issue(aliceKey, appARN)
	other := w.issue(aliceKey, appARN)
	open := func(keyID, token string, at time.Time) error {
		// Twice: what is remembered must not be less strict.
		_, first := w.sessions.Open(w.snap, keyID, token, at)
		_, err := w.sessions.Open(w.snap, keyID, token, at)
		if !errors.Is(first, err) && !errors.Is(err, first) {
			t.Errorf("first %v, then %v", first, err)
		}
		return err
	}
	token := c.SessionToken.Reveal()
	for name, tt := range map[string]struct {
		keyID, token string
		at           time.Time
		want         error
	}{
		"good":                       {c.AccessKeyID, token, now, nil},
		"at the last moment":         {c.AccessKeyID, token, now.Add(time.Hour - 1), nil},
		"over":                       {c.AccessKeyID, token, now.Add(time.Hour), session.ErrExpired},
		"the token of another":       {c.AccessKeyID, other.SessionToken.Reveal(), now, session.ErrInvalid},
		"the key of another":         {other.AccessKeyID, token, now, session.ErrInvalid},
		"beside a long-term key":     {aliceKey, token, now, session.ErrInvalid},
		"beside no key":              {"", token, now, session.ErrInvalid},
		"no token":                   {c.AccessKeyID, "", now, session.ErrInvalid},
		"a character more":           {c.AccessKeyID, token + "A", now, session.ErrInvalid},
		"a character less":           {c.AccessKeyID, token[1:], now, session.ErrInvalid},
		"the last character another": {c.AccessKeyID, token[:len(token)-1] + string(token[len(token)-1]^1), now, session.ErrInvalid},
	} {
		if err := open(tt.keyID, tt.token, tt.at); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestIssuersOfOneDeployment are two processes with files of their own, which know
// each other; a third one only verifies.
func TestIssuersOfOneDeployment(t *testing.T) {
	t.Parallel()
	one, two, three := newWorld(t, base), t.TempDir(), t.TempDir()
	first := filepath.Join(one.directory, "sessions.yaml")
	second := filepath.Join(two, "sessions.yaml")
	if err := bundle.JoinSessionKeys(second, first, now); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.TrustSessionKeys(first, second); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.ExportSessionKeys(first, filepath.Join(three, "sessions.yaml")); err != nil {
		t.Fatal(err)
	}
	one.activate(base)
	open := func(directory string, c *session.Credentials) error {
		s, _ := session.New(session.Options{})
		_, err := s.Open(load(t, directory, base), c.AccessKeyID, c.SessionToken.Reveal(), now)
		return err
	}
	fromTwo := &world{t: t, directory: two, snap: load(t, two, base), sessions: one.sessions}
	fromThree := &world{t: t, directory: three, snap: load(t, three, base), sessions: one.sessions}
	stranger := newWorld(t, base)
	for name, c := range map[string]*session.Credentials{"one": one.issue(aliceKey, appARN), "two": fromTwo.issue(aliceKey, appARN)} {
		for _, directory := range []string{one.directory, two, three} {
			if err := open(directory, c); err != nil {
				t.Errorf("of %s: %v", name, err)
			}
		}
		if err := open(stranger.directory, c); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("of %s, at another deployment: %v", name, err)
		}
	}
	g, r := fromThree.may(fromThree.user(aliceKey), assumption(appARN))
	if r != nil {
		t.Fatal(r)
	}
	if _, r := one.sessions.Issue(fromThree.snap, g, now); codeOf(r) != "NotImplemented" {
		t.Errorf("who only verifies issues: %v", r)
	}
}
