package session_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	ask := assumption(appARN)
	ask.Duration, ask.SourceIdentity = 90*time.Minute, "alice"
	g, r := w.may(w.user(aliceKey), ask)
	if r != nil {
		t.Fatal(r)
	}
	later := now.Add(10 * time.Second)
	c, r := w.sessions.Issue(w.snap, g, later)
	if r != nil {
		t.Fatal(r)
	}
	if !regexp.MustCompile(`^ASIA[A-Z2-7]{16}$`).MatchString(c.AccessKeyID) || !regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`).MatchString(c.Secret.Reveal()) {
		t.Errorf("the key is %s and a secret of %d characters", c.AccessKeyID, len(c.Secret.Reveal()))
	}
	if !c.Expires.Equal(later.Add(90 * time.Minute)) {
		t.Errorf("expires %v", c.Expires)
	}
	if c.ARN != "arn:aws:sts::"+accountA+":assumed-role/app/s1" || c.ID != "AROAAPPEXAMPLE2222222:s1" || c.SourceIdentity != "alice" || c.PackedSize != 0 {
		t.Errorf("%+v", c)
	}
	again, _ := w.sessions.Issue(w.snap, g, later)
	if again.AccessKeyID == c.AccessKeyID || again.Secret.Equal(c.Secret) || again.SessionToken.Equal(c.SessionToken) {
		t.Error("the same credentials are issued twice")
	}
	one, two := w.open(c), w.open(again)
	if one.session.Version == two.session.Version {
		t.Error("two secrets have one version")
	}
	if one.session.ParentKeyID != aliceKey {
		t.Errorf("the parent is %q", one.session.ParentKeyID)
	}
}

func TestDurationsOfUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	alice := w.user(aliceKey).caller
	for d, want := range map[time.Duration]time.Duration{0: 12 * time.Hour, 15 * time.Minute: 15 * time.Minute, 36 * time.Hour: 36 * time.Hour, 15*time.Minute - 1: 0, 36*time.Hour + 1: 0, -1: 0} {
		c, r := w.sessions.IssueSessionToken(w.snap, alice, aliceKey, &session.TokenQuestion{Duration: d}, now)
		if r == nil != (want != 0) || r == nil && c.Expires.Sub(now) != want || r != nil && r.Code != "ValidationError" {
			t.Errorf("GetSessionToken for %v: %v", d, r)
		}
		c, r = w.sessions.IssueFederation(w.snap, alice, aliceKey, &session.FederationQuestion{Name: "bob", Duration: d}, now)
		if r == nil != (want != 0) || r == nil && c.Expires.Sub(now) != want || r != nil && r.Code != "ValidationError" {
			t.Errorf("GetFederationToken for %v: %v", d, r)
		}
	}
}

// TestLongTermOnly is case X36, and what else cannot vouch for a session of its own.
func TestLongTermOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	alice := w.user(aliceKey)
	app := w.become(alice, assumption(appARN))
	root := &authz.Caller{Type: authz.Root, Account: accountA, ARN: "arn:aws:iam::" + accountA + ":root", ID: accountA}
	for name, c := range map[string]caller{
		"a role's session":        app,
		"another's key":           {keyID: daveKey, caller: alice.caller},
		"no key":                  {caller: alice.caller},
		"root":                    {keyID: aliceKey, caller: root},
		"a session's key":         {keyID: app.keyID, caller: alice.caller},
		"somebody of another age": {keyID: aliceKey, caller: &authz.Caller{Type: authz.User, ID: "AIDAALICEAGAIN2222222"}},
	} {
		if _, r := w.sessions.IssueSessionToken(w.snap, c.caller, c.keyID, &session.TokenQuestion{}, now); codeOf(r) != "AccessDenied" {
			t.Errorf("GetSessionToken with %s: %v", name, r)
		}
		if _, r := w.sessions.IssueFederation(w.snap, c.caller, c.keyID, &session.FederationQuestion{Name: "bob"}, now); codeOf(r) != "AccessDenied" {
			t.Errorf("GetFederationToken with %s: %v", name, r)
		}
	}
	if _, r := w.may(caller{keyID: aliceKey, caller: root}, assumption(appARN)); codeOf(r) != "AccessDenied" || r.Message != "Roles may not be assumed by root accounts." {
		t.Errorf("root assumes a role: %v", r)
	}
	for _, kind := range []authz.PrincipalType{authz.Anonymous, authz.WebIdentity, authz.SAML, authz.Service} {
		if _, r := w.may(caller{caller: &authz.Caller{Type: kind, Provider: "ec2.amazonaws.com"}}, assumption(appARN)); codeOf(r) != "AccessDenied" {
			t.Errorf("a caller of type %v assumes a role by a signature: %v", kind, r)
		}
	}
}

func TestFederationParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	alice := w.user(aliceKey).caller
	for name, tt := range map[string]struct {
		q    session.FederationQuestion
		want string
	}{
		"plain":             {session.FederationQuestion{Name: "bob"}, ""},
		"the longest name":  {session.FederationQuestion{Name: strings.Repeat("b", 32)}, ""},
		"too long a name":   {session.FederationQuestion{Name: strings.Repeat("b", 33)}, "ValidationError"},
		"too short a name":  {session.FederationQuestion{Name: "b"}, "ValidationError"},
		"no name":           {session.FederationQuestion{Name: "b/c"}, "ValidationError"},
		"a bad policy":      {session.FederationQuestion{Name: "bob", Policy: "{}"}, "MalformedPolicyDocument"},
		"no such policy":    {session.FederationQuestion{Name: "bob", PolicyARNs: []string{"arn:aws:iam::aws:policy/None"}}, "InvalidParameterValue"},
		"a reserved tag":    {session.FederationQuestion{Name: "bob", Tags: []action.Tag{{Key: "aws:x"}}}, "ValidationError"},
		"a tag of the user": {session.FederationQuestion{Name: "bob", Tags: []action.Tag{{Key: "Team", Value: "x"}}}, ""},
	} {
		c, r := w.sessions.IssueFederation(w.snap, alice, aliceKey, &tt.q, now)
		if codeOf(r) != tt.want {
			t.Errorf("%s: %v", name, r)
		}
		if r == nil && (c.ARN != "arn:aws:sts::"+accountA+":federated-user/"+tt.q.Name || c.ID != accountA+":"+tt.q.Name) {
			t.Errorf("%s: %+v", name, c)
		}
		if r == nil && len(w.open(c).session.Transitive) > 0 {
			t.Error("the tags of a federated user go on")
		}
	}
}

// noise is text that nothing makes shorter.
func noise(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		b.WriteString(hex.EncodeToString(sum[:]))
	}
	return b.String()[:n]
}

func TestPackedSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	before := 0
	for n := 0; n <= 50; n += 5 {
		ask := assumption(appARN)
		ask.Policy = policy(allow("s3:GetObject", "arn:aws:s3:::bkt/*"))
		for i := range n {
			text := noise(128 + i)
			ask.Tags = append(ask.Tags, action.Tag{Key: fmt.Sprint("k", i), Value: text[i:]})
		}
		for i := range ask.Tags {
			sum := sha256.Sum256([]byte(fmt.Sprint("tag", i)))
			ask.Tags[i].Value = hex.EncodeToString(sum[:]) + hex.EncodeToString(sum[:])
			sum = sha256.Sum256(sum[:])
			ask.Tags[i].Value = ask.Tags[i].Value[:64] + hex.EncodeToString(sum[:])
		}
		g, r := w.may(w.user(aliceKey), ask)
		if r != nil {
			t.Fatal(r)
		}
		c, r := w.sessions.Issue(w.snap, g, now)
		if r != nil {
			if r.Code != "PackedPolicyTooLarge" || r.Status != 400 || before < 60 {
				t.Errorf("%d tags, %d %% before: %v", n, before, r)
			}
			if n < 20 {
				t.Errorf("%d tags do not fit", n)
			}
			return
		}
		if c.PackedSize <= before || c.PackedSize > 100 || len(c.SessionToken.Reveal()) > 4096 {
			t.Errorf("%d tags: %d %% after %d %%, %d characters", n, c.PackedSize, before, len(c.SessionToken.Reveal()))
		}
		before = c.PackedSize
		w.open(c)
	}
	t.Error("50 tags of 128 characters fit")
}

// TestLargestPolicy issues the largest inline session policy that AWS takes.
func TestLargestPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	var statements []string
	for i := 0; len(policy(statements...)) < 1900; i++ {
		statements = append(statements, allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::bucket-%d/home/user-%d/*", i*7919, i*104729)))
	}
	ask := assumption(appARN)
	ask.Policy = policy(statements...)
	c := w.become(w.user(aliceKey), ask)
	if c.caller.Session == nil {
		t.Error("no session policy")
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t, base), newWorld(t, base)
	message := []byte(`{"allowed":false,"context":{"action":"s3:GetObject"}}`)
	sealed := session.SealMessage(w.snap, accountA, message)
	if got, r := session.OpenMessage(w.snap, accountA, sealed); r != nil || string(got) != string(message) {
		t.Errorf("%s, %v", got, r)
	}
	token := w.issue(aliceKey, appARN).SessionToken.Reveal()
	for name, open := range map[string]func() error{
		"another account":    func() error { return asError(second(session.OpenMessage(w.snap, accountB, sealed))) },
		"another deployment": func() error { return asError(second(session.OpenMessage(other.snap, accountA, sealed))) },
		"a token":            func() error { return asError(second(session.OpenMessage(w.snap, accountA, token))) },
		"half a message":     func() error { return asError(second(session.OpenMessage(w.snap, accountA, sealed[:40]))) },
		"nothing":            func() error { return asError(second(session.OpenMessage(w.snap, accountA, ""))) },
		"too much": func() error {
			return asError(second(session.OpenMessage(w.snap, accountA, strings.Repeat("A", 10241))))
		},
	} {
		if err := open(); err == nil || !strings.Contains(err.Error(), "InvalidAuthorizationMessageException") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.sessions.Open(w.snap, "ASIAAAAAAAAAAAAAAAAA", sealed, now); err == nil {
		t.Error("a message is a token")
	}
	if sealed := session.SealMessage(w.snap, accountA, []byte(noise(20000))); sealed != "" {
		t.Errorf("a message of %d characters", len(sealed))
	}
}

// TestCost bounds what decisions cost that session policies are part of, and not
// what those of a role do.
func TestCost(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 102 {
		many = append(many, `{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "`+fmt.Sprint(i)+`"}}}`)
	}
	w := newWorld(t, base.with(files{
		a + "roles/next/deny.json": policy(append(many, allow("s3:*", "*"))...), a + "policies/deny1.json": policy(many[:51]...), a + "policies/deny2.json": policy(many[51:]...),
	}))
	if !w.become(w.user(aliceKey), assumption(nextARN)).decideS3("s3:GetObject").Allowed() {
		t.Error("a role with many policies has no sessions")
	}
	for name, ask := range map[string]action.Assumption{
		"two": {PolicyARNs: []string{"arn:aws:iam::" + accountA + ":policy/deny1", "arn:aws:iam::" + accountA + ":policy/deny2"}},
		"one": {PolicyARNs: []string{"arn:aws:iam::" + accountA + ":policy/deny2"}},
	} {
		ask.Action, ask.RoleARN, ask.SessionName = "sts:AssumeRole", nextARN, "s1"
		_, r := w.may(w.user(aliceKey), &ask)
		if (codeOf(r) == "MalformedPolicyDocument") != (name == "two") {
			t.Errorf("%s: %v", name, r)
		}
	}
}
