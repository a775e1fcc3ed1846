package proxy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// keyOf is the access key id of a user of the tests' bundle.
func keyOf(user string) string {
	return "AKIAEXAMPLE" + strings.ToUpper((user + "AAAAAAAAA")[:9])
}

var bundleFiles = map[string]string{
	"bundle.yaml": `accounts:
  "111122223333": {alias: storage}
  "444455556666": {alias: other}
buckets:
  - {name: "reports", account: "111122223333"}
  - {name: "untagged", account: "111122223333"}
  - {name: "public", account: "111122223333"}
  - {name: "other-*", account: "444455556666"}
`,
	"accounts/111122223333/users/alice.yaml": "id: AIDAALICEALICEALICE1\n",
	"accounts/111122223333/users/alice/all.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/secret/*"}]}`,
	"accounts/111122223333/users/bob.yaml": "id: AIDABOBBOBBOBBOBBOB1\n",
	"accounts/111122223333/users/bob/read.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/public/*"},
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/v4a/*",
   "Condition": {"StringEquals": {"s3:signatureversion": "AWS4-ECDSA-P256-SHA256"}}},
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/uploads/*",
   "Condition": {"StringEquals": {"s3:authType": "POST"}, "NumericLessThan": {"s3:signatureAge": "600000"}}}]}`,
	"accounts/111122223333/resources/s3/reports.yaml": "tags: {Team: red, stage: \"\"}\n",
	"accounts/111122223333/users/dave.yaml":           "id: AIDADAVEDAVEDAVEDAV1\ntags: {team: red}\n",
	"accounts/111122223333/users/dave/team.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
  {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*", "Condition": {"StringEquals": {"s3:BucketTag/Stage": ""}}}]}`,
	"accounts/111122223333/users/erin.yaml": "id: AIDAERINERINERINERI1\n",
	"accounts/111122223333/users/erin/tagged.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject*", "Resource": "arn:aws:s3:::reports/*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/class": "open"}}},
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/out/*"},
  {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::reports/many/*"}]}`,
	"accounts/111122223333/users/frank.yaml": "id: AIDAFRANKFRANKFRANK1\n",
	"accounts/111122223333/users/frank/tagged.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"},
  {"Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": "arn:aws:s3:::reports/frank/*"},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/never/*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringLike": {"s3:ExistingObjectTag/Class": "sec*"}}}]}`,
	"accounts/111122223333/users/gina.yaml": "id: AIDAGINAGINAGINAGIN1\n",
	"accounts/111122223333/users/gina/copies.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject*", "Resource": "arn:aws:s3:::reports/*"},
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/out/*"},
  {"Effect": "Allow", "Action": "s3:PutObjectTagging", "Resource": "arn:aws:s3:::reports/out/*",
   "Condition": {"StringEquals": {"s3:RequestObjectTag/class": "open"}, "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["Class"]}}}]}`,
	"accounts/111122223333/users/hal.yaml": "id: AIDAHALHALHALHALHAL1\n",
	"accounts/111122223333/users/hal/copies.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*", "Condition": {"StringEquals": {"s3:RequestObjectTag/class": "secret"}}},
  {"Effect": "Deny", "Action": "s3:PutObjectTagging", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/class": "secret"}}},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/unread/*"},
  {"Effect": "Deny", "Action": "s3:GetObjectTagging", "Resource": "arn:aws:s3:::reports/untold/*"},
  {"Effect": "Deny", "Action": "s3:PutObjectTagging", "Resource": "*", "Condition": {"StringEquals": {"s3:RequestObjectTag/class": "closed"}}}]}`,
	"accounts/111122223333/users/ida.yaml": "id: AIDAIDAIDAIDAIDAIDA1\n",
	"accounts/111122223333/users/ida/pages.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:Referer": "https://pages.example.com/"}}}]}`,
	"accounts/444455556666/users/carol.yaml": "id: AIDACAROLCAROLCAROL1\n",
	"accounts/444455556666/users/carol/all.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`,
	"accounts/111122223333/resources/s3/public.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::public", "arn:aws:s3:::public/*"]}]}`,
	"accounts/111122223333/resources/s3/reports.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/open/*"},
  {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/inbox/*"}]}`,
}

// bench is an enforcement point with everything around it but a door.
type bench struct {
	t        *testing.T
	enforcer *proxy.Enforcer
	door     *proxy.Door
	route    proxy.Route
	audit    *audit.Log
	records  *lines
	counted  *prometheus.Registry
	store    *httptest.Server

	mu     sync.Mutex
	seen   []*http.Request
	bodies []string
	broken []error // how reading each of the bodies ended; nil if it was whole
	answer http.HandlerFunc
}

// lines collects what is written.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// recorded ends the audit log and tells what is in it.
func (b *bench) recorded() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.audit.Close(ctx); err != nil {
		b.t.Error(err)
	}
	return b.records.String()
}

// decisions counts the requests by outcome and reason.
func (b *bench) decisions() map[string]int { return decisionsOf(b.t, b.counted) }

// decisionsOf counts the requests of a registry by outcome and reason.
func decisionsOf(t *testing.T, counted prometheus.Gatherer) map[string]int {
	t.Helper()
	families, err := counted.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range families {
		if f.GetName() != "sallyport_decisions_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			counts[labels["decision"]+" "+labels["reason"]] += int(m.GetCounter().GetValue())
		}
	}
	return counts
}

func newBench(t *testing.T) *bench { return newBenchAt(t, nil) }

// newBenchSigning is a bench whose store is sent bodies that are signed so.
func newBenchSigning(t *testing.T, signing sigv4.PayloadSigning) *bench {
	return newBenchAt(t, func(o *upstream.Options) { o.PayloadSigning = signing })
}

// newBenchAt is a bench in front of a store that is used in another way.
func newBenchAt(t *testing.T, change func(*upstream.Options)) *bench {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, text := range bundleFiles {
		write("bundle/"+name, text, 0o644)
	}
	var keys strings.Builder
	keys.WriteString("keys:\n")
	for user, account := range map[string]string{"alice": "111122223333", "bob": "111122223333", "dave": "111122223333", "erin": "111122223333", "frank": "111122223333", "gina": "111122223333", "hal": "111122223333", "ida": "111122223333", "carol": "444455556666"} {
		fmt.Fprintf(&keys, "  - {access_key_id: %s, secret_access_key: %s, account: \"%s\", user: %s, status: Active}\n", keyOf(user), secretKey, account, user)
	}
	everywhere := proxy.Keys()
	snapshot, findings := bundle.Load(bundle.Options{
		Directory: filepath.Join(dir, "bundle"),
		KeyFiles:  []string{write("keys.yaml", keys.String(), 0o600)},
		Routes: []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: func(act, key string) bool {
			for _, k := range everywhere {
				if k == key {
					return true
				}
			}
			return s3.Fills(act, key) || proxy.FillsBucketTag(act, key)
		}}},
		Logger: zap.NewNop(),
		Now:    func() time.Time { return clock },
	})
	if snapshot == nil {
		t.Fatalf("the bundle does not load: %v", findings)
	}

	b := &bench{t: t, records: &lines{}, counted: prometheus.NewRegistry()}
	b.audit = audit.New(audit.Options{Output: b.records})
	b.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from the store") }
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		b.mu.Lock()
		b.seen = append(b.seen, r)
		b.bodies = append(b.bodies, string(body))
		b.broken = append(b.broken, err)
		answer := b.answer
		b.mu.Unlock()
		w.Header().Set("X-Amz-Request-Id", "STOREREQUEST")
		answer(w, r)
	}))
	t.Cleanup(store.Close)
	b.store = store
	endpoint, err := url.Parse(store.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := upstream.Options{
		Name: "store", Endpoint: endpoint, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
		Credentials:    credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
		ConnectTimeout: 5 * time.Second, ResponseHeaderTimeout: 5 * time.Second, IdleTimeout: time.Second,
	}
	if change != nil {
		change(&o)
	}
	up, err := upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	b.route = proxy.Route{
		Name: "main", Service: "s3", Regions: []string{"us-east-1"}, Partition: "aws",
		Hosts: []string{"localhost"}, VirtualHosts: []string{"s3.example.com"},
		Protocol: refusal.S3, Mapper: s3.New(s3.Options{ObjectTags: true}), Upstream: up,
	}
	b.door = &proxy.Door{
		Name:   "test",
		Can:    proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true},
		Routes: proxy.NewTable([]*proxy.Route{&b.route}),
	}
	decisions, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(decisions.Close)
	b.enforcer = proxy.New(proxy.Options{
		Snapshot: func() *bundle.Snapshot { return snapshot },
		Verifier: sigv4.NewVerifier(sigv4.Options{}),
		Now:      func() time.Time { return clock },
		Decide:   decisions.Decide,
		Budget:   proxy.NewBudget(8 << 20),
		Audit:    b.audit,
		Metrics:  proxy.NewMetrics(b.counted),
		Logger:   zap.NewNop(),
	})
	return b
}

// request makes one, signed by user unless that is empty.
func request(t *testing.T, user, method, host, target, body string, fields ...wire.Field) *wire.Request {
	t.Helper()
	path, raw, hasQuery, r := wire.ParseTarget(target)
	if r != nil {
		t.Fatal(r)
	}
	query, r := wire.ParseQuery(raw)
	if r != nil {
		t.Fatal(r)
	}
	req := &wire.Request{
		Method: method, Scheme: "http", Host: host, Path: path, RawQuery: raw, HasQuery: hasQuery, Query: query,
		Fields: append(wire.Fields{{Name: "user-agent", Value: "test"}}, fields...),
		Peer:   netip.MustParseAddrPort("203.0.113.7:1234"),
	}
	if body != "" {
		req.Body, req.BodySize = io.NopCloser(strings.NewReader(body)), int64(len(body))
		req.Fields.Add("content-length", fmt.Sprint(len(body)))
	}
	if user != "" {
		sum := sha256.Sum256([]byte(body))
		sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: keyOf(user), SecretAccessKey: secret.New(secretKey)},
			"s3", "us-east-1", hex.EncodeToString(sum[:]), clock)
	}
	return req
}

type reply struct {
	status int
	body   string
	fields wire.Fields
	// forwarded tells whether the store saw the request.
	forwarded bool
}

func (b *bench) serve(req *wire.Request) reply {
	b.t.Helper()
	b.mu.Lock()
	before := len(b.seen)
	b.mu.Unlock()
	resp := b.enforcer.Serve(context.Background(), b.door, req, "REQUESTIDEXAMPLE")
	out := reply{status: resp.Status, fields: resp.Fields}
	if resp.Body != nil {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		_ = resp.Body.Close()
		out.body = string(text)
	}
	b.mu.Lock()
	out.forwarded = len(b.seen) > before
	b.mu.Unlock()
	return out
}

func TestServe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tests := []struct {
		name, user, method, target, body string
		status                           int
		code, text                       string
		forwarded                        bool
	}{
		{name: "allowed", user: "alice", method: "GET", target: "/reports/a", status: 200, text: "from the store", forwarded: true},
		{name: "no identity policy", user: "bob", method: "GET", target: "/reports/a", status: 403, code: "AccessDenied",
			text: `User: arn:aws:iam::111122223333:user/bob is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::reports/a&quot; because no identity-based policy allows the s3:GetObject action`},
		{name: "an explicit deny", user: "alice", method: "GET", target: "/reports/secret/a", status: 403, code: "AccessDenied",
			text: "with an explicit deny in an identity-based policy"},
		{name: "anonymous", method: "GET", target: "/reports/a", status: 403, code: "AccessDenied", text: "<Message>Access Denied</Message>"},
		{name: "anonymous where the bucket policy allows", method: "GET", target: "/reports/open/a", status: 200, forwarded: true},
		{name: "anonymous with another content type", method: "GET", target: "/reports/open/a?response-content-type=text%2Fhtml", status: 400, code: "InvalidRequest"},
		{name: "another account's bucket", user: "alice", method: "GET", target: "/other-1/a", status: 403, code: "AccessDenied"},
		{name: "a bucket without owner", user: "alice", method: "GET", target: "/nobodys/a", status: 403, code: "AccessDenied"},
		{name: "a put", user: "alice", method: "PUT", target: "/reports/a", body: "hello", status: 200, forwarded: true},
		{name: "a put without permission", user: "bob", method: "PUT", target: "/reports/public/a", body: "hello", status: 403, code: "AccessDenied"},
		{name: "a body on GET", user: "alice", method: "GET", target: "/reports/a", body: "hello", status: 400, code: "UnexpectedContent"},
		{name: "an unknown sub-resource", user: "alice", method: "GET", target: "/reports?everything", status: 501, code: "NotImplemented"},
		{name: "an unknown method", user: "alice", method: "PATCH", target: "/reports/a", status: 405, code: "MethodNotAllowed"},
	}
	for _, tt := range tests {
		got := b.serve(request(t, tt.user, tt.method, "localhost:9000", tt.target, tt.body))
		if got.status != tt.status || !strings.Contains(got.body, tt.text) || got.forwarded != tt.forwarded {
			t.Errorf("%s: %d, forwarded %v, %s", tt.name, got.status, got.forwarded, got.body)
		}
		if tt.code != "" && !strings.Contains(got.body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: no code %s in %s", tt.name, tt.code, got.body)
		}
		if got.fields.Get("x-sallyport-revision") == "" || got.fields.Get("x-sallyport-request-id") != "REQUESTIDEXAMPLE" {
			t.Errorf("%s: fields %v", tt.name, got.fields)
		}
	}
}

// unread is an output that nobody reads.
type unread struct{ free chan struct{} }

func (u unread) Write(p []byte) (int, error) {
	<-u.free
	return len(p), nil
}

func TestMuseum_34_auditOutage(t *testing.T) {
	t.Parallel()
	out := unread{make(chan struct{})}
	b := newBench(t)
	b.enforcer.Audit = audit.New(audit.Options{Output: out, MaxRecords: 2})
	for i := range 5 {
		if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", "")); got.status != 200 || !got.forwarded {
			t.Errorf("drop: request %d: %+v", i, got)
		}
	}
	if lost := b.enforcer.Audit.Dropped(); lost != 3 {
		t.Errorf("drop: lost %d", lost)
	}

	b.enforcer.Audit = audit.New(audit.Options{Output: out, MaxRecords: 2, WhenFull: audit.Refuse})
	for i := range 5 {
		got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", ""))
		if served := i < 2; served != (got.status == 200) || got.forwarded != served {
			t.Errorf("refuse: request %d: %+v", i, got)
		}
		if i >= 2 && (got.status != 503 || !strings.Contains(got.body, "<Code>SlowDown</Code>")) {
			t.Errorf("refuse: request %d: %+v", i, got)
		}
	}
	close(out.free)
}

func TestServeWithoutBundle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.enforcer.Snapshot = func() *bundle.Snapshot { return nil }
	got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", ""))
	if got.status != 503 || got.forwarded || !strings.Contains(got.body, "<Code>ServiceUnavailable</Code>") {
		t.Errorf("%+v", got)
	}
}

// panicking is a mapper with a defect.
type panicking struct{ action.Mapper }

func (panicking) Map(*wire.Request, *action.Operation, action.Place, []byte) (action.Mapped, *wire.Refusal) {
	panic("a defect")
}

// silent is a mapper that finds nothing to decide.
type silent struct{ action.Mapper }

func (silent) Map(*wire.Request, *action.Operation, action.Place, []byte) (action.Mapped, *wire.Refusal) {
	return action.Mapped{}, nil
}

func TestServeDefectiveMapperDenies(t *testing.T) {
	t.Parallel()
	for name, mapper := range map[string]action.Mapper{"panics": panicking{s3.New(s3.Options{})}, "maps to nothing": silent{s3.New(s3.Options{})}} {
		b := newBench(t)
		route, _, _ := b.door.Routes.Match(&wire.Request{Host: "s3.example.com"})
		route.Mapper = mapper
		got := b.serve(request(t, "alice", "GET", "s3.example.com", "/reports/a", ""))
		if got.status != 503 || got.forwarded {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestServeCancelledDenies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v := b.enforcer.Check(ctx, b.door, request(t, "alice", "GET", "localhost", "/reports/a", ""), "ID")
	if v.Refusal == nil || v.Refusal.Status != 503 {
		t.Errorf("refusal %v", v.Refusal)
	}
}

const deleteBody = `<Delete><Object><Key>secret/a</Key></Object><Object><Key>b</Key></Object><Object><Key>secret/c</Key></Object><Object><Key>d</Key></Object></Delete>`

func TestMuseum_14_multiDeleteLaterKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Deleted><Key>b</Key></Deleted><Deleted><Key>d</Key></Deleted></DeleteResult>`)
	}
	got := b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", deleteBody))
	if got.status != 200 || !got.forwarded {
		t.Fatalf("%+v", got)
	}
	sent := b.bodies[0]
	if strings.Contains(sent, "secret") || !strings.Contains(sent, "<Key>b</Key>") || !strings.Contains(sent, "<Key>d</Key>") {
		t.Errorf("sent %s", sent)
	}
	for _, want := range []string{"<Deleted><Key>b</Key></Deleted>", "<Key>secret/a</Key>", "<Key>secret/c</Key>", "<Code>AccessDenied</Code>"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}

	// Nothing left: nothing is sent.
	got = b.serve(request(t, "bob", "POST", "localhost", "/reports?delete", deleteBody))
	if got.status != 200 || got.forwarded || strings.Count(got.body, "<Code>AccessDenied</Code>") != 4 {
		t.Errorf("%+v", got)
	}

	// A door that cannot rewrite denies all or nothing.
	b.door.Can.RewriteBody = false
	got = b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", deleteBody))
	if got.status != 403 || got.forwarded {
		t.Errorf("%+v", got)
	}
	got = b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", `<Delete><Object><Key>b</Key></Object></Delete>`))
	if got.status != 200 || !got.forwarded {
		t.Errorf("%+v", got)
	}
}

// The digests of the body that came do not go with the entries that are kept,
// wherever they were sent.
func TestKeptItemsHaveNoOldChecksum(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<DeleteResult/>`) }
	got := b.serve(request(t, "alice", "POST", "localhost", "/reports?delete&x-amz-checksum-crc32=AAAAAA%3D%3D&X-Amz-Sdk-Checksum-Algorithm=CRC32", deleteBody))
	if got.status != 200 || !got.forwarded {
		t.Fatalf("%+v", got)
	}
	sent := b.seen[0]
	if sent.URL.RawQuery != "delete" || sent.Header.Get("X-Amz-Checksum-Crc32") != "" || sent.Header.Get("X-Amz-Sdk-Checksum-Algorithm") != "" {
		t.Errorf("sent ?%s with %v", sent.URL.RawQuery, sent.Header)
	}
}

func TestServeWeakDoors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		can            proxy.Capabilities
		method, target string
		body           string
		status         int
	}{
		{"no body: a streamed upload", proxy.Capabilities{Response: true}, "PUT", "/reports/a", "x", 403},
		{"no body: an operation decided from it", proxy.Capabilities{Response: true}, "POST", "/reports?delete", deleteBody, 403},
		{"no body: a read passes", proxy.Capabilities{Response: true}, "GET", "/reports/a", "", 200},
		{"no answers: ListBuckets has to be filtered", proxy.Capabilities{Body: true}, "GET", "/", "", 403},
		{"no answers: a read passes", proxy.Capabilities{Body: true}, "GET", "/reports/a", "", 200},
		{"no answers of ours: a bucket's policy", proxy.Capabilities{Body: true, Response: true}, "GET", "/reports?policy", "", 403},
		{"no answers of ours: a read passes", proxy.Capabilities{Body: true, Response: true}, "GET", "/reports/a", "", 200},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.door.Can = tt.can
		got := b.serve(request(t, "alice", tt.method, "localhost", tt.target, tt.body))
		if got.status != tt.status || got.forwarded != (tt.status == 200) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestServeBudgetSpent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.enforcer.Budget = proxy.NewBudget(10)
	got := b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", deleteBody))
	if got.status != 503 || !strings.Contains(got.body, "<Code>SlowDown</Code>") || got.forwarded {
		t.Errorf("%+v", got)
	}
	if b.enforcer.Budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", b.enforcer.Budget.Used())
	}
}

// slowBody is a body of which a few bytes come, and then nothing until it is
// ended.
type slowBody struct {
	first   io.Reader
	waiting chan<- struct{}
	ended   <-chan struct{}
}

func (s *slowBody) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	s.waiting <- struct{}{}
	<-s.ended
	return 0, io.ErrUnexpectedEOF
}

func (*slowBody) Close() error { return nil }

// TestServeSlowBodies: who announces a body holds what was sent of it, and who
// is nobody holds little in all.
func TestServeSlowBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.enforcer.Budget = proxy.NewBudget(1 << 20)
	waiting, ended := make(chan struct{}), make(chan struct{})
	var slow sync.WaitGroup
	begin := func(user string) bool {
		req := request(t, user, "POST", "localhost", "/reports?delete", deleteBody)
		req.Fields.Set("content-length", "2097152")
		req.Body, req.BodySize = &slowBody{strings.NewReader("<Delete>"), waiting, ended}, 2<<20
		refused := make(chan struct{})
		slow.Go(func() {
			if got := b.serve(req); got.status == 503 {
				close(refused)
			}
		})
		select {
		case <-waiting:
			return true
		case <-refused:
			return false
		}
	}
	for i := range 40 {
		if held := begin(""); held != (i < 32) { // an eighth, in steps of 4 KiB
			t.Fatalf("anonymous request %d is held: %v", i, held)
		}
	}
	for range 40 {
		if !begin("alice") {
			t.Fatal("alice is refused")
		}
	}
	if used := b.enforcer.Budget.Used(); used != 72*4<<10 {
		t.Errorf("%d bytes are reserved", used)
	}
	if got := b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", `<Delete><Object><Key>a</Key></Object></Delete>`)); got.status != 200 {
		t.Errorf("%+v", got)
	}
	close(ended)
	slow.Wait()
	if used := b.enforcer.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// TestServeBodySizes: bodies around the steps of the buffer, announced and not.
func TestServeBodySizes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const frame = `<Delete><Object><Key>a</Key></Object></Delete>`
	for _, size := range []int{len(frame), 4095, 4096, 4097, 8191, 8192, 8193, 100_000, 1<<20 - 1, 1 << 20, 2<<20 - 1, 2 << 20, 2<<20 + 1} {
		for _, announced := range []bool{true, false} {
			req := request(t, "alice", "POST", "localhost", "/reports?delete", frame+strings.Repeat(" ", size-len(frame)))
			if !announced {
				req.BodySize = -1
				req.Fields.Del("content-length")
			}
			got := b.serve(req)
			if allowed := size <= 2<<20; allowed != (got.status == 200) || got.forwarded != allowed {
				t.Errorf("%d bytes, announced %v: %+v", size, announced, got)
			}
			if used := b.enforcer.Budget.Used(); used != 0 {
				t.Errorf("%d bytes, announced %v: %d bytes are still reserved", size, announced, used)
			}
		}
	}
}

func TestServeBodyReleasesBudget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, body := range []string{deleteBody, "<Delete>", strings.Repeat("x", 3<<20)} {
		b.serve(request(t, "alice", "POST", "localhost", "/reports?delete", body))
		if used := b.enforcer.Budget.Used(); used != 0 {
			t.Errorf("%.20s: %d bytes are still reserved", body, used)
		}
	}
}

func TestServeMissingObject(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	}
	if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", "")); got.status != 404 || !strings.Contains(got.body, "NoSuchKey") {
		t.Errorf("who may list: %+v", got)
	}
	if got := b.serve(request(t, "bob", "GET", "localhost", "/reports/public/a", "")); got.status != 403 || strings.Contains(got.body, "NoSuchKey") {
		t.Errorf("who may not list: %+v", got)
	}
}

func TestServeListBucketsShowsOwnAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>x</ID></Owner><Buckets><Bucket><Name>reports</Name></Bucket><Bucket><Name>other-1</Name></Bucket><Bucket><Name>nobodys</Name></Bucket></Buckets></ListAllMyBucketsResult>`)
	}
	for user, only := range map[string]string{"alice": "reports", "carol": "other-1"} {
		got := b.serve(request(t, user, "GET", "localhost", "/", ""))
		if got.status != 200 || strings.Count(got.body, "<Name>") != 1 || !strings.Contains(got.body, "<Name>"+only+"</Name>") {
			t.Errorf("%s: %+v", user, got)
		}
	}
}

func TestServeUpstreamIsResigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.serve(request(t, "alice", "GET", "reports.s3.example.com", "/a%20b/../c?versionId=1", ""))
	if len(b.seen) != 1 {
		t.Fatal("not forwarded")
	}
	got := b.seen[0]
	if got.RequestURI != "/reports/a%20b/../c?versionId=1" {
		t.Errorf("target %s", got.RequestURI)
	}
	authorization := got.Header.Get("Authorization")
	if !strings.Contains(authorization, "Credential=AKIDEXAMPLE/") || strings.Contains(authorization, keyOf("alice")) {
		t.Errorf("authorization %s", authorization)
	}
}

// TestServeSignsPayloads: with an upstream that is to verify all bodies, one that
// the client did not hash and that cannot go in signed chunks goes with its hash,
// read within the budget.
func TestServeSignsPayloads(t *testing.T) {
	t.Parallel()
	const complete = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part></CompleteMultipartUpload>`
	tests := []struct {
		name                         string
		method, target, body, sha256 string
		signing                      sigv4.PayloadSigning
		want                         string
	}{
		{"completion", "POST", "/reports/a?uploadId=x", complete, "UNSIGNED-PAYLOAD", sigv4.PayloadSigned, hashOf(complete)},
		{"completion that came hashed", "POST", "/reports/a?uploadId=x", complete, hashOf(complete), sigv4.PayloadSigned, hashOf(complete)},
		{"completion, as it came", "POST", "/reports/a?uploadId=x", complete, "UNSIGNED-PAYLOAD", sigv4.PayloadAuto, "UNSIGNED-PAYLOAD"},
		{"object", "PUT", "/reports/a", "hello", "UNSIGNED-PAYLOAD", sigv4.PayloadSigned, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
	}
	for _, tt := range tests {
		b := newBenchSigning(t, tt.signing)
		b.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPreconditionFailed) } // no answer to rewrite
		attempt := func() *wire.Request {
			req := request(t, "", tt.method, "localhost", tt.target, tt.body)
			sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: keyOf("alice"), SecretAccessKey: secret.New(secretKey)}, "s3", "us-east-1", tt.sha256, clock)
			return req
		}
		got := b.serve(attempt())
		if got.status != 412 || !got.forwarded {
			t.Fatalf("%s: %+v", tt.name, got)
		}
		if sent := b.seen[0].Header.Get("X-Amz-Content-Sha256"); sent != tt.want || !strings.Contains(b.bodies[0], tt.body) {
			t.Errorf("%s: %s went on with %q, want %s", tt.name, sent, b.bodies[0], tt.want)
		}
		if used := b.enforcer.Budget.Used(); used != 0 {
			t.Errorf("%s: %d bytes are still reserved", tt.name, used)
		}
		b.enforcer.Budget = proxy.NewBudget(10)
		got = b.serve(attempt())
		if buffered := tt.signing == sigv4.PayloadSigned && tt.name == "completion"; buffered != (got.status == 503) || got.forwarded == buffered {
			t.Errorf("%s, with the budget spent: %+v", tt.name, got)
		}
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestMalformedRequestsAreRecorded: what is refused before there is a request
// is counted and recorded too.
func TestMalformedRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	registry := prometheus.NewRegistry()
	b.enforcer.Metrics = proxy.NewMetrics(registry)
	peer := netip.MustParseAddrPort("203.0.113.7:1234")
	for _, status := range []int{400, 501} {
		resp := b.enforcer.RefuseMalformed(b.door, "BREW", peer, "REQUESTIDEXAMPLE", &wire.Refusal{Status: status, Code: "InvalidRequest", Message: "No."})
		if resp.Status != status || resp.Fields.Get("x-amz-request-id") != "REQUESTIDEXAMPLE" || resp.Fields.Get("x-sallyport-request-id") != "REQUESTIDEXAMPLE" {
			t.Errorf("%+v", resp)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := false
	for _, f := range families {
		if f.GetName() == "sallyport_decisions_total" {
			counted = strings.Contains(f.String(), `value:"refused"`) && strings.Contains(f.String(), `value:"request"`) && len(f.Metric) == 1 && f.Metric[0].Counter.GetValue() == 2
		}
	}
	if !counted {
		t.Errorf("not counted: %v", families)
	}
	text := b.recorded()
	for _, want := range []string{`"requestID":"REQUESTIDEXAMPLE"`, `"door":"test"`, `"method":"BREW"`, `"sourceIPAddress":"203.0.113.7"`, `"status":400`, `"errorCode":"InvalidRequest"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Count(text, "\n") != 2 {
		t.Errorf("records %s", text)
	}
}

func TestServeRecordsOneLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.serve(request(t, "alice", "GET", "localhost", "/reports/secret/a?X-Unknown=1", ""))
	text := b.recorded()
	if strings.Count(text, "\n") != 1 {
		t.Fatalf("records: %q", text)
	}
	var record struct {
		EventName, RequestID, SourceIPAddress, ErrorCode, Revision, Path string
		UserIdentity                                                     struct{ Type, ARN, AccessKeyID string }
		Accesses                                                         []struct {
			Action, Resource, Decision, Layer string
			Statement                         struct {
				Sid, File string
				Line      int
			}
		}
		Status int
	}
	if err := json.Unmarshal([]byte(text), &record); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if record.EventName != "GetObject" || record.Status != 403 || record.ErrorCode != "AccessDenied" || record.SourceIPAddress != "203.0.113.7" ||
		record.UserIdentity.Type != "IAMUser" || record.UserIdentity.AccessKeyID != keyOf("alice") || record.Revision == "" ||
		len(record.Accesses) != 1 || record.Accesses[0].Statement.Sid != "NoSecrets" || record.Accesses[0].Statement.Line != 3 {
		t.Errorf("record %s", text)
	}
	for _, hidden := range []string{secretKey, "Signature", "AWS4-HMAC"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the record shows %q: %s", hidden, text)
		}
	}
}
