package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestSchemes lets in by each scheme whom policies let in, and tells the store
// nothing of how.
func TestSchemes(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role := f.assume(longTerm("ann"))
	web := func() pair {
		req, _ := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "build", "WebIdentityToken", f.token("build-1"))
		return f.issued(f.serve(req))
	}()
	federated := f.issued(f.call(longTerm("ann"), "Action", "GetFederationToken", "Name", "tenant", "Policy",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/tenant/*"}]}`))
	own := f.issued(f.call(longTerm("ann"), "Action", "GetSessionToken"))
	narrowed := f.assume(longTerm("ann"), "Policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/open/*"}]}`)
	tests := []struct {
		name   string
		answer reply
		want   int
	}{
		{"long-term key", f.read(longTerm("ann"), "a"), 200},
		{"long-term key without policies", f.read(longTerm("eve"), "a"), 403},
		{"role", f.read(role, "a"), 200},
		{"role of a web identity", f.read(web, "a"), 200},
		{"federated user within its policy", f.read(federated, "tenant/a"), 200},
		{"federated user beyond its policy", f.read(federated, "a"), 403},
		{"user's own session", f.read(own, "a"), 200},
		{"role within a session policy", f.read(narrowed, "open/a"), 200},
		{"role beyond a session policy", f.read(narrowed, "a"), 403},
		{"bearer token", f.readBearer(f.token("build-1"), "a"), 200},
		{"bearer token whose subject the role does not trust", f.readBearer(f.token("other"), "a"), 403},
		{"bearer token that is none", f.readBearer("x", "a"), 400},
		{"nobody", f.serve(f.plain("GET", "localhost", "/reports/a", "")), 403},
	}
	for _, tt := range tests {
		if tt.answer.status != tt.want || tt.answer.forwarded != (tt.want == 200) {
			t.Errorf("%s: %d %s, want %d", tt.name, tt.answer.status, tt.answer.body, tt.want)
		}
	}
	for _, r := range f.seen {
		if a := r.Header.Get("Authorization"); len(r.Header.Values("Authorization")) != 1 || !strings.Contains(a, "Credential=AKIDEXAMPLE/") || r.Header.Get("X-Amz-Security-Token") != "" {
			t.Errorf("the store got %v", r.Header)
		}
	}
}

// TestTwoMechanisms refuses every pair of credentials, whoever they are of.
func TestTwoMechanisms(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role := f.assume(longTerm("ann"))
	bearer := wire.Field{Name: "authorization", Value: "Bearer " + f.token("build-1")}
	object := func() *wire.Request { return f.plain("GET", "localhost", "/reports/a", "") }
	signed := func(by pair) *wire.Request { return f.sign(object(), by, "s3", "") }
	with := func(req *wire.Request, fields ...wire.Field) *wire.Request {
		req.Fields = append(req.Fields, fields...)
		return req
	}
	web := func(fields ...wire.Field) *wire.Request {
		req, _ := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "build", "WebIdentityToken", f.token("build-1"))
		return with(req, fields...)
	}
	presigned := func(target string) *wire.Request {
		return f.plain("GET", "localhost", target+"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260301%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260301T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00", "")
	}
	signedWeb, body := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "build", "WebIdentityToken", f.token("build-1"))
	tests := []struct {
		name string
		req  *wire.Request
		code string
	}{
		{"signature and bearer token", with(signed(longTerm("ann")), bearer), "InvalidArgument"},
		{"session's signature and bearer token", with(signed(role), bearer), "InvalidArgument"},
		{"bearer token twice", with(object(), bearer, bearer), "InvalidArgument"},
		{"bearer token and session token", with(object(), bearer, wire.Field{Name: "x-amz-security-token", Value: role.token}), "InvalidArgument"},
		{"presigned and bearer token", with(presigned("/reports/a"), bearer), "InvalidArgument"},
		{"presigned and signature", with(presigned("/reports/a"), signed(longTerm("ann")).Fields...), "InvalidArgument"},
		{"web identity and signature", f.sign(signedWeb, longTerm("ann"), "sts", body), "InvalidParameterCombination"},
		{"web identity and bearer token", web(bearer), "InvalidParameterCombination"},
		{"web identity and session token", web(wire.Field{Name: "x-amz-security-token", Value: role.token}), "InvalidParameterCombination"},
		{"long-term key and a token", f.sign(object(), pair{keyOf("ann"), secretKey, role.token}, "s3", ""), "InvalidToken"},
		{"session's key without its token", f.sign(object(), pair{role.id, role.secret, ""}, "s3", ""), "InvalidAccessKeyId"},
	}
	for _, tt := range tests {
		if got := f.serve(tt.req); got.forwarded || got.status == 200 || !strings.Contains(got.body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: %d %s, want %s", tt.name, got.status, got.body, tt.code)
		}
	}
}

// TestMuseum_06_tokenOfAnotherKey: a session token goes with its own key, and with
// the secret that was issued with it.
func TestMuseum_06_tokenOfAnotherKey(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	one, two := f.assume(longTerm("ann")), f.assume(longTerm("ann"))
	for name, by := range map[string]pair{
		"the token of another key":    {one.id, one.secret, two.token},
		"the secret of another key":   {one.id, two.secret, one.token},
		"the id of another key":       {two.id, one.secret, one.token},
		"a long-term secret":          {one.id, secretKey, one.token},
		"a token cut":                 {one.id, one.secret, one.token[:len(one.token)-1]},
		"a token beside a user's key": {keyOf("ann"), secretKey, one.token},
	} {
		if got := f.read(by, "a"); got.forwarded || got.status == 200 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestMuseum_26_anonymousSTS: STS answers nobody who shows nothing.
func TestMuseum_26_anonymousSTS(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	for _, parameters := range [][]string{
		{"AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests"},
		{"GetCallerIdentity"}, {"GetSessionToken"},
		{"GetFederationToken", "Name", "tenant"},
		{"GetAccessKeyInfo", "AccessKeyId", keyOf("ann")},
		{"DecodeAuthorizationMessage", "EncodedMessage", "x"},
	} {
		req, _ := f.form(append([]string{"Action"}, parameters...)...)
		if got := f.serve(req); got.status != 403 || !strings.Contains(got.body, "<Code>MissingAuthenticationToken</Code>") || !strings.Contains(got.body, "https://sts.amazonaws.com/doc/2011-06-15/") {
			t.Errorf("%s: %d %s", parameters[0], got.status, got.body)
		}
	}
	if got := f.serve(f.plain("GET", "localhost", "/reports/a", "")); got.forwarded {
		t.Error("the anonymous caller read")
	}
}

// TestMuseum_27_independentModes: with and without tokens, providers or sessions the
// other ways to be known are as they are.
func TestMuseum_27_independentModes(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role := f.assume(longTerm("ann"))
	off := f.enforcer.Options
	off.Sessions, off.Tokens = nil, nil
	without := proxy.New(off)
	with := f.enforcer
	for name, tt := range map[string]struct {
		enforcer                     *proxy.Enforcer
		key, session, bearer, nobody int
	}{
		"with sessions":    {with, 200, 200, 200, 403},
		"without sessions": {without, 200, 400, 400, 403},
	} {
		f.enforcer = tt.enforcer
		got := []int{
			f.read(longTerm("ann"), "a").status, f.read(role, "a").status, f.readBearer(f.token("build-1"), "a").status,
			f.serve(f.plain("GET", "localhost", "/reports/a", "")).status,
		}
		if diff := cmp.Diff([]int{tt.key, tt.session, tt.bearer, tt.nobody}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	f.enforcer = with
	f.activate(func() {
		f.write("bundle/accounts/111122223333/roles/reader.trust.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]}`)
		f.remove("bundle/accounts/111122223333/oidc-providers")
	})
	if got := f.read(longTerm("ann"), "a"); got.status != 200 {
		t.Errorf("without a provider: %d %s", got.status, got.body)
	}
	if got := f.read(role, "a"); got.status != 200 {
		t.Errorf("a session without a provider: %d %s", got.status, got.body)
	}
}

// TestPassthroughTemporary keeps what a store cannot verify from one that verifies itself.
func TestPassthroughTemporary(t *testing.T) {
	t.Parallel()
	f := newFortAt(t, func(o *upstream.Options) { o.Passthrough = true })
	role := f.assume(longTerm("ann"))
	if got := f.read(longTerm("ann"), "a"); got.status != 200 {
		t.Fatalf("a long-term key: %d %s", got.status, got.body)
	}
	for name, got := range map[string]reply{"bearer token": f.readBearer(f.token("build-1"), "a"), "session": f.read(role, "a")} {
		if got.forwarded || got.status != 501 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestObserveEnforcesSTS: a store under observation opens no role.
func TestObserveEnforcesSTS(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	f.store.Observe, f.tokens.Observe = true, true
	if got := f.read(longTerm("eve"), "a"); got.status != 200 {
		t.Fatalf("the route does not observe: %d", got.status)
	}
	if got := f.readBearer(f.token("other"), "a"); got.forwarded {
		t.Error("a bearer token became a role that does not trust it")
	}
	for name, got := range map[string]reply{
		"AssumeRole":         f.call(longTerm("eve"), "Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests"),
		"GetFederationToken": f.call(longTerm("eve"), "Action", "GetFederationToken", "Name", "tenant"),
	} {
		if got.status != 403 || !strings.Contains(got.body, "<Code>AccessDenied</Code>") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestExpiry ends sessions and tokens on time, though they are remembered.
func TestExpiry(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role, token := f.assume(longTerm("ann"), "DurationSeconds", "900"), f.token("build-1")
	for range 2 {
		if a, b := f.read(role, "a"), f.readBearer(token, "a"); a.status != 200 || b.status != 200 {
			t.Fatalf("%d %s, %d %s", a.status, a.body, b.status, b.body)
		}
	}
	f.pass(15*time.Minute - time.Second)
	if got := f.read(role, "a"); got.status != 200 {
		t.Errorf("in its last second: %d %s", got.status, got.body)
	}
	f.pass(time.Second)
	if got := f.read(role, "a"); got.status != 400 || !strings.Contains(got.body, "<Code>ExpiredToken</Code>") {
		t.Errorf("session: %d %s", got.status, got.body)
	}
	if got := f.readBearer(token, "a"); got.status != 200 {
		t.Errorf("bearer token: %d %s", got.status, got.body)
	}
	f.pass(46 * time.Minute)
	if got := f.readBearer(token, "a"); got.forwarded || !strings.Contains(got.body, "<Code>ExpiredToken</Code>") {
		t.Errorf("bearer token: %d %s", got.status, got.body)
	}
}
