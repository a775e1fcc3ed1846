package session_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
)

// chained is base with a role next that trusts sessions of app.
var chained = base.with(files{a + "roles/next.trust.json": trust(appARN), a + "roles/next.yaml": "id: AROANEXTEXAMPLE222222\ntags: {Team: n}\nmax_session_duration: 43200\n"})

// TestSelfAssume is case X05: a role assumes itself if its trust policy says so.
func TestSelfAssume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	if _, r := w.may(w.become(w.user(aliceKey), assumption(appARN)), assumption(appARN)); r != nil {
		t.Error(r)
	}
	w = newWorld(t, base.with(files{a + "roles/app.trust.json": trust(aliceARN)}))
	if _, r := w.may(w.become(w.user(aliceKey), assumption(appARN)), assumption(appARN)); codeOf(r) != "AccessDenied" {
		t.Errorf("a role assumes itself unasked: %v", r)
	}
}

func TestTransitiveTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chained)
	ask := assumption(appARN)
	ask.Tags = []action.Tag{{Key: "Team", Value: "blue"}, {Key: "once", Value: "1"}}
	ask.TransitiveTagKeys = []string{"team"}
	app := w.become(w.user(aliceKey), ask)
	if diff := cmp.Diff(map[string]string{"Team": "blue"}, app.session.Transitive); diff != "" {
		t.Error(diff)
	}
	// They go on, win over those of the role, and go on again.
	next := w.become(app, assumption(nextARN))
	keys := keysOf(&next.caller.Keys)
	if keys["aws:principaltag/team"] != "blue" || keys["aws:principaltag/once"] != "" || next.session.Transitive["Team"] != "blue" {
		t.Errorf("%v %v", keys, next.session.Transitive)
	}
	// X38: they cannot be passed again, in whatever case.
	for _, key := range []string{"Team", "team", "TEAM"} {
		again := assumption(nextARN)
		again.Tags = []action.Tag{{Key: key, Value: "blue"}}
		if _, r := w.may(app, again); codeOf(r) != "InvalidParameterValue" {
			t.Errorf("%s: %v", key, r)
		}
	}
	more := assumption(nextARN)
	more.Tags = []action.Tag{{Key: "once", Value: "2"}}
	if next := w.become(app, more); keysOf(&next.caller.Keys)["aws:principaltag/once"] != "2" {
		t.Error("a tag that is not transitive cannot be passed again")
	}
	// What is inherited needs sts:TagSession, as what is passed does.
	w.activate(chained.with(files{a + "roles/next.trust.json": policy(trusts(`"AWS": "`+appARN+`"`, `["sts:AssumeRole", "sts:SetSourceIdentity"]`, ""))}))
	if _, r := w.may(app, assumption(nextARN)); codeOf(r) != "AccessDenied" {
		t.Errorf("inherited tags need no sts:TagSession: %v", r)
	}
}

func TestSourceIdentityIsFixed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chained)
	ask := assumption(appARN)
	ask.SourceIdentity = "alice"
	app := w.become(w.user(aliceKey), ask)
	for identity, want := range map[string]string{"": "", "alice": "", "Alice": "AccessDenied", "bob": "AccessDenied"} {
		again := assumption(nextARN)
		again.SourceIdentity = identity
		g, r := w.may(app, again)
		if codeOf(r) != want {
			t.Errorf("%q: %v", identity, r)
		}
		if g != nil && g.Session().SourceIdentity != "alice" {
			t.Errorf("%q: the source identity becomes %q", identity, g.Session().SourceIdentity)
		}
	}
	next := w.become(app, assumption(nextARN))
	if keysOf(&next.caller.Keys)["aws:sourceidentity"] != "alice" {
		t.Error("the source identity is lost in the chain")
	}
	w.activate(chained.with(files{a + "roles/next.trust.json": policy(trusts(`"AWS": "`+appARN+`"`, `"sts:AssumeRole"`, ""))}))
	if _, r := w.may(app, assumption(nextARN)); codeOf(r) != "AccessDenied" {
		t.Errorf("an inherited source identity needs no sts:SetSourceIdentity: %v", r)
	}
	w.activate(chained.with(files{a + "roles/next.trust.json": policy(trusts(`"AWS": "`+appARN+`"`, `["sts:AssumeRole", "sts:SetSourceIdentity"]`, `"StringEquals": {"aws:SourceIdentity": "alice"}`))}))
	if _, r := w.may(app, assumption(nextARN)); r != nil {
		t.Errorf("the trust policy does not see the source identity of the caller: %v", r)
	}
}

// TestSessionsInLayers are the cases of combined layers that are about sessions.
func TestSessionsInLayers(t *testing.T) {
	t.Parallel()
	s3 := allow("s3:*", "*")
	revoke := func(at string) string { return deny("*", `"DateLessThan": {"aws:TokenIssueTime": "`+at+`"}`) }
	for name, tt := range map[string]struct {
		role, session string // identity-based and session policies
		want          string
		layer         authz.Layer
	}{
		"E18 a session policy narrows":              {policy(s3), policy(allow("s3:ListBucket", "*")), "implicit", authz.LayerSession},
		"E19 a session policy adds nothing":         {policy(allow("s3:ListBucket", "*")), policy(s3), "implicit", authz.LayerIdentity},
		"E20 no session policy":                     {policy(s3), "", "allow", authz.LayerIdentity},
		"both allow":                                {policy(s3), policy(s3), "allow", authz.LayerIdentity},
		"a session policy denies":                   {policy(s3), policy(s3, deny("s3:GetObject", "")), "explicit", authz.LayerSession},
		"E36 issued before the revocation":          {policy(revoke("2026-03-01T12:00:01Z"), s3), "", "explicit", authz.LayerIdentity},
		"E36 issued at the revocation":              {policy(revoke("2026-03-01T12:00:00Z"), s3), "", "allow", authz.LayerIdentity},
		"E36 issued after the revocation":           {policy(revoke("2026-03-01T11:59:59Z"), s3), "", "allow", authz.LayerIdentity},
		"X39 the session's tag in the role's place": {policy(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "b"}}}`), "", "allow", authz.LayerIdentity},
		"MFA is asked for":                          {policy(s3, deny("*", `"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}`)), "", "explicit", authz.LayerIdentity},
		"MFA is asked for where it is known":        {policy(s3, deny("*", `"Bool": {"aws:MultiFactorAuthPresent": "false"}`)), "", "explicit", authz.LayerIdentity},
	} {
		w := newWorld(t, base.with(files{a + "roles/app/all.json": tt.role}))
		ask := assumption(appARN)
		ask.Policy, ask.Tags = tt.session, []action.Tag{{Key: "Team", Value: "b"}}
		d := w.become(w.user(aliceKey), ask).decideS3("s3:GetObject")
		got := map[authz.Effect]string{authz.Allow: "allow", authz.ExplicitDeny: "explicit", authz.ImplicitDeny: "implicit"}[d.Effect]
		if got != tt.want || d.Layer != tt.layer {
			t.Errorf("%s: %s by layer %v", name, got, d.Layer)
		}
	}
	// E37: a long-term key has no aws:TokenIssueTime.
	w := newWorld(t, base.with(files{a + "users/alice/all.json": policy(revoke("2027-01-01T00:00:00Z"), s3)}))
	if !w.user(aliceKey).decideS3("s3:GetObject").Allowed() {
		t.Error("E37: denied")
	}
}

// TestFederatedUsers are the cases E21 to E25 and E27.
func TestFederatedUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	alice := w.user(aliceKey)
	federate := func(q *session.FederationQuestion) caller {
		t.Helper()
		q.Name = "bob"
		c, r := w.sessions.IssueFederation(w.snap, alice.caller, aliceKey, q, now)
		if r != nil {
			t.Fatal(r)
		}
		return w.open(c)
	}
	if federate(&session.FederationQuestion{}).decideS3("s3:GetObject").Allowed() {
		t.Error("E21: a federated user without session policy may do what the user may")
	}
	bob := federate(&session.FederationQuestion{Policy: policy(allow("s3:GetObject", "*"))})
	if !bob.decideS3("s3:GetObject").Allowed() || bob.decideS3("s3:PutObject").Allowed() {
		t.Error("E22: the session policy does not bound the user's rights")
	}
	managed := federate(&session.FederationQuestion{PolicyARNs: []string{"arn:aws:iam::" + accountA + ":policy/readers"}})
	if !managed.decideS3("s3:GetObject").Allowed() || managed.decideS3("s3:PutObject").Allowed() {
		t.Error("E22: the managed session policy does not bound the user's rights")
	}
	none := newWorld(t, base.with(files{a + "users/alice/all.json": ""}))
	c, r := none.sessions.IssueFederation(none.snap, none.user(aliceKey).caller, aliceKey, &session.FederationQuestion{Name: "bob", Policy: policy(allow("*", "*"))}, now)
	if r != nil {
		t.Fatal(r)
	}
	if none.open(c).decideS3("s3:GetObject").Allowed() {
		t.Error("a session policy gives rights that the user has not")
	}
	resource := func(principal, effect string) *authz.Policies { return bucketPolicy(t, principal, effect) }
	get := func(c caller, p *authz.Policies) bool {
		return authz.Decide(c.caller, &authz.Request{Now: now}, &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: accountA, Policy: p}).Allowed()
	}
	if !get(federate(&session.FederationQuestion{}), resource("arn:aws:sts::"+accountA+":federated-user/bob", "Allow")) {
		t.Error("E23: a federated user that the bucket names is denied")
	}
	if get(federate(&session.FederationQuestion{Policy: policy(allow("ec2:*", "*"))}), resource(aliceARN, "Allow")) {
		t.Error("E24: what the bucket gives the user is not bounded by the session policy")
	}
	if get(bob, resource(aliceARN, "Deny")) {
		t.Error("E25: what denies the user does not deny its federated users")
	}
	issued, r := w.sessions.IssueSessionToken(w.snap, alice.caller, aliceKey, &session.TokenQuestion{}, now)
	if r != nil {
		t.Fatal(r)
	}
	if !w.open(issued).decideS3("s3:GetObject").Allowed() {
		t.Error("E27: a user has fewer rights with temporary credentials")
	}
}
