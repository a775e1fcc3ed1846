package session_test

import (
	"encoding/json"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// idp is the provider that withProvider declares.
var idp = &bundle.Provider{Account: accountA, ARN: "arn:aws:iam::" + accountA + ":oidc-provider/id.example.com", Key: "id.example.com"}

// withProvider is base with an OpenID Connect provider that the role app trusts.
var withProvider = base.with(files{
	a + "oidc-providers/id.yaml":      "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\nbearer: {role: " + appARN + "}\n",
	a + "oidc-providers/id.jwks.json": `{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
	a + "roles/app.trust.json": policy(
		trusts(`"AWS": "`+accountA+`"`, `["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`, ""),
		trusts(`"Federated": "`+idp.ARN+`"`, `["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]`, `"StringEquals": {"id.example.com:sub": "alice"}`)),
})

// claimsOf are those of a token of a provider that was verified.
func claimsOf(p *bundle.Provider, members string) *oidc.Claims {
	all := map[string]json.RawMessage{}
	text := `{"iss": "https://` + p.Key + `", "sub": "alice", "aud": "store"`
	if members != "" {
		text += ", " + members
	}
	if err := json.Unmarshal([]byte(text+"}"), &all); err != nil {
		panic(err)
	}
	var subject string
	_ = json.Unmarshal(all["sub"], &subject)
	return &oidc.Claims{
		Issuer: "https://" + p.Key, Subject: subject, Audience: "store", Audiences: []string{"store"},
		IssuedAt: now.Add(-time.Minute), Expires: now.Add(2 * time.Hour), All: all,
	}
}

func (w *world) mayFederated(who *session.Federated, role string) (*session.Grant, *wire.Refusal) {
	name := map[session.Kind]string{session.WebIdentity: "sts:AssumeRoleWithWebIdentity", session.Certificate: "sts:AssumeRole"}
	return w.askFederated(who, &action.Assumption{Action: name[who.Kind], RoleARN: role, SessionName: "s1"})
}

func (w *world) askFederated(who *session.Federated, ask *action.Assumption) (*session.Grant, *wire.Refusal) {
	assuming, r := w.sessions.Prepare(&session.Question{Snapshot: w.snap, Federated: who, Assumption: ask, Now: now})
	if r != nil {
		return nil, r
	}
	return w.decide(assuming, nil, now)
}

// becomeFederated assumes a role with a token and opens the credentials.
func (w *world) becomeFederated(who *session.Federated, role string) caller {
	w.t.Helper()
	g, r := w.mayFederated(who, role)
	if r != nil {
		w.t.Fatalf("%v %s", r, r.Cause)
	}
	c, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		w.t.Fatal(r)
	}
	return w.open(c)
}

// issue issues credentials of a role.
func (w *world) issue(keyID, role string) *session.Credentials {
	w.t.Helper()
	g, r := w.may(w.user(keyID), assumption(role))
	if r != nil {
		w.t.Fatal(r)
	}
	c, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		w.t.Fatal(r)
	}
	return c
}
