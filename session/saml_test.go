package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/saml"
	"github.com/sallyport-iam/sallyport/saml/samltest"
	"github.com/sallyport-iam/sallyport/session"
)

const (
	corpARN    = "arn:aws:iam::" + accountA + ":saml-provider/corp"
	attributes = "https://aws.amazon.com/SAML/Attributes/"
)

var idpKey = samltest.NewSigner(nil, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))

// corp has a SAML provider, whose users with a mail address may become app.
var corp = base.with(files{
	a + "saml-providers/corp.xml": samltest.Metadata(idpKey),
	a + "roles/app.trust.json": policy(trusts(`"Federated": "`+corpARN+`"`, `["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"]`,
		`"StringEquals": {"saml:aud": "`+samltest.Recipient+`", "saml:sub_type": "persistent", "saml:doc": "`+accountA+`/corp"}, "StringLike": {"saml:mail": "*@example.com"}`)),
	a + "roles/app/all.json": policy(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/${saml:sub}/*"}`),
})

func asserted(more ...string) string {
	return samltest.Attribute(attributes+"Role", appARN+","+corpARN, nextARN+","+corpARN, appARN+"2,arn:aws:iam::"+accountB+":saml-provider/corp") +
		samltest.Attribute(attributes+"RoleSessionName", "alice@example.com") + samltest.Attribute("urn:oid:0.9.2342.19200300.100.1.3", "alice@example.com") + strings.Join(more, "")
}

// federate verifies a response and asks for a role with it.
func (w *world) federate(response samltest.Response, role string, ask *action.Assumption, at time.Time) (*session.Grant, string) {
	w.t.Helper()
	response.Signer, response.Now = idpKey, now
	if response.Attributes == "" {
		response.Attributes = asserted()
	}
	who, r := session.VerifySAML(w.snap, role, corpARN, response.Encoded(), at)
	if r != nil {
		return nil, r.Code + ": " + r.Message
	}
	own := action.Assumption{Action: "sts:AssumeRoleWithSAML", RoleARN: role}
	if ask != nil {
		own = *ask
		own.Action, own.RoleARN = "sts:AssumeRoleWithSAML", role
	}
	assuming, r := w.sessions.Prepare(&session.Question{Snapshot: w.snap, Federated: who, Assumption: &own, Now: at})
	if r != nil {
		return nil, r.Code + ": " + r.Message
	}
	g, r := w.decide(assuming, nil, at)
	if r != nil {
		return nil, r.Code + ": " + r.Message
	}
	return g, ""
}

func TestSAML(t *testing.T) {
	t.Parallel()
	w := newWorld(t, corp)
	g, refusal := w.federate(samltest.Response{Attributes: asserted(samltest.Attribute(attributes+"PrincipalTag:Desk", "7"), samltest.Attribute(attributes+"TransitiveTagKeys", "Desk"), samltest.Attribute(attributes+"SourceIdentity", "alice"))}, appARN, nil, now)
	if refusal != "" {
		t.Fatal(refusal)
	}
	c, r := w.sessions.Issue(w.snap, g, now)
	if r != nil {
		t.Fatal(r)
	}
	if c.ARN != "arn:aws:sts::"+accountA+":assumed-role/app/alice@example.com" || c.SourceIdentity != "alice" || !c.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}
	s, err := w.sessions.Open(w.snap, c.AccessKeyID, c.SessionToken.Reveal(), now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	got := keysOf(&s.Caller.Keys)
	for key, want := range map[string]string{
		"saml:sub": "alice", "saml:sub_type": "persistent", "saml:namequalifier": saml.NameQualifier(samltest.EntityID, accountA, "corp"),
		"aws:principaltag/desk": "7", "aws:sourceidentity": "alice", "saml:aud": "", "saml:mail": "", "saml:iss": "",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, not %q", key, got[key], want)
		}
	}
	if s.Kind != session.SAML || s.Provider != corpARN || !cmp.Equal(s.Transitive, map[string]string{"Desk": "7"}) {
		t.Errorf("%+v", s)
	}
	for resource, want := range map[string]bool{"arn:aws:s3:::reports/alice/a": true, "arn:aws:s3:::reports/bob/a": false} {
		if authz.Decide(s.Caller, &authz.Request{}, &authz.Access{Action: "s3:GetObject", Resource: resource, Account: accountA}).Allowed() != want {
			t.Error(resource)
		}
	}
	w.activate(corp.with(files{a + "saml-providers/corp.xml": "", a + "roles/app.trust.json": trust(accountA)}))
	another, err := session.New(session.Options{MaxBytes: 1 << 20}) // which remembers nothing
	if err != nil {
		t.Fatal(err)
	}
	if _, err := another.Open(w.snap, c.AccessKeyID, c.SessionToken.Reveal(), now.Add(time.Minute)); err == nil {
		t.Error("the session outlives its provider")
	}
}

func TestSAMLRefusals(t *testing.T) {
	t.Parallel()
	const denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"
	bare := samltest.Attribute(attributes+"Role", appARN+","+corpARN) + samltest.Attribute(attributes+"RoleSessionName", "alice")
	for _, c := range []struct {
		name     string
		response samltest.Response
		role     string
		ask      *action.Assumption
		files    files
		after    time.Duration
		want     string // the beginning of the refusal; "" if the role is assumed
	}{
		{name: "assumed", role: appARN},
		{name: "a condition of the trust policy", response: samltest.Response{Attributes: bare}, role: appARN, want: denied},
		{name: "a role that trusts the account", role: nextARN, want: denied},
		{name: "a role that the response does not name", role: "arn:aws:iam::" + accountA + ":role/other", want: denied},
		{name: "a role with another account's provider", role: appARN + "2", want: denied},
		{name: "a role of another account", role: "arn:aws:iam::" + accountB + ":role/app", want: "InvalidIdentityToken: Specified provider doesn't exist"},
		{name: "no provider", role: appARN, files: files{a + "saml-providers/corp.xml": "", a + "roles/app.trust.json": trust(accountA)}, want: "InvalidIdentityToken: Specified provider doesn't exist"},
		{name: "too late", role: appARN, after: 10 * time.Minute, want: "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"},
		{name: "too early", role: appARN, after: -10 * time.Minute, want: "InvalidIdentityToken: The SAML response is not valid yet"},
		{name: "changed", response: samltest.Response{After: func(r, _ string) string { return strings.Replace(r, ">alice<", ">bob<", 1) }}, role: appARN, want: "InvalidIdentityToken: Response signature invalid"},
		{name: "no response", response: samltest.Response{After: func(string, string) string { return "<a/>" }}, role: appARN, want: "InvalidIdentityToken: The SAML response that was passed"},
		{name: "a session name that is none", response: samltest.Response{Attributes: strings.Replace(asserted(), ">alice@example.com<", ">al ice<", 1)}, role: appARN, want: "InvalidIdentityToken: RoleSessionName"},
		{name: "tags of two spellings", response: samltest.Response{Attributes: asserted(samltest.Attribute(attributes+"PrincipalTag:a", "1"), samltest.Attribute(attributes+"PrincipalTag:A", "1"))}, role: appARN, want: "InvalidIdentityToken: "},
		{name: "tags without TagSession", response: samltest.Response{Attributes: asserted(samltest.Attribute(attributes+"PrincipalTag:a", "1"))}, role: appARN,
			files: files{a + "roles/app.trust.json": policy(trusts(`"Federated": "`+corpARN+`"`, `"sts:AssumeRoleWithSAML"`, ""))}, want: "AccessDenied: Not authorized to perform sts:TagSession"},
		{name: "trusted for web identities", role: appARN, files: files{a + "roles/app.trust.json": policy(trusts(`"Federated": "`+corpARN+`"`, `"sts:AssumeRoleWithWebIdentity"`, ""))}, want: denied},
		{name: "longer than the role allows", role: appARN, ask: &action.Assumption{Duration: 3 * time.Hour}, want: "ValidationError: The requested DurationSeconds exceeds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, corp.with(c.files))
			_, refusal := w.federate(c.response, c.role, c.ask, now.Add(c.after))
			if c.want == "" && refusal != "" || !strings.HasPrefix(refusal, c.want) {
				t.Errorf("%s; want %s", refusal, c.want)
			}
		})
	}
}

// TestSAMLSessionEnd: credentials end no later than the provider's session.
func TestSAMLSessionEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, corp)
	until := func(end time.Time) samltest.Response {
		return samltest.Response{Assertion: func(s string) string {
			return strings.Replace(s, "<saml:AuthnStatement ", `<saml:AuthnStatement SessionNotOnOrAfter="`+end.Format("2006-01-02T15:04:05Z")+`" `, 1)
		}}
	}
	for end, want := range map[time.Duration]time.Duration{20 * time.Minute: 20 * time.Minute, 8 * time.Hour: time.Hour, -time.Minute: 0} {
		g, refusal := w.federate(until(now.Add(end)), appARN, nil, now)
		if refusal != "" {
			t.Fatal(refusal)
		}
		c, r := w.sessions.Issue(w.snap, g, now)
		switch {
		case want == 0:
			if r == nil || r.Code != "ExpiredTokenException" {
				t.Error(c, r)
			}
		case r != nil || !c.Expires.Equal(now.Add(want)):
			t.Error(end, c, r)
		}
	}
}
