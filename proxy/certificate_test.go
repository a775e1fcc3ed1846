package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestCertificates lets in by a verified certificate whom a rule of the bundle names,
// and only where a request has no other credentials.
func TestCertificates(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	now := f.clock()
	valid := func(c wire.Certificate) *wire.Certificate {
		c.Serial, c.NotBefore, c.NotAfter = "abc", now.Add(-time.Hour), now.Add(time.Hour)
		return &c
	}
	build := valid(wire.Certificate{URIs: []string{"spiffe://example.org/ns/build/sa/ci"}})
	ann := valid(wire.Certificate{URIs: []string{"spiffe://example.org/ann"}})
	over := valid(wire.Certificate{URIs: []string{"spiffe://example.org/ann"}})
	over.NotAfter = now
	object := func(c *wire.Certificate) *wire.Request {
		req := f.plain("GET", "localhost", "/reports/a", "")
		req.Certificate = c
		return req
	}
	signed := f.sign(object(ann), longTerm("eve"), "s3", "")
	bearer := object(ann)
	bearer.Fields = append(bearer.Fields, wire.Field{Name: "authorization", Value: "Bearer " + f.token("other")})
	broken := object(ann)
	broken.Fields = append(broken.Fields, wire.Field{Name: "authorization", Value: "Basic x"})
	sts := func(c *wire.Certificate, parameters ...string) *wire.Request {
		req, _ := f.form(parameters...)
		req.Certificate = c
		return req
	}
	tests := []struct {
		name   string
		req    *wire.Request
		status int
		text   string
	}{
		{"a user's", object(ann), 200, ""},
		{"a role's", object(build), 200, ""},
		{"another of a user's names", object(valid(wire.Certificate{DNSNames: []string{"ann.example.org"}})), 200, ""},
		{"of a user without policies", object(valid(wire.Certificate{DNSNames: []string{"eve.example.org"}})), 403, "user/eve"},
		{"of nobody", object(valid(wire.Certificate{URIs: []string{"spiffe://example.org/other"}})), 403, "<Message>Access Denied</Message>"},
		{"of two", object(valid(wire.Certificate{DNSNames: []string{"ann.example.org", "eve.example.org"}})), 403, ""},
		{"that is over", object(over), 403, ""},
		{"none", object(nil), 403, ""},
		{"beside a signature, whose it is then", signed, 403, "user/eve"},
		{"beside a bearer token, whose it is then", bearer, 403, ""},
		{"beside credentials that are none", broken, 400, ""},
		{"who it is", sts(ann, "Action", "GetCallerIdentity"), 200, "user/ann"},
		{"who the role is", sts(build, "Action", "GetCallerIdentity"), 200, "assumed-role/reader/"},
		{"to become a role", sts(ann, "Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests"), 200, "assumed-role/reader/tests"},
		{"to get what would outlive it", sts(ann, "Action", "GetSessionToken"), 403, "AccessDenied"},
		{"to name somebody", sts(ann, "Action", "GetFederationToken", "Name", "tenant"), 403, "AccessDenied"},
		{"of nobody, at STS", sts(valid(wire.Certificate{}), "Action", "GetCallerIdentity"), 403, "MissingAuthenticationToken"},
	}
	for _, tt := range tests {
		if got := f.serve(tt.req); got.status != tt.status || !strings.Contains(got.body, tt.text) || got.forwarded && tt.status != 200 {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.text)
		}
	}
	f.activate(func() {
		f.write("bundle/bundle.yaml", strings.Split(fortBundle["bundle.yaml"], "certificates:")[0])
	})
	if got := f.serve(object(ann)); got.status != 403 || got.forwarded {
		t.Errorf("without the rule: %d", got.status)
	}
}

// TestCertificateOfABrowser takes the certificate that a browser shows for the word of
// its user only where a page asks that may use it.
func TestCertificateOfABrowser(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	f.store.CORS = proxy.CORS{
		{Origins: []string{"https://console.example.com", "null"}, Methods: []string{"GET"}},
		{Origins: []string{"*"}, Methods: []string{"GET", "PUT"}},
	}
	for _, tt := range []struct {
		name, origin string
		status       int
	}{
		{"no browser", "", 200},
		{"a page of the store's own", "https://LOCALHOST", 200},
		{"a page of the store's own, over plain HTTP", "http://localhost", 403},
		{"a page that a rule names", "https://console.example.com", 200},
		{"a page that a rule for all takes", "https://evil.example", 403},
		{"a page of nobody", "null", 403},
	} {
		req := f.plain("GET", "localhost", "/reports/a", "")
		req.Scheme = "https"
		req.Certificate = &wire.Certificate{URIs: []string{"spiffe://example.org/ann"}}
		if tt.origin != "" {
			req.Fields = append(req.Fields, wire.Field{Name: "origin", Value: tt.origin})
		}
		if got := f.serve(req); got.status != tt.status || got.forwarded != (tt.status == 200) {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
	req, _ := f.form("Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests")
	req.Certificate = &wire.Certificate{URIs: []string{"spiffe://example.org/ann"}}
	req.Fields = append(req.Fields, wire.Field{Name: "origin", Value: "https://console.example.com"})
	if got := f.serve(req); got.status != 403 || !strings.Contains(got.body, "MissingAuthenticationToken") {
		t.Errorf("a page of another origin asks STS: %d %s", got.status, got.body)
	}
}

// TestCertificatePassthrough keeps a request that nothing signs from a store that
// verifies signatures itself.
func TestCertificatePassthrough(t *testing.T) {
	t.Parallel()
	f := newFortAt(t, func(o *upstream.Options) { o.Passthrough = true })
	req := f.plain("GET", "localhost", "/reports/a", "")
	req.Certificate = &wire.Certificate{URIs: []string{"spiffe://example.org/ann"}}
	if got := f.serve(req); got.status != 501 || got.forwarded {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestBearerStripped: no store gets a bearer token, however requests to it are
// signed, or not signed.
func TestBearerStripped(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*upstream.Options){
		"resigned": nil,
		"identity": func(o *upstream.Options) { o.Unsigned, o.Credentials = true, nil },
	} {
		f := newFortAt(t, change)
		role := f.assume(longTerm("ann"))
		can := proxy.Capabilities{BodyLimit: 1 << 20, BodyPassesBy: true, Answer: true}
		door := &proxy.Door{Name: "asked", Routes: f.door.Routes, Can: can}
		bearer := f.plain("GET", "localhost", "/reports/a", "", wire.Field{Name: "authorization", Value: "Bearer " + f.token("build-1")})
		session := f.sign(f.plain("GET", "localhost", "/reports/a", ""), role, "s3", "")
		for _, req := range []*wire.Request{bearer, session} {
			a := f.enforcer.Authorize(t.Context(), door, req, "REQUESTIDEXAMPLE")
			if a.Request == nil {
				t.Fatalf("%s: %+v", name, a.Refusal)
			}
			for _, field := range a.Request.Fields {
				if strings.Contains(field.Value, "Bearer") || field.Name == "x-amz-security-token" || strings.Contains(field.Value, role.id) {
					t.Errorf("%s: the store gets %s", name, field.Name)
				}
			}
		}
	}
}
