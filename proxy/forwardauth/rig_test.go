package forwardauth_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// patience is the deadline of everything in these tests that must not hang.
const patience = 20 * time.Second

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	keyID     = "AKIAEXAMPLEALICEAAAA"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	maxHeader = 16 << 10
	maxBody   = 4 << 10
)

// files are the bundle: alice may read all but what is secret, and near/ from
// 10.0.0.0/8 alone; anybody may read open/.
var files = map[string]string{
	"bundle.yaml":                            "accounts: {\"111122223333\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\n",
	"accounts/111122223333/users/alice.yaml": "id: AIDAALICEALICEALICE1\n",
	"accounts/111122223333/users/alice/all.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/secret/*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/tls/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/near/*", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]}`,
	"accounts/111122223333/resources/s3/reports.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/open/*"}]}`,
}

var load = sync.OnceValue(func() *bundle.Snapshot {
	directory, err := os.MkdirTemp("", "forwardauth-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			panic(err)
		}
		return file
	}
	for name, text := range files {
		write("bundle/"+name, text, 0o644)
	}
	keys := write("keys.yaml", fmt.Sprintf("keys:\n  - {access_key_id: %s, secret_access_key: %s, account: \"111122223333\", user: alice}\n", keyID, secretKey), 0o600)
	everywhere := proxy.Keys()
	snapshot, findings := bundle.Load(bundle.Options{
		Directory: filepath.Join(directory, "bundle"), KeyFiles: []string{keys},
		Routes: []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: func(action, key string) bool {
			return slices.Contains(everywhere, key) || s3.Fills(action, key)
		}}},
		Logger: zap.NewNop(), Now: func() time.Time { return clock },
	})
	if snapshot == nil {
		panic(fmt.Sprint(findings))
	}
	return snapshot
})

// rig is a door, and what is recorded at it.
type rig struct {
	t       testing.TB
	door    *forwardauth.Server
	dialect forwardauth.Dialect
	records *lines
}

type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Len() > 1<<20 {
		l.Reset() // the fuzzer's
	}
	return l.Buffer.Write(p)
}

// open opens a door for a dialect; change, if not nil, changes its options first.
func open(t testing.TB, dialect forwardauth.Dialect, change func(*forwardauth.Options, *proxy.Options)) *rig {
	t.Helper()
	w := &rig{t: t, dialect: dialect, records: &lines{}}
	log := audit.New(audit.Options{Output: w.records})
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	up, err := upstream.New(upstream.Options{
		Name: "store", Endpoint: &url.URL{Scheme: "http", Host: "store.example:7070"}, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	enforcer := proxy.Options{
		Snapshot: load, Verifier: sigv4.NewVerifier(sigv4.Options{}), Now: func() time.Time { return clock },
		Budget: proxy.NewBudget(64 << 20), Audit: log, Metrics: proxy.NewMetrics(prometheus.NewRegistry()), Logger: zap.NewNop(),
	}
	o := forwardauth.Options{
		Name: "door", Address: "127.0.0.1:0", Dialect: dialect, PathPrefix: "/authorize", HealthPath: "/-/healthy",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")},
		Ready:          func() bool { return true }, MaxHeader: maxHeader, MaxBody: maxBody,
		HeaderTimeout: patience, IdleTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, Now: time.Now, Logger: zap.NewNop(),
		Routes: []*proxy.Route{{
			Name: "main", Service: "s3", Regions: []string{"us-east-1"}, Partition: "aws", Protocol: refusal.S3, Mapper: s3.New(s3.Options{}), Upstream: up,
		}},
	}
	if change != nil {
		change(&o, &enforcer)
	}
	o.Enforcer = proxy.New(enforcer)
	if w.door, err = forwardauth.Listen(o); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.door.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.door.Shutdown(ctx); err != nil {
			t.Errorf("draining: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// question is what a proxy asks, line by line.
type question struct {
	line   string
	fields []string // each "name: value"
	body   string
}

// about is a question about a request of alice's, or an anonymous one's; the
// client sends its fields beside.
func (w *rig) about(signed bool, method, target string, fields ...string) *question {
	w.t.Helper()
	client := slices.Clone(fields)
	if signed {
		client = append(client, sign(w.t, method, target)...)
	}
	q := &question{line: "GET /authorize HTTP/1.1", fields: []string{"Host: sallyport"}}
	switch w.dialect {
	case forwardauth.Envoy:
		q = &question{line: method + " /authorize" + target + " HTTP/1.1", fields: []string{
			"Host: localhost", "X-Original-Proto: http", "X-Original-Address: 127.0.0.1", "X-Original-Content-Length:",
		}}
	case forwardauth.Nginx:
		q.fields = append(q.fields, "X-Original-Method: "+method, "X-Original-URI: "+target, "X-Original-Host: localhost",
			"X-Original-Proto: http", "X-Original-Address: 127.0.0.1", "X-Original-Content-Length: -")
	default:
		q.fields = append(q.fields, "X-Forwarded-Method: "+method, "X-Forwarded-Uri: "+target, "X-Forwarded-Host: localhost",
			"X-Forwarded-Proto: http", "X-Forwarded-For: 127.0.0.1")
		if w.dialect == forwardauth.Caddy {
			q.fields = append(q.fields, "X-Original-Content-Length: ", "X-Original-Connection: ")
		}
	}
	q.fields = append(q.fields, client...)
	return q
}

// sign is what alice signs a request to localhost with.
func sign(t testing.TB, method, target string) []string {
	t.Helper()
	return signPayload(t, method, target, sigv4.EmptyPayload)
}

// signUnsigned is the same for an upload whose body is not signed.
func signUnsigned(t testing.TB, target string) []string {
	t.Helper()
	return signPayload(t, "PUT", target, "UNSIGNED-PAYLOAD")
}

func signPayload(t testing.TB, method, target, payload string) []string {
	t.Helper()
	path, raw, hasQuery, refused := wire.ParseTarget(target)
	if refused != nil {
		t.Fatal(refused)
	}
	query, refused := wire.ParseQuery(raw)
	if refused != nil {
		t.Fatal(refused)
	}
	req := &wire.Request{Method: method, Scheme: "http", Host: "localhost", Path: path, RawQuery: raw, HasQuery: hasQuery, Query: query}
	sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret.New(secretKey)}, "s3", "us-east-1", payload, clock)
	var out []string
	for _, f := range req.Fields {
		out = append(out, f.Name+": "+f.Value)
	}
	return out
}

// set puts a field in the place of those of its name; an empty text removes them.
func (q *question) set(name, field string) {
	q.fields = slices.DeleteFunc(q.fields, func(f string) bool {
		before, _, _ := strings.Cut(f, ":")
		return strings.EqualFold(before, name)
	})
	if field != "" {
		q.fields = append(q.fields, field)
	}
}

func (q *question) String() string {
	return q.line + "\r\n" + strings.Join(q.fields, "\r\n") + "\r\n\r\n" + q.body
}

// ask asks over a connection of its own.
func (w *rig) ask(q *question) (*http.Response, string) {
	w.t.Helper()
	answer, body, err := w.try(q)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode < 400 {
		w.t.Errorf("%s: %d is no denial", q.line, answer.StatusCode)
	}
	return answer, body
}

func (w *rig) try(q *question) (*http.Response, string, error) {
	conn, err := net.Dial("tcp", w.door.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, q.String()); err != nil {
		return nil, "", err
	}
	method, _, _ := strings.Cut(q.line, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

// record is the audit record of a decision, which may not be written yet.
func (w *rig) record(id string) string {
	w.t.Helper()
	for stop := time.Now().Add(patience); time.Now().Before(stop); time.Sleep(time.Millisecond) {
		w.records.mu.Lock()
		text := w.records.String()
		w.records.mu.Unlock()
		for line := range strings.Lines(text) {
			if strings.Contains(line, `"requestID":"`+id+`"`) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
	}
	w.t.Fatalf("no record of %q", id)
	return ""
}
