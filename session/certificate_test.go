package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// certified is base with rules for certificates; app trusts them by their URI.
var certified = base.with(files{
	"bundle/bundle.yaml": base["bundle/bundle.yaml"] + "certificates:\n" +
		"  - {uri: \"spiffe://example.org/ns/*\", role: \"" + appARN + "\"}\n" +
		"  - {uri: \"spiffe://example.org/alice\", user: \"" + aliceARN + "\"}\n" +
		"  - {dns: alice.example.org, user: \"" + aliceARN + "\"}\n",
	a + "roles/app.trust.json": policy(trusts(`"Service": "rolesanywhere.amazonaws.com"`, `["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`,
		`"StringEquals": {"aws:PrincipalTag/x509SAN/URI": "spiffe://example.org/ns/web"}`)),
})

func webCertificate() *wire.Certificate {
	return &wire.Certificate{
		CommonName: "web", IssuerCommonName: "Let's Sign R3", URIs: []string{"spiffe://example.org/ns/web"}, DNSNames: []string{"web.example.org"},
		Serial: "0a1b2c", NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(30 * time.Minute),
	}
}

func TestFromCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, certified)
	who, user, ask, r := session.FromCertificate(w.snap, webCertificate(), now)
	if r != nil || user != nil {
		t.Fatal(user, r)
	}
	if diff := cmp.Diff(&action.Assumption{Action: "sts:AssumeRole", RoleARN: appARN, SessionName: "0a1b2c"}, ask); diff != "" {
		t.Error(diff)
	}
	if who.Caller.Type != authz.Service || who.Caller.Provider != "rolesanywhere.amazonaws.com" {
		t.Errorf("%+v", who.Caller)
	}
	want := map[string]string{
		"aws:principalisawsservice": "true", "aws:principalservicename": "rolesanywhere.amazonaws.com", "aws:principalservicenameslist": "[rolesanywhere.amazonaws.com]",
		"aws:principaltype": "Service", "aws:sourceaccount": accountA,
		"aws:principaltag/x509subject/cn": "web", "aws:principaltag/x509issuer/cn": "Let's Sign R3",
		"aws:principaltag/x509san/uri": "spiffe://example.org/ns/web", "aws:principaltag/x509san/dns": "web.example.org",
	}
	if diff := cmp.Diff(want, keysOf(&who.Caller.Keys)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	g, r := w.askFederated(who, ask)
	if r != nil {
		t.Fatal(r)
	}
	s := g.Session()
	keys := keysOf(&s.Caller.Keys)
	if s.Caller.ARN != "arn:aws:sts::"+accountA+":assumed-role/app/0a1b2c" || s.Kind != session.Certificate || !s.Expires.Equal(now.Add(30*time.Minute)) {
		t.Errorf("%+v", s)
	}
	if keys["aws:sourceidentity"] != "web" || keys["aws:principaltag/x509san/uri"] != "spiffe://example.org/ns/web" || keys["aws:principaltag/team"] != "a" ||
		keys["aws:tokenissuetime"] != "2026-02-28T12:00:00Z" || keys["aws:multifactorauthpresent"] != "false" {
		t.Errorf("%v", keys)
	}
	if len(s.Transitive) > 0 {
		t.Errorf("tags go on: %v", s.Transitive)
	}
	// What the session may assume, another does by its own trust policy.
	if _, r := w.may(caller{caller: s.Caller, session: s}, assumption(nextARN)); r != nil {
		t.Error(r)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, certified)
	for name, tt := range map[string]struct {
		change func(*wire.Certificate)
		want   string
	}{
		"a role":                        {func(*wire.Certificate) {}, "role 0a1b2c"},
		"a role that does not trust it": {func(c *wire.Certificate) { c.URIs = []string{"spiffe://example.org/ns/db"} }, "AccessDenied"},
		"a user":                        {func(c *wire.Certificate) { c.URIs = []string{"spiffe://example.org/alice"} }, "user"},
		"nobody":                        {func(c *wire.Certificate) { c.URIs = []string{"spiffe://example.org/bob"} }, "nobody"},
		"two principals":                {func(c *wire.Certificate) { c.DNSNames = []string{"alice.example.org"} }, "AccessDenied"},
		"two SPIFFE ids":                {func(c *wire.Certificate) { c.URIs = append(c.URIs, "spiffe://example.org/ns/db") }, "AccessDenied"},
		"over":                          {func(c *wire.Certificate) { c.NotAfter = now }, "AccessDenied"},
		"not yet valid":                 {func(c *wire.Certificate) { c.NotBefore = now.Add(time.Second) }, "AccessDenied"},
		"of unknown life":               {func(c *wire.Certificate) { c.NotBefore, c.NotAfter = time.Time{}, time.Time{} }, "role 0a1b2c"},
		"of unknown serial number":      {func(c *wire.Certificate) { c.Serial = "" }, "role spiffe___example.org_ns_web-"},
		"a name that is too long":       {func(c *wire.Certificate) { c.CommonName = strings.Repeat("x", 257) }, "AccessDenied"},
		"a name that is no UTF-8":       {func(c *wire.Certificate) { c.IssuerCommonName = "\xff" }, "AccessDenied"},
		"a name that is none":           {func(c *wire.Certificate) { c.CommonName = "Web Server №1" }, "role 0a1b2c"},
		"without a name":                {func(c *wire.Certificate) { c.CommonName = "" }, "role 0a1b2c"},
	} {
		cert := webCertificate()
		tt.change(cert)
		who, user, ask, r := session.FromCertificate(w.snap, cert, now)
		got := "nobody"
		switch {
		case r != nil:
			got = r.Code
		case user != nil:
			got = "user"
			if who != nil || ask != nil || user.ARN != aliceARN {
				t.Errorf("%s: %v %v %v", name, who, user, ask)
			}
		case who != nil:
			got = "role " + ask.SessionName
			if _, r := w.askFederated(who, ask); r != nil {
				got = r.Code
			}
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if who, user, ask, r := session.FromCertificate(w.snap, nil, now); who != nil || user != nil || ask != nil || r != nil {
		t.Error("no certificate stands for somebody")
	}
}

// TestRevokeWithParent ends sessions with the key at the beginning of their chain.
func TestRevokeWithParent(t *testing.T) {
	t.Parallel()
	f := chained.with(files{"bundle/bundle.yaml": base["bundle/bundle.yaml"] + "sessions: {revoke_with_parent: true}\n"})
	w := newWorld(t, f)
	alice := w.user(aliceKey)
	app := w.become(alice, assumption(appARN))
	chain, r := w.may(app, assumption(nextARN))
	if r != nil {
		t.Fatal(r)
	}
	last, r := w.sessions.Issue(w.snap, chain, now)
	if r != nil {
		t.Fatal(r)
	}
	w.open(last)
	inactive := strings.Replace(f["keys.yaml"], "user: alice}", "user: alice, status: Inactive}", 1)
	for name, tt := range map[string]struct {
		files files
		want  error
	}{
		"active":                    {nil, nil},
		"inactive":                  {files{"keys.yaml": inactive}, session.ErrInvalid},
		"gone":                      {files{"keys.yaml": "keys:\n" + keyLine(daveKey, accountA, "dave")}, session.ErrInvalid},
		"its user made again":       {files{a + "users/alice.yaml": "id: AIDAALICEAGAIN2222222\n"}, session.ErrInvalid},
		"inactive, and not asked":   {files{"keys.yaml": inactive, "bundle/bundle.yaml": base["bundle/bundle.yaml"]}, nil},
		"made again, and not asked": {files{a + "users/alice.yaml": "id: AIDAALICEAGAIN2222222\n", "bundle/bundle.yaml": base["bundle/bundle.yaml"]}, nil},
	} {
		other, _ := session.New(session.Options{})
		if _, err := other.Open(load(t, w.directory, f.with(tt.files)), last.AccessKeyID, last.SessionToken.Reveal(), now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestByCertificate asks twice: the second time from memory.
func TestByCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, certified)
	ask := func(change func(*wire.Certificate), at time.Time) string {
		var got string
		for i := range 2 {
			cert := webCertificate()
			change(cert)
			assuming, user, r := w.sessions.ByCertificate(w.snap, cert, at)
			one := "nobody"
			switch {
			case r != nil:
				one = r.Code
			case user != nil:
				one = user.ARN
			case assuming != nil:
				if g, r := w.decide(assuming, nil, at); r != nil {
					one = r.Code
				} else {
					one = g.Session().Caller.ARN
				}
			}
			if i > 0 && one != got {
				t.Errorf("first %s, then %s", got, one)
			}
			got = one
		}
		return got
	}
	same := func(*wire.Certificate) {}
	app := "arn:aws:sts::" + accountA + ":assumed-role/app/"
	for _, tt := range []struct {
		change func(*wire.Certificate)
		at     time.Time
		want   string
	}{
		{same, now, app + "0a1b2c"},
		{func(c *wire.Certificate) { c.Serial = "0a1b2d" }, now, app + "0a1b2d"},
		{func(c *wire.Certificate) { c.URIs[0] = "spiffe://example.org/ns/db" }, now, "AccessDenied"},
		{func(c *wire.Certificate) { c.URIs[0] = "spiffe://example.org/alice" }, now, aliceARN},
		{func(c *wire.Certificate) { c.URIs[0] = "spiffe://example.org/bob" }, now, "nobody"},
		{same, now.Add(30 * time.Minute), "AccessDenied"},
		{same, now.Add(-48 * time.Hour), "AccessDenied"},
		{same, now.Add(29 * time.Minute), app + "0a1b2c"},
	} {
		if got := ask(tt.change, tt.at); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	// Without sessions users are known still.
	var none *session.Sessions
	cert := webCertificate()
	if assuming, _, r := none.ByCertificate(w.snap, cert, now); assuming != nil || codeOf(r) != "ServiceUnavailable" {
		t.Errorf("without sessions: %v", r)
	}
	cert.URIs = []string{"spiffe://example.org/alice"}
	if _, user, r := none.ByCertificate(w.snap, cert, now); r != nil || user == nil || user.ARN != aliceARN {
		t.Errorf("a user without sessions: %v", r)
	}
	// Other rules.
	w.snap = managed(t, w.directory, certified, certified.with(files{"bundle/bundle.yaml": base["bundle/bundle.yaml"] + "certificates:\n  - {dns: web.example.org, user: \"" + aliceARN + "\"}\n"}))
	if got := ask(same, now); got != aliceARN {
		t.Errorf("by other rules: %s", got)
	}
}

// BenchmarkCertificate is what each request costs that a certificate stands for.
func BenchmarkCertificate(bm *testing.B) {
	w := newWorld(bm, certified)
	cert := webCertificate()
	request := &authz.Request{Now: now}
	bm.ReportAllocs()
	for bm.Loop() {
		assuming, _, r := w.sessions.ByCertificate(w.snap, cert, now)
		if r != nil {
			bm.Fatal(r)
		}
		g, r := assuming.MayAssume(func(a *authz.Access) authz.Decision { return authz.Decide(assuming.Caller(), request, a) }, nil)
		if r != nil || g.Session() == nil {
			bm.Fatal(r)
		}
	}
}
