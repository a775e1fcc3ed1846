package upstream_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	emptyHash       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var now = time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC)

// credentials are AWS's published example.
var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey}, nil
})

// keys are the same credentials for a verifier.
type keys struct{}

func (keys) Key(id, _ string) (sigv4.Key, error) {
	if id != accessKeyID {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	return sigv4.Key{Secret: secret.New(secretAccessKey)}, nil
}

// exchanges collects what an Observer is told.
type exchanges struct {
	mu   sync.Mutex
	list []upstream.Exchange
	cuts []error
}

func (e *exchanges) observer() upstream.Observer {
	return upstream.Observer{
		Exchanged: func(x upstream.Exchange) { e.mu.Lock(); e.list = append(e.list, x); e.mu.Unlock() },
		Cut:       func(_ string, err error) { e.mu.Lock(); e.cuts = append(e.cuts, err); e.mu.Unlock() },
	}
}

func (e *exchanges) last() upstream.Exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list[len(e.list)-1]
}

// open makes an upstream at an endpoint and closes it with the test.
func open(t testing.TB, endpoint string, change func(*upstream.Options)) (*upstream.Upstream, *exchanges) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	seen := &exchanges{}
	options := upstream.Options{Name: "store", Endpoint: target, Region: "us-east-1", Service: "s3", Credentials: credentials, Observer: seen.observer()}
	if change != nil {
		change(&options)
	}
	u, err := upstream.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u, seen
}

// get is a call without a body.
func get(method, path string) *upstream.Call {
	return &upstream.Call{Request: &wire.Request{Method: method, Host: "s3.example.com", Path: path}, Payload: emptyHash, Now: now, RequestID: "R"}
}

// put is a call with an anonymous client's body of a declared hash.
func put(t *testing.T, path string, body io.Reader, size int64, hash string) *upstream.Call {
	t.Helper()
	return putFields(t, path, body, size, wire.Fields{{Name: "x-amz-content-sha256", Value: hash}})
}

// putFields is put with the fields that describe the body.
func putFields(t *testing.T, path string, body io.Reader, size int64, fields wire.Fields) *upstream.Call {
	t.Helper()
	call := get("PUT", path)
	call.Request.Body, call.Request.BodySize, call.Request.Fields = io.NopCloser(body), size, fields
	verified, refusal := sigv4.NewBody(call.Request, nil, 0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	t.Cleanup(func() { _ = verified.Close() })
	call.Body = verified
	return call
}

// answered reads an answer whole.
func answered(t *testing.T, resp *wire.Response, refusal *wire.Refusal) string {
	t.Helper()
	if refusal != nil {
		t.Fatalf("refused: %v (%s)", refusal, refusal.Cause)
	}
	if resp.Body == nil {
		return ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// unavailable checks for a retryable 503 whose cause holds all of parts.
func unavailable(t *testing.T, resp *wire.Response, refusal *wire.Refusal, parts ...string) {
	t.Helper()
	if refusal == nil {
		_ = resp.Body.Close()
		t.Fatalf("passed on: %d", resp.Status)
	}
	if refusal.Status != 503 || refusal.Code != "ServiceUnavailable" || !refusal.Retryable {
		t.Errorf("%+v", refusal)
	}
	for _, part := range append(parts, `upstream "store": `) {
		if !strings.Contains(refusal.Cause, part) {
			t.Errorf("cause %q lacks %q", refusal.Cause, part)
		}
	}
}

func TestNewListsAllProblems(t *testing.T) {
	t.Parallel()
	parse := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	tests := []struct {
		name   string
		change func(*upstream.Options)
		want   []string
	}{
		{"nothing given", func(o *upstream.Options) { *o = upstream.Options{Name: "x"} }, []string{`upstream "x": no endpoint`, "no region", "no service", "no credentials"}},
		{"scheme", func(o *upstream.Options) { o.Endpoint = parse("ftp://h") }, []string{"use http or https"}},
		{"no host", func(o *upstream.Options) { o.Endpoint = parse("http://:80") }, []string{"no host"}},
		{"user and path", func(o *upstream.Options) { o.Endpoint = parse("http://u:p@h/base?x") }, []string{"holds a user", "has a path"}},
		{"zone", func(o *upstream.Options) { o.Endpoint = parse("http://[fe80::1%25eth0]:80") }, []string{"zone"}},
		{"virtual hosts of an address", func(o *upstream.Options) { o.Endpoint, o.Addressing = parse("http://[::1]:80"), upstream.VirtualHosted }, []string{"use path addressing"}},
		{"signing", func(o *upstream.Options) { o.PayloadSigning = sigv4.PayloadSigned + 1 }, []string{"way to sign payloads"}},
		{"unsigned, with credentials", func(o *upstream.Options) { o.Unsigned = true }, []string{"keep one of the two"}},
		{"numbers", func(o *upstream.Options) { o.IdleTimeout, o.MaxConns = -1, -1 }, []string{"timeout is negative", "connections is negative"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			options := upstream.Options{Name: "store", Endpoint: parse("http://h/"), Region: "us-east-1", Service: "s3", Credentials: credentials}
			tt.change(&options)
			_, err := upstream.New(options)
			if err == nil {
				t.Fatal("accepted")
			}
			if lines := strings.Split(err.Error(), "\n"); len(lines) != len(tt.want) {
				t.Errorf("%d problems, want %d: %v", len(lines), len(tt.want), err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "u:p") {
				t.Errorf("the error shows the endpoint's user: %v", err)
			}
		})
	}
}

// TestDo looks at a request as the store receives it.
func TestDo(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	arrived := make(chan *wire.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, refusal := nethttp.Request(r, "http", netip.AddrPort{})
		if refusal != nil {
			t.Error(refusal)
		}
		if _, refusal := verifier.Verify(req, sigv4.Params{Now: now, Service: "s3", Regions: []string{"us-east-1"}, Keys: keys{}}); refusal != nil {
			t.Errorf("%s: %v %v", r.RequestURI, refusal, refusal.Detail)
		}
		arrived <- req
		w.Header().Set("X-Amz-Request-Id", "STORE")
		w.Header().Set("Keep-Alive", "timeout=5")
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	u, seen := open(t, server.URL, nil)

	target := "/b//k/%2e%2e/{a}?versionId=%2B&x"
	call := get("GET", "/b//k/%2e%2e/{a}")
	call.Bucket = "b"
	call.Request.RawQuery, call.Request.HasQuery = "versionId=%2B&x&X-Amz-Signature=0", true
	call.Request.Query, _ = wire.ParseQuery(call.Request.RawQuery)
	call.Request.Fields = wire.Fields{
		{Name: "authorization", Value: "AWS4-HMAC-SHA256 …"}, {Name: "x-amz-date", Value: "20200101T000000Z"}, {Name: "x-amz-security-token", Value: "t"},
		{Name: "x-amz-expected-bucket-owner", Value: "111122223333"}, {Name: "x-sallyport-principal", Value: "root"}, {Name: "x-forwarded-for", Value: "192.0.2.1"},
		{Name: "expect", Value: "100-continue"}, {Name: "connection", Value: "keep-alive"}, {Name: "accept-encoding", Value: "gzip"}, {Name: "user-agent", Value: "aws-cli/2"},
		{Name: "range", Value: "bytes=0-1"}, {Name: "x-amz-meta-a", Value: "1"}, {Name: "x-amz-meta-a", Value: "2"},
	}
	before := call.Request.Clone()
	resp, refusal := u.Do(context.Background(), call)
	if body := answered(t, resp, refusal); body != "answer" || resp.Status != 200 || resp.BodySize != 6 {
		t.Errorf("%d %q of %d", resp.Status, body, resp.BodySize)
	}
	if resp.Fields.Get("x-amz-request-id") != "STORE" || resp.Fields.Get("keep-alive") != "" {
		t.Errorf("answer's fields: %v", resp.Fields)
	}
	if diff := cmp.Diff(before, call.Request, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("the caller's request was changed: %s", diff)
	}
	got := <-arrived
	if got.Target() != target || got.Host != host || got.Method != "GET" {
		t.Errorf("%s %s at %s", got.Method, got.Target(), got.Host)
	}
	for name, want := range map[string]string{
		"x-amz-expected-bucket-owner": "", "x-sallyport-principal": "", "x-forwarded-for": "", "expect": "", "connection": "", "x-amz-security-token": "",
		"accept-encoding": "gzip", "user-agent": "aws-cli/2", "range": "bytes=0-1", "x-amz-meta-a": "1", "x-amz-date": "20260731T120000Z", "x-amz-content-sha256": emptyHash,
	} {
		if value := got.Fields.Get(name); value != want {
			t.Errorf("%s arrived as %q, want %q", name, value, want)
		}
	}
	if x := seen.last(); x.Outcome != upstream.Answered || x.Status != 200 || x.Reused || x.RequestID != "R" || x.Elapsed <= 0 {
		t.Errorf("%+v", x)
	}
	resp, refusal = u.Do(context.Background(), get("HEAD", "/b/k"))
	answered(t, resp, refusal)
	if got := <-arrived; got.Fields.Get("user-agent") != "" || got.Fields.Get("accept-encoding") != "" {
		t.Errorf("fields were added: %v", got.Fields)
	}
	if x := seen.last(); !x.Reused {
		t.Errorf("the connection was not reused: %+v", x)
	}
}

func TestDoPassesErrorsOn(t *testing.T) {
	t.Parallel()
	const document = "<Error><Code>NoSuchKey</Code></Error>"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		switch r.URL.Path {
		case "/304":
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(304)
		case "/404":
			w.WriteHeader(404)
			_, _ = io.WriteString(w, document)
		case "/503":
			w.WriteHeader(503)
			_, _ = io.WriteString(w, document)
		}
	}))
	t.Cleanup(server.Close)
	u, _ := open(t, server.URL, nil)
	tests := []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/304", 304, ""},
		{"GET", "/404", 404, document},
		{"HEAD", "/404", 404, ""},
		{"GET", "/503", 503, document},
	}
	for _, tt := range tests {
		resp, refusal := u.Do(context.Background(), get(tt.method, tt.path))
		if body := answered(t, resp, refusal); resp.Status != tt.status || body != tt.body {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, resp.Status, body)
		}
	}
}

// TestConnectionsAreReused: also after answers without a body.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == "DELETE" {
			w.WriteHeader(204)
		}
	}))
	t.Cleanup(server.Close)
	u, seen := open(t, server.URL, nil)
	for i, call := range []*upstream.Call{
		get("GET", "/k"), get("DELETE", "/k"), get("HEAD", "/k"), put(t, "/k", strings.NewReader("hello"), 5, "UNSIGNED-PAYLOAD"),
		put(t, "/k", strings.NewReader(""), 0, emptyHash), get("GET", "/k"),
	} {
		resp, refusal := u.Do(context.Background(), call)
		answered(t, resp, refusal)
		if seen.last().Reused != (i > 0) {
			t.Errorf("call %d: %+v", i, seen.last())
		}
	}
}

func TestDoOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Proto+" "+r.RequestURI+" "+string(body))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	u, seen := open(t, server.URL, func(o *upstream.Options) { o.RootCAs, o.ConnectTimeout = pool, time.Minute })
	const want = "HTTP/1.1 //k hello"
	for range 2 {
		resp, refusal := u.Do(context.Background(), put(t, "//k", strings.NewReader("hello"), 5, "UNSIGNED-PAYLOAD"))
		if body := answered(t, resp, refusal); body != want {
			t.Errorf("%q, want %q", body, want)
		}
	}
	if !seen.last().Reused {
		t.Error("the connection was not reused")
	}

	stranger, seen := open(t, server.URL, func(o *upstream.Options) { o.ConnectTimeout = time.Minute })
	resp, refusal := stranger.Do(context.Background(), get("GET", "/"))
	unavailable(t, resp, refusal, "certificate")
	if got := seen.last().Outcome; got != upstream.Unreachable {
		t.Errorf("outcome %v", got)
	}
}

// TestAnswerFields: the fields of the connection to the store stay on it, those
// that Connection names too; all others go on as they came.
func TestAnswerFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, answer string
		want                 wire.Fields
		body                 string
	}{
		{
			"a body", "GET", "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nX-Amz-Meta-Own: 1\r\nx-amz-meta-own: 2\r\nContent-Length: 5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n" +
				"Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nTrailer: x\r\nUpgrade: h2c\r\nConnection: x-Other\r\nx-other: 1\r\n\r\nhello",
			wire.Fields{{Name: "etag", Value: `"x"`}, {Name: "x-amz-meta-own", Value: "1"}, {Name: "x-amz-meta-own", Value: "2"}, {Name: "content-length", Value: "5"}}, "hello",
		},
		{
			"chunks", "GET", "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nContent-Type: application/xml\r\n\r\n5\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n",
			wire.Fields{{Name: "content-type", Value: "application/xml"}}, "hello",
		},
		{
			"compressed by the store", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
			wire.Fields{{Name: "content-encoding", Value: "gzip"}, {Name: "content-length", Value: "2"}}, "\x1f\x8b",
		},
		{"to HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n", wire.Fields{{Name: "content-length", Value: "700"}}, ""},
		{"no content", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", nil, ""},
		{"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", wire.Fields{{Name: "etag", Value: `"x"`}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				c.say(tt.answer)
			})
			u, _ := open(t, store.url, nil)
			resp, refusal := u.Do(context.Background(), get(tt.method, "/k"))
			if body := answered(t, resp, refusal); body != tt.body || (resp.Body != nil) != (tt.body != "") {
				t.Errorf("body %q", body)
			}
			if diff := cmp.Diff(tt.want, resp.Fields, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnaskedAnswer: what a store sends without being asked is not taken for the
// answer to the next request.
func TestUnaskedAnswer(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"with the answer", "later"} {
		said := make(chan struct{}, 3)
		store := serve(t, func(c *connection) {
			for c.header() != "" {
				answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", c.n)
				const unasked = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
				if way == "with the answer" {
					c.say(answer + unasked)
				} else {
					c.say(answer)
					c.say(unasked)
				}
				said <- struct{}{}
			}
		})
		u, seen := open(t, store.url, nil)
		for i := range 3 {
			resp, refusal := u.Do(context.Background(), get("GET", "/k"))
			if body := answered(t, resp, refusal); body != fmt.Sprint(i) {
				t.Errorf("%s: answer %d is %q", way, i, body)
			}
			if seen.last().Reused {
				t.Errorf("%s: the connection was used again", way)
			}
			<-said
		}
	}
}

func TestDoWithoutCredentials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		provider aws.CredentialsProviderFunc
		want     string
	}{
		{"failing", func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no such profile")
		}, "no such profile"},
		{"empty", func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }, "are empty"},
		{"without a secret", func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKeyID}, nil
		}, "are empty"},
	}
	for _, tt := range tests {
		u, seen := open(t, "http://127.0.0.1:1", func(o *upstream.Options) { o.Credentials = tt.provider })
		resp, refusal := u.Do(context.Background(), get("GET", "/"))
		unavailable(t, resp, refusal, tt.want)
		if got := seen.last().Outcome; got != upstream.NotSent {
			t.Errorf("%s: outcome %v", tt.name, got)
		}
	}
}

func TestDoRefusesWhatCannotLeaveUnchanged(t *testing.T) {
	t.Parallel()
	u, seen := open(t, "http://127.0.0.1:1", nil)
	resp, refusal := u.Do(context.Background(), get("GET", "/a b"))
	if refusal == nil || refusal.Status != 400 || refusal.Code != "InvalidURI" {
		t.Errorf("%v, %v", resp, refusal)
	}
	call := get("GET", "/k")
	call.Bucket, call.HostBucket = "a/../b", true
	if resp, refusal = u.Do(context.Background(), call); refusal == nil || refusal.Code != "InvalidBucketName" {
		t.Errorf("%v, %v", resp, refusal)
	}
	if got := seen.last().Outcome; got != upstream.NotSent {
		t.Errorf("outcome %v", got)
	}
}

func TestOutcomeNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for o := upstream.Answered; o <= upstream.Canceled; o++ {
		names[o.String()] = true
	}
	if len(names) != int(upstream.Canceled)+1 || names[""] {
		t.Errorf("%v", names)
	}
}
