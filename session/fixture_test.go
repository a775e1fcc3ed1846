package session_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	accountA = "111122223333"
	accountB = "444455556666"

	aliceKey = "AKIAALICEALICEALICE2"
	daveKey  = "AKIADAVEDAVEDAVEDAV2"
	carolKey = "AKIACAROLCAROLCAROL2"

	appARN   = "arn:aws:iam::" + accountA + ":role/svc/app"
	nextARN  = "arn:aws:iam::" + accountA + ":role/next"
	aliceARN = "arn:aws:iam::" + accountA + ":user/alice"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// files are those of a bundle and of its keys, by their path.
type files map[string]string

func (f files) with(changes files) files {
	all := maps.Clone(f)
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// a is the directory of account A, b that of account B.
const (
	a = "bundle/accounts/" + accountA + "/"
	b = "bundle/accounts/" + accountB + "/"
)

// base has the users alice and dave and the roles app and next in account A, which
// trusts the account, and the user carol in account B.
var base = files{
	"bundle/bundle.yaml":        "accounts:\n  \"" + accountA + "\": {}\n  \"" + accountB + "\": {}\nbuckets:\n  - {name: \"*\", account: \"" + accountA + "\"}\n",
	a + "users/alice.yaml":      "id: AIDAALICEEXAMPLE22222\ntags: {team: red, Desk: \"7\"}\n",
	a + "users/alice/all.json":  policy(allow("*", "*")),
	a + "users/dave.yaml":       "id: AIDADAVEEXAMPLE222222\n",
	b + "users/carol.yaml":      "id: AIDACAROLEXAMPLE22222\n",
	b + "users/carol/all.json":  policy(allow("*", "*")),
	a + "roles/app.yaml":        "id: AROAAPPEXAMPLE2222222\npath: /svc/\ntags: {team: a, Cost: \"1\"}\nmax_session_duration: 7200\n",
	a + "roles/app.trust.json":  trust(accountA),
	a + "roles/app/all.json":    policy(allow("*", "*")),
	a + "roles/next.yaml":       "id: AROANEXTEXAMPLE222222\n",
	a + "roles/next.trust.json": trust(accountA),
	a + "policies/readers.json": policy(allow("s3:GetObject", "*")),
	"keys.yaml":                 "keys:\n" + keyLine(aliceKey, accountA, "alice") + keyLine(daveKey, accountA, "dave") + keyLine(carolKey, accountB, "carol"),
}

func keyLine(id, account, user string) string {
	return fmt.Sprintf("  - {access_key_id: %s, secret_access_key: %s, account: %q, user: %s}\n", id, strings.Repeat("s", 40), account, user)
}

func policy(statements ...string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}`
}

func allow(action, resource string) string {
	return `{"Effect": "Allow", "Action": "` + action + `", "Resource": "` + resource + `"}`
}

func deny(action, condition string) string {
	return `{"Effect": "Deny", "Action": "` + action + `", "Resource": "*"` + conditioned(condition) + `}`
}

func conditioned(condition string) string {
	if condition == "" {
		return ""
	}
	return `, "Condition": {` + condition + `}`
}

// trust is a trust policy that trusts a principal of AWS for all that an assumption
// needs.
func trust(principal string) string {
	return policy(trusts(`"AWS": "`+principal+`"`, `["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`, ""))
}

func trusts(principal, actions, condition string) string {
	return `{"Effect": "Allow", "Principal": {` + principal + `}, "Action": ` + actions + conditioned(condition) + `}`
}

// world is a bundle that is in force, with sessions.
type world struct {
	t         testing.TB
	directory string
	snap      *bundle.Snapshot
	sessions  *session.Sessions
}

func newWorld(t testing.TB, f files) *world {
	t.Helper()
	w := &world{t: t, directory: t.TempDir()}
	if err := bundle.CreateSessionKeys(filepath.Join(w.directory, "sessions.yaml"), now); err != nil {
		t.Fatal(err)
	}
	s, err := session.New(session.Options{MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	w.sessions = s
	w.activate(f)
	return w
}

// activate brings other files into force.
func (w *world) activate(f files) {
	w.t.Helper()
	w.snap = load(w.t, w.directory, f)
}

func load(t testing.TB, directory string, f files) *bundle.Snapshot {
	t.Helper()
	for _, old := range []string{"bundle", "keys.yaml"} {
		if err := os.RemoveAll(filepath.Join(directory, old)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, directory, f)
	snap, findings := bundle.Load(bundle.Options{
		Directory: filepath.Join(directory, "bundle"), KeyFiles: []string{filepath.Join(directory, "keys.yaml")},
		SessionKeyFile: filepath.Join(directory, "sessions.yaml"), Now: func() time.Time { return now },
	})
	if snap == nil {
		t.Fatalf("the bundle does not load: %v", findings)
	}
	return snap
}

// write writes files below a directory.
func write(t testing.TB, directory string, f files) {
	t.Helper()
	for name, text := range f {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// caller is a long-term key's, or a session's.
type caller struct {
	keyID   string
	caller  *authz.Caller
	session *session.Session
}

func (w *world) user(keyID string) caller {
	w.t.Helper()
	c, ok := w.snap.Credential(keyID)
	if !ok {
		w.t.Fatalf("no key %s", keyID)
	}
	return caller{keyID: keyID, caller: c.Caller}
}

// assumption is one of a role with the session name s1.
func assumption(role string) *action.Assumption {
	return &action.Assumption{Action: "sts:AssumeRole", RoleARN: role, SessionName: "s1"}
}

// may decides an assumption at a time.
func (w *world) mayAt(c caller, ask *action.Assumption, at time.Time) (*session.Grant, *wire.Refusal) {
	q := &session.Question{Snapshot: w.snap, Caller: c.caller, AccessKeyID: c.keyID, Session: c.session, Assumption: ask, Now: at}
	assuming, r := w.sessions.Prepare(q)
	if r != nil {
		return nil, r
	}
	return w.decide(assuming, c.session, at)
}

func (w *world) decide(assuming *session.Assuming, s *session.Session, at time.Time) (*session.Grant, *wire.Refusal) {
	request := &authz.Request{Now: at}
	if s != nil {
		s.FillRequest(&request.Keys, at)
	}
	asked := 0
	g, r := assuming.MayAssume(
		func(access *authz.Access) authz.Decision {
			asked++
			return authz.Decide(assuming.Caller(), request, access)
		},
		func(*authz.Access, authz.Decision) { asked-- })
	if asked != 0 {
		w.t.Error("not every decision is recorded")
	}
	if (g == nil) == (r == nil) {
		w.t.Errorf("grant %v and refusal %v", g, r)
	}
	return g, r
}

func (w *world) may(c caller, ask *action.Assumption) (*session.Grant, *wire.Refusal) {
	return w.mayAt(c, ask, now)
}

// become assumes a role, issues its credentials, and opens them.
func (w *world) become(c caller, ask *action.Assumption) caller {
	w.t.Helper()
	g, r := w.may(c, ask)
	if r != nil {
		w.t.Fatalf("%s may not assume %s: %v %s", c.caller.ARN, ask.RoleARN, r, r.Cause)
	}
	issued, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		w.t.Fatal(r)
	}
	return w.open(issued)
}

func (w *world) open(issued *session.Credentials) caller {
	w.t.Helper()
	s, err := w.sessions.Open(w.snap, issued.AccessKeyID, issued.SessionToken.Reveal(), now)
	if err != nil {
		w.t.Fatal(err)
	}
	if !s.Secret.Equal(issued.Secret) {
		w.t.Error("the secret that was issued is not the one of the token")
	}
	return caller{keyID: issued.AccessKeyID, caller: s.Caller, session: s}
}

// decideS3 decides s3:GetObject for a caller.
func (c caller) decideS3(action string) authz.Decision {
	request := &authz.Request{Now: now}
	if c.session != nil {
		c.session.FillRequest(&request.Keys, now)
	}
	return authz.Decide(c.caller, request, &authz.Access{Action: action, Resource: "arn:aws:s3:::bkt/k", Account: accountA})
}

// managed is the snapshot of files that took the place of others: of a later
// generation.
func managed(t testing.TB, directory string, before, after files) *bundle.Snapshot {
	t.Helper()
	load(t, directory, before)
	m := bundle.NewManager(bundle.Options{
		Directory: filepath.Join(directory, "bundle"), KeyFiles: []string{filepath.Join(directory, "keys.yaml")},
		SessionKeyFile: filepath.Join(directory, "sessions.yaml"), Now: func() time.Time { return now },
		Quiet: time.Millisecond, Poll: 20 * time.Millisecond,
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	await := func(generation uint64) {
		t.Helper()
		for range 3000 {
			if s := m.Current(); s != nil && s.Generation() >= generation {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("generation %d does not come: %v", generation, m.Status())
	}
	await(1)
	write(t, directory, after)
	await(2)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return m.Current()
}

func second[T any](_ T, r *wire.Refusal) *wire.Refusal { return r }

// asError is a refusal as an error that is nil if there is none.
func asError(r *wire.Refusal) error {
	if r == nil {
		return nil
	}
	return r
}
