package proxy_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestServeSTS authenticates requests whose signature covers their body.
func TestServeSTS(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	const who = "arn:aws:iam::111122223333:user/ann"
	signed := func(change func(*wire.Request)) *wire.Request {
		req, body := f.form("Action", "GetCallerIdentity")
		f.sign(req, longTerm("ann"), "sts", body)
		if change != nil {
			change(req)
		}
		return req
	}
	other := func(fields ...wire.Field) *wire.Request {
		req, body := f.form("Action", "GetCallerIdentity")
		req.Fields = append(req.Fields, fields...)
		return f.sign(req, longTerm("ann"), "sts", body)
	}
	body := func(text string) func(*wire.Request) {
		return func(r *wire.Request) {
			r.Body, r.BodySize = io.NopCloser(strings.NewReader(text)), int64(len(text))
			r.Fields.Set("content-length", "")
			r.Fields.Del("content-length")
		}
	}
	get := f.plain("GET", "sts.example.com", "/?Action=GetCallerIdentity&Version=2011-06-15", "")
	wrongService, text := f.form("Action", "GetCallerIdentity")
	f.sign(wrongService, longTerm("ann"), "iam", text)
	wrongService.Host = "sts.example.com"
	tests := []struct {
		name   string
		req    *wire.Request
		status int
		text   string // in the answer
	}{
		{"signed", signed(nil), 200, "<Arn>" + who + "</Arn>"},
		{"signed without the field of the hash, as SDKs do", signed(func(r *wire.Request) { r.Fields.Del("x-amz-content-sha256") }), 200, who},
		{"in the query", f.sign(get, longTerm("ann"), "sts", ""), 200, who},
		{"another body than was signed", signed(body("Action=GetCallerIdentity&Version=2011-06-15 ")), 400, ""},
		{"another body, without the field of the hash", signed(func(r *wire.Request) {
			body("Action=GetSessionToken&Version=2011-06-15")(r)
			r.Fields.Del("x-amz-content-sha256")
		}), 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"a body cut short", signed(func(r *wire.Request) { r.Body = io.NopCloser(strings.NewReader("Action=Get")) }), 400, "<Error>"},
		{"a body that breaks off", signed(func(r *wire.Request) { r.Body = io.NopCloser(broken{}) }), 400, "<Error>"},
		{"a body that is encoded", other(wire.Field{Name: "content-encoding", Value: "gzip"}), 400, "<Error>"},
		{"a body in chunks", signed(func(r *wire.Request) { r.Fields.Set("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER") }), 400, "<Error>"},
		{"a body that is not signed", signed(func(r *wire.Request) { r.Fields.Set("x-amz-content-sha256", "UNSIGNED-PAYLOAD") }), 400, "<Error>"},
		{"a long body", signed(func(r *wire.Request) { r.BodySize = 1 << 20 }), 413, "<Code>RequestEntityTooLarge</Code>"},
		{"a long body that does not say so", signed(func(r *wire.Request) {
			r.Body, r.BodySize = io.NopCloser(strings.NewReader(strings.Repeat("a", 1<<20))), -1
		}), 413, "<Code>RequestEntityTooLarge</Code>"},
		{"scoped to another service", wrongService, 400, "<Code>IncompleteSignature</Code>"},
		{"an unknown key", func() *wire.Request {
			req, body := f.form("Action", "GetCallerIdentity")
			return f.sign(req, pair{"AKIANOBODYNOBODYNOBO", secretKey, ""}, "sts", body)
		}(), 403, "<Code>InvalidClientTokenId</Code>"},
		{"an unknown operation", func() *wire.Request {
			req, body := f.form("Action", "BecomeRoot")
			return f.sign(req, longTerm("ann"), "sts", body)
		}(), 400, "<Code>InvalidAction</Code>"},
		{"a role that there is not", func() *wire.Request {
			req, body := f.form("Action", "AssumeRole", "RoleArn", "arn:aws:iam::111122223333:role/none", "RoleSessionName", "tests")
			return f.sign(req, longTerm("ann"), "sts", body)
		}(), 403, "is not authorized to perform: sts:AssumeRole"},
		{"a role that does not trust", func() *wire.Request {
			req, body := f.form("Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests")
			return f.sign(req, longTerm("eve"), "sts", body)
		}(), 403, "is not authorized to perform: sts:AssumeRole"},
	}
	for _, tt := range tests {
		got := f.serve(tt.req)
		if got.status != tt.status || !strings.Contains(got.body, tt.text) || got.forwarded {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.text)
		}
		if got.status != 200 && !strings.HasPrefix(strings.TrimPrefix(got.body, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"), `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`) {
			t.Errorf("%s: not in the protocol of STS: %s", tt.name, got.body)
		}
	}
	if used := f.enforcer.Budget.Used(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}

// broken is a body that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

// TestSTSPresigned is the token that Kubernetes' authenticators make of
// GetCallerIdentity.
func TestSTSPresigned(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role := f.assume(longTerm("ann"))
	for name, by := range map[string]pair{"long-term": longTerm("ann"), "session": role} {
		req := f.plain("GET", "sts.example.com", "/?Action=GetCallerIdentity&Version=2011-06-15", "")
		presign(t, f, req, by)
		if got := f.serve(req); got.status != 200 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestSTSBudget: bodies of requests that nobody is known of yet get a small share.
func TestSTSBudget(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	o := f.enforcer.Options
	o.Budget = proxy.NewBudget(8 << 10) // an eighth of it is less than a first buffer
	f.enforcer = proxy.New(o)
	long := []string{"Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests", "Policy", strings.Repeat(" ", 2000)}
	if got := f.call(longTerm("ann"), long...); got.status != 400 || !strings.Contains(got.body, "<Code>Throttling</Code>") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if used := o.Budget.Used(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}

// TestSTSBudgetIsItsOwn: anonymous requests to stores, however much they hold, keep
// nobody from being known.
func TestSTSBudgetIsItsOwn(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	const limit = 1 << 20
	o := f.enforcer.Options
	o.Budget = proxy.NewBudget(limit)
	f.enforcer = proxy.New(o)
	if !o.Budget.Reserve(limit/8, proxy.Anonymous) || o.Budget.Reserve(1, proxy.Anonymous) {
		t.Fatal("the share of anonymous requests is not an eighth")
	}
	if got := f.call(longTerm("ann"), "Action", "GetCallerIdentity"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !o.Budget.Reserve(limit/8, proxy.Unverified) {
		t.Error("what was read before a caller was known was not given back")
	}
	if got := f.call(longTerm("ann"), "Action", "GetCallerIdentity"); !strings.Contains(got.body, "<Code>Throttling</Code>") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestSTSBodiesThatTrickle: who is not known yet holds no memory for longer than half
// a minute, a byte now and then or not.
func TestSTSBodiesThatTrickle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pause  time.Duration
		status int
	}{{time.Millisecond, 200}, {2 * time.Second, 400}} {
		f := newFort(t)
		req, body := f.form("Action", "GetCallerIdentity")
		req = f.sign(req, longTerm("ann"), "sts", body)
		slow := &trickle{strings.NewReader(body), func() { f.pass(tt.pause) }}
		req.Body = io.NopCloser(slow)
		got := f.serve(req)
		if got.status != tt.status || tt.status == 400 && !strings.Contains(got.body, "took too long to come") {
			t.Errorf("%s between bytes: %d %s", tt.pause, got.status, got.body)
		}
		if left := slow.from.Len(); (left == 0) != (tt.status == 200) {
			t.Errorf("%s between bytes: %d bytes are left", tt.pause, left)
		}
		if used := f.enforcer.Budget.Used(); used != 0 {
			t.Errorf("%d bytes were not given back", used)
		}
	}
}

// trickle is a body of which one byte comes at a time.
type trickle struct {
	from  *strings.Reader
	pause func()
}

func (s *trickle) Read(p []byte) (int, error) {
	s.pause()
	return s.from.Read(p[:min(1, len(p))])
}

// TestSTSDoors: a door that cannot answer by itself serves no STS, and one that does
// not see bodies none that is in one.
func TestSTSDoors(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	inBody := func() *wire.Request {
		req, body := f.form("Action", "GetCallerIdentity")
		return f.sign(req, longTerm("ann"), "sts", body)
	}
	inQuery := func() *wire.Request {
		return f.sign(f.plain("GET", "sts.example.com", "/?Action=GetCallerIdentity&Version=2011-06-15", ""), longTerm("ann"), "sts", "")
	}
	for name, tt := range map[string]struct {
		can  proxy.Capabilities
		req  *wire.Request
		want int
	}{
		"whole":                      {proxy.Capabilities{BodyLimit: 1 << 20, BodyPassesBy: true, Answer: true}, inBody(), 200},
		"a body that it has not":     {proxy.Capabilities{BodyPassesBy: true, Answer: true}, inBody(), 403},
		"no body":                    {proxy.Capabilities{BodyPassesBy: true, Answer: true}, inQuery(), 200},
		"it cannot answer":           {proxy.Capabilities{BodyLimit: 1 << 20, BodyPassesBy: true}, inBody(), 403},
		"it cannot answer, no body":  {proxy.Capabilities{BodyPassesBy: true}, inQuery(), 403},
		"a body longer than it sees": {proxy.Capabilities{BodyLimit: 10, BodyPassesBy: true, Answer: true}, inBody(), 403},
	} {
		door := &proxy.Door{Name: "asked", Routes: f.door.Routes, Can: tt.can}
		a := f.enforcer.Authorize(context.Background(), door, tt.req, "REQUESTIDEXAMPLE")
		if a.Answer == nil || a.Answer.Status != tt.want || a.Request != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestSTSRecords tells in records who became what, and holds no secret.
func TestSTSRecords(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	role := f.assume(longTerm("ann"), "DurationSeconds", "900", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red")
	token := f.token("build-1")
	req, _ := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "build", "WebIdentityToken", token)
	web := f.issued(f.serve(req))
	f.read(role, "a")
	f.readBearer(token, "a")
	f.call(role, "Action", "GetCallerIdentity")
	f.readBearer(f.token("other"), "a")
	records := f.recorded()
	for _, hidden := range []string{role.secret, role.token, web.secret, web.token, token, secretKey} {
		if strings.Contains(f.records.String(), hidden) {
			t.Errorf("a record holds %s", hidden)
		}
	}
	if len(records) != 6 {
		t.Fatalf("%d records", len(records))
	}
	type part struct {
		record int
		path   string
		want   any
	}
	for _, p := range []part{
		{0, "eventSource", "sts.amazonaws.com"}, {0, "eventName", "AssumeRole"},
		{0, "requestParameters.roleArn", fortRole}, {0, "requestParameters.durationSeconds", 900.0},
		{0, "responseElements.credentials.accessKeyId", role.id},
		{0, "responseElements.arn", "arn:aws:sts::111122223333:assumed-role/reader/tests"},
		{1, "userIdentity.type", "WebIdentityUser"}, {1, "userIdentity.authentication", "WEB-IDENTITY"},
		{1, "userIdentity.userName", "build-1"}, {1, "userIdentity.identityProvider", fortIssuer},
		{1, "responseElements.credentials.accessKeyId", web.id},
		{2, "userIdentity.type", "AssumedRole"}, {2, "userIdentity.accessKeyId", role.id},
		{2, "userIdentity.sessionContext.sessionIssuer.userName", "reader"},
		{2, "userIdentity.sessionContext.attributes.mfaAuthenticated", "false"},
		{3, "userIdentity.type", "AssumedRole"}, {3, "userIdentity.authentication", "BEARER"},
		{3, "userIdentity.sessionContext.webIdFederationData.federatedProvider", "arn:aws:iam::111122223333:oidc-provider/idp.example.com/realm"},
		{3, "trust.0.action", "sts:AssumeRoleWithWebIdentity"}, {3, "trust.0.decision", "allow"},
		{3, "accesses.0.action", "s3:GetObject"},
		{4, "accesses.0.decision", "notRequired"}, {4, "accesses.0.action", "sts:GetCallerIdentity"},
		{5, "errorCode", "AccessDenied"}, {5, "userIdentity.type", "WebIdentityUser"}, {5, "accesses.0.decision", "implicit_deny"},
	} {
		if diff := cmp.Diff(p.want, at(records[p.record], p.path)); diff != "" {
			t.Errorf("record %d, %s: %s", p.record, p.path, diff)
		}
	}
}

// TestSTSCounts: what no policy decides is no denial by one, whatever comes of it.
func TestSTSCounts(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	counted := prometheus.NewRegistry()
	o := f.enforcer.Options
	o.Metrics = proxy.NewMetrics(counted)
	f.enforcer = proxy.New(o)
	f.call(longTerm("ann"), "Action", "GetCallerIdentity")
	f.call(longTerm("ann"), "Action", "GetSessionToken", "SerialNumber", "arn:aws:iam::111122223333:mfa/none", "TokenCode", "123456")
	f.call(longTerm("eve"), "Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests")
	want := map[string]int{"allow exempt": 1, "refused authentication": 1, "implicit_deny trust": 1}
	if diff := cmp.Diff(want, decisionsOf(t, counted)); diff != "" {
		t.Error(diff)
	}
}

// at is a part of a document of JSON.
func at(doc any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[name]
		case []any:
			doc = d[int(name[0]-'0')]
		}
	}
	return doc
}

// TestEncodedMessages tells who may decode it why a request was denied.
func TestEncodedMessages(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	const marker = "Encoded authorization failure message: "
	if got := f.read(longTerm("eve"), "a"); strings.Contains(got.body, marker) {
		t.Fatalf("a route that does not say so encodes: %s", got.body)
	}
	f.store.EncodedMessages = true
	f.activate(func() {
		f.write("bundle/accounts/111122223333/users/ann/decode.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:DecodeAuthorizationMessage", "Resource": "*"}]}`)
	})
	var denial struct{ Message string }
	if err := xml.Unmarshal([]byte(f.read(longTerm("eve"), "a").body), &denial); err != nil {
		t.Fatal(err)
	}
	_, encoded, _ := strings.Cut(denial.Message, marker)
	var decoded struct {
		Result struct{ DecodedMessage string } `xml:"DecodeAuthorizationMessageResult"`
	}
	got := f.call(longTerm("ann"), "Action", "DecodeAuthorizationMessage", "EncodedMessage", encoded)
	if err := xml.Unmarshal([]byte(got.body), &decoded); err != nil {
		t.Fatal(err)
	}
	var message any
	if err := json.Unmarshal([]byte(decoded.Result.DecodedMessage), &message); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	for path, want := range map[string]any{"allowed": false, "explicitDeny": false, "context.action": "s3:GetObject", "context.principal.arn": "arn:aws:iam::111122223333:user/eve", "context.resource": "arn:aws:s3:::reports/a"} {
		if diff := cmp.Diff(want, at(message, path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if got := f.call(longTerm("eve"), "Action", "DecodeAuthorizationMessage", "EncodedMessage", encoded); got.status != 403 {
		t.Errorf("who may not decode: %d", got.status)
	}
	if strings.Contains(f.records.String(), encoded) {
		t.Error("a record holds the encoded message")
	}
	if got := f.serve(f.plain("GET", "localhost", "/reports/a", "")); strings.Contains(got.body, marker) {
		t.Error("the anonymous caller got a message")
	}
}

// presign signs a request by its query.
func presign(t *testing.T, f *fort, req *wire.Request, by pair) {
	t.Helper()
	now := f.clock().UTC()
	scope := now.Format("20060102") + "/us-east-1/sts/aws4_request"
	values := []string{
		"X-Amz-Algorithm", "AWS4-HMAC-SHA256", "X-Amz-Credential", by.id + "/" + scope, "X-Amz-Date", now.Format("20060102T150405Z"), "X-Amz-Expires", "60",
	}
	if by.token != "" {
		values = append(values, "X-Amz-Security-Token", by.token)
	}
	values = append(values, "X-Amz-SignedHeaders", "host")
	for i := 0; i < len(values); i += 2 {
		req.RawQuery += "&" + values[i] + "=" + url.QueryEscape(values[i+1])
	}
	canonical := "GET\n/\n" + req.RawQuery + "\nhost:" + req.Host + "\n\nhost\n" + sigv4.EmptyPayload
	req.RawQuery += "&X-Amz-Signature=" + signature(by.secret, now.Format("20060102"), "us-east-1", "sts", now.Format("20060102T150405Z"), scope, canonical)
	var r *wire.Refusal
	if req.Query, r = wire.ParseQuery(req.RawQuery); r != nil {
		t.Fatal(r)
	}
}

// signature is that of a canonical request.
func signature(secret, date, region, service, timestamp, scope, canonical string) string {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	hash := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + secret)
	for _, text := range []string{date, region, service, "aws4_request"} {
		key = mac(key, text)
	}
	return hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+timestamp+"\n"+scope+"\n"+hex.EncodeToString(hash[:])))
}
