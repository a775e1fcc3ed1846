package session_test

import (
	"errors"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	iam "github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/session"
)

// bucketPolicy gives or denies a principal everything in a bucket.
func bucketPolicy(t testing.TB, principal, effect string) *authz.Policies {
	t.Helper()
	text := `{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "Principal": {"AWS": "` + principal + `"}, "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*"}]}`
	doc, findings := iam.Parse(iam.Bucket, "bucket.json", []byte(text))
	if doc == nil {
		t.Fatal(findings)
	}
	return authz.NewPolicies(authz.Compile(doc))
}

// A token is of the key that it was issued with, and of no other.
func TestMuseum_06_tokenOfAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	one, two := w.issue(aliceKey, appARN), w.issue(daveKeyAllowed(w), appARN)
	for _, keyID := range []string{two.AccessKeyID, aliceKey, daveKey, "", "ASIA"} {
		// What is remembered of the right key must not help.
		w.open(one)
		if _, err := w.sessions.Open(w.snap, keyID, one.SessionToken.Reveal(), now); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("beside %q the token is good: %v", keyID, err)
		}
	}
}

// daveKeyAllowed is the key of a user who may assume the role app.
func daveKeyAllowed(w *world) string {
	w.activate(base.with(files{a + "users/dave/all.json": policy(allow("*", "*"))}))
	return daveKey
}

// Session policies bind whatever a session asks for: another session, too.
func TestMuseum_07_sessionPolicyOnSTS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chained)
	for name, text := range map[string]string{
		"allows s3 alone": policy(allow("s3:*", "*")),
		"denies STS":      policy(allow("*", "*"), deny("sts:*", "")),
	} {
		ask := assumption(appARN)
		ask.Policy = text
		app := w.become(w.user(aliceKey), ask)
		for _, role := range []string{nextARN, appARN} {
			if _, r := w.may(app, assumption(role)); codeOf(r) != "AccessDenied" {
				t.Errorf("a session policy that %s lets a session assume %s: %v", name, role, r)
			}
		}
		if app.caller.Session == nil {
			t.Errorf("a session policy that %s is no layer", name)
		}
	}
	// It is passed on by no means, and not needed by the next session.
	ask := assumption(appARN)
	ask.Policy = policy(allow("sts:*", "*"))
	if next := w.become(w.become(w.user(aliceKey), ask), assumption(nextARN)); next.caller.Session != nil {
		t.Error("the next session has the session policy of the one before")
	}
}

// The trust policy of the role decides on every way to its sessions.
func TestMuseum_08_trustOnEveryWay(t *testing.T) {
	t.Parallel()
	nobody := policy(trusts(`"Service": "ec2.amazonaws.com"`, `"sts:AssumeRole"`, ""))
	w := newWorld(t, withProvider.with(files{a + "roles/next.trust.json": nobody, a + "roles/next/all.json": policy(allow("*", "*"))}))
	alice := w.user(aliceKey)
	app := w.become(alice, assumption(appARN))
	issued, r := w.sessions.IssueSessionToken(w.snap, alice.caller, aliceKey, &session.TokenQuestion{}, now)
	if r != nil {
		t.Fatal(r)
	}
	who, r := session.FromWebIdentity(idp, claimsOf(idp, ""))
	if r != nil {
		t.Fatal(r)
	}
	for name, may := range map[string]func(role string) error{
		"a long-term key":        func(role string) error { return asError(second(w.may(alice, assumption(role)))) },
		"a session of the user":  func(role string) error { return asError(second(w.may(w.open(issued), assumption(role)))) },
		"a session of a role":    func(role string) error { return asError(second(w.may(app, assumption(role)))) },
		"a token":                func(role string) error { return asError(second(w.mayFederated(who, role))) },
		"another account's user": func(role string) error { return asError(second(w.may(w.user(carolKey), assumption(role)))) },
	} {
		if err := may(nextARN); err == nil {
			t.Errorf("%s gets a session of a role that trusts nobody", name)
		}
	}
	for name, r := range map[string]error{"a key": asError(second(w.may(alice, assumption(appARN)))), "a token": asError(second(w.mayFederated(who, appARN)))} {
		if r != nil {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// What a resource allows does not outweigh what denies the caller: in a trust
// policy, and for a session.
func TestMuseum_09_denyOutweighsTrust(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base.with(files{a + "roles/app.trust.json": trust(aliceARN), a + "users/alice/all.json": policy(allow("*", "*"), deny("sts:AssumeRole", ""))}))
	if _, r := w.may(w.user(aliceKey), assumption(appARN)); codeOf(r) != "AccessDenied" {
		t.Errorf("a trust policy outweighs a deny: %v", r)
	}
	w = newWorld(t, base.with(files{a + "roles/app/all.json": policy(allow("*", "*"), deny("s3:GetObject", ""))}))
	app := w.become(w.user(aliceKey), assumption(appARN))
	for _, principal := range []string{appARN, app.caller.ARN, accountA} {
		access := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: accountA, Policy: bucketPolicy(t, principal, "Allow")}
		if authz.Decide(app.caller, &authz.Request{Now: now}, access).Allowed() {
			t.Errorf("a bucket policy for %s outweighs a deny", principal)
		}
	}
	ask := assumption(appARN)
	ask.Tags = []action.Tag{{Key: "cost", Value: "7"}}
	w = newWorld(t, base.with(files{a + "users/alice/all.json": policy(allow("*", "*"), deny("sts:TagSession", ""))}))
	if _, r := w.may(w.user(aliceKey), ask); codeOf(r) != "AccessDenied" {
		t.Errorf("a trust policy outweighs a deny of tags: %v", r)
	}
}

// A verified token counts for the generation and the keys that it was verified
// with, and an opened one for its generation.
func TestMuseum_21_rememberedUnderAnotherRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	c := w.issue(aliceKey, appARN)
	w.open(c)
	later := managed(t, w.directory, base, base.with(files{a + "roles/app.yaml": "id: AROAAPPAGAIN222222222\npath: /svc/\n"}))
	if _, err := w.sessions.Open(later, c.AccessKeyID, c.SessionToken.Reveal(), now); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("a session of a role that was made again: %v", err)
	}
	// The snapshot before is in use still, by requests that began with it.
	if _, err := w.sessions.Open(w.snap, c.AccessKeyID, c.SessionToken.Reveal(), now); err != nil {
		t.Errorf("with the snapshot before: %v", err)
	}
}
