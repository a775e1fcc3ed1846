package nethttp_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

var peer = netip.MustParseAddrPort("192.0.2.7:4242")

type seen struct {
	request *wire.Request
	refusal *wire.Refusal
	body    string
}

// receive sends raw bytes to a net/http server and returns what Request makes
// of them; ok is false if net/http answered by itself.
func receive(t *testing.T, raw string) (seen, bool) {
	t.Helper()
	results := make(chan seen, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s seen
		s.request, s.refusal = nethttp.Request(r, "http", peer)
		if s.refusal == nil && s.request.Body != nil {
			body, _ := io.ReadAll(s.request.Body)
			s.body = string(body)
		}
		results <- s
		w.Header().Set("Connection", "close")
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	select {
	case s := <-results:
		return s, true
	default:
		return seen{}, false
	}
}

// fieldList makes fields of names and values.
func fieldList(pairs ...string) wire.Fields {
	var fields wire.Fields
	for i := 0; i < len(pairs); i += 2 {
		fields.Add(pairs[i], pairs[i+1])
	}
	return fields
}

// sorted orders fields by name and keeps the order within a name.
var sorted = cmpopts.SortSlices(func(a, b wire.Field) bool { return a.Name < b.Name })

func TestRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw string
		want      wire.Request
		body      string
	}{
		{
			name: "everything as sent",
			raw: "GET /b//k/../%2e%2E/{|}\"?list-type=2&prefix=%2B%20&& HTTP/1.1\r\nHost: S3.Example.com.:9000\r\nX-Amz-Meta-A: 1\r\nx-amz-date: d\r\n" +
				"X-AMZ-META-A:  two  words \t\r\nx-unknown_Name: é\r\n\r\n",
			want: wire.Request{
				Method: "GET", Host: "S3.Example.com.:9000", Path: "/b//k/../%2e%2E/{|}\"", RawQuery: "list-type=2&prefix=%2B%20&&", HasQuery: true,
				Fields: fieldList("x-amz-date", "d", "x-amz-meta-a", "1", "x-amz-meta-a", "two  words", "x-unknown_name", "é"),
			},
		},
		{
			name: "empty query",
			raw:  "HEAD //x? HTTP/1.1\r\nHost: h\r\n\r\n",
			want: wire.Request{Method: "HEAD", Host: "h", Path: "//x", HasQuery: true},
		},
		{
			name: "absolute form of the same authority",
			raw:  "GET http://h:80/a?b HTTP/1.1\r\nHost: h:80\r\n\r\n",
			want: wire.Request{Method: "GET", Host: "h:80", Path: "/a", RawQuery: "b", HasQuery: true},
		},
		{
			name: "address literal",
			raw:  "GET / HTTP/1.1\r\nHost: [2001:db8::1]:9000\r\n\r\n",
			want: wire.Request{Method: "GET", Host: "[2001:db8::1]:9000", Path: "/"},
		},
		{
			name: "body of known length",
			raw:  "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 05\r\n\r\nhello",
			want: wire.Request{Method: "PUT", Host: "h", Path: "/b/k", BodySize: 5, Fields: fieldList("content-length", "05")},
			body: "hello",
		},
		{
			name: "body in chunks",
			raw:  "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: x-b, x-a\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
			want: wire.Request{Method: "PUT", Host: "h", Path: "/b/k", BodySize: -1, Fields: fieldList("trailer", "x-a,x-b", "transfer-encoding", "chunked")},
			body: "hello",
		},
		{
			name: "empty body",
			raw:  "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: keep-alive, TE\r\nTE: trailers\r\n\r\n",
			want: wire.Request{Method: "PUT", Host: "h", Path: "/b/k", Fields: fieldList("connection", "keep-alive, TE", "content-length", "0", "te", "trailers")},
		},
		{
			name: "folded line",
			raw:  "GET / HTTP/1.1\r\nHost: h\r\nX-Amz-Meta-A: one\r\n  two\r\n\r\n",
			want: wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList("x-amz-meta-a", "one two")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := receive(t, tt.raw)
			if !ok || got.refusal != nil {
				t.Fatalf("refused: %v, %v", ok, got.refusal)
			}
			if (got.request.Body != nil) != (tt.want.BodySize != 0) || got.body != tt.body {
				t.Errorf("body %v %q, want %q", got.request.Body, got.body, tt.body)
			}
			tt.want.Scheme, tt.want.Peer = "http", peer
			tt.want.Query, _ = wire.ParseQuery(tt.want.RawQuery)
			diff := cmp.Diff(tt.want, *got.request, sorted, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(wire.Request{}, "Body"),
				cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }))
			if diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw, code string }{
		{"another authority in the target", "GET http://user@h/ HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"another scheme in the target", "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"target without a path", "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"query without a path", "GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"target of another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"opaque target", "GET h:/x HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"CONNECT to an authority", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "MethodNotAllowed"},
		{"CONNECT to a path", "CONNECT /b/k HTTP/1.1\r\nHost: h\r\n\r\n", "MethodNotAllowed"},
		{"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"raw byte outside ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"invalid escape in the query", "GET /a?b=%zz HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"plus in the query", "GET /a?b=1+2 HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"},
		{"no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "InvalidRequest"},
		{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "InvalidRequest"},
		{"user in the host", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", "InvalidRequest"},
		{"two hosts in one", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "InvalidRequest"},
		{"zone in the host", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", "InvalidRequest"},
		{"connection names a signed header", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close, x-amz-acl\r\n\r\n", "InvalidRequest"},
		{"second Connection field", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nConnection: authorization\r\n\r\n", "InvalidRequest"},
		{"upgrade", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "NotImplemented"},
		{"HTTP/1.0 without a length", "PUT / HTTP/1.0\r\nHost: h\r\n\r\n", "MissingContentLength"},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "MissingContentLength"},
		{"two user agents", "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n", "InvalidRequest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := receive(t, tt.raw)
			if !ok {
				return // net/http refused it: never a forward
			}
			if got.refusal == nil {
				t.Fatalf("accepted: %+v", got.request)
			}
			if got.refusal.Code != tt.code {
				t.Errorf("%v, want %s", got.refusal, tt.code)
			}
		})
	}
}

// TestRequestFraming has requests as no well-behaved engine makes them: were
// net/http to change, they are still refused.
func TestRequestFraming(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*http.Request)
	}{
		{"both framings", func(r *http.Request) { r.TransferEncoding, r.ContentLength = []string{"chunked"}, -1 }},
		{"length with chunks", func(r *http.Request) { r.TransferEncoding = []string{"chunked"}; delete(r.Header, "Content-Length") }},
		{"another coding", func(r *http.Request) {
			r.TransferEncoding, r.ContentLength = []string{"gzip", "chunked"}, -1
			delete(r.Header, "Content-Length")
		}},
		{"a coding in the fields", func(r *http.Request) { r.Header["Transfer-Encoding"] = []string{"chunked"} }},
		{"two lengths", func(r *http.Request) { r.Header["Content-Length"] = []string{"5", "5"} }},
		{"another length", func(r *http.Request) { r.Header["Content-Length"] = []string{"6"} }},
		{"signed length", func(r *http.Request) { r.Header["Content-Length"] = []string{"+5"} }},
		{"list of lengths", func(r *http.Request) { r.Header["Content-Length"] = []string{"5,5"} }},
		{"white space that a store may trim", func(r *http.Request) { r.Header["Range"] = []string{"\u00a0bytes=0-1"} }},
		{"white space at the end", func(r *http.Request) { r.Header["Content-Type"] = []string{"text/plain\u3000"} }},
		{"a control in a value", func(r *http.Request) { r.Header["X-Amz-Acl"] = []string{"a\x00b"} }},
		{"a line feed in a value", func(r *http.Request) { r.Header["X-Amz-Acl"] = []string{"a\nb: c"} }},
		{"a name that is no token", func(r *http.Request) { r.Header["X-Amz-Acl "] = []string{"a"} }},
		{"an empty name", func(r *http.Request) { r.Header[""] = []string{"a"} }},
		{"a pseudo-header", func(r *http.Request) { r.Header[":protocol"] = []string{"websocket"} }},
		{"another Host beside the authority", func(r *http.Request) { r.Header["Host"] = []string{"other"} }},
		{"another authority in the target", func(r *http.Request) { r.RequestURI = "http://other/x" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("PUT", "/x", strings.NewReader("hello"))
			r.Header.Set("Content-Length", "5")
			if _, refusal := nethttp.Request(r, "http", peer); refusal != nil {
				t.Fatalf("before the change: %v", refusal)
			}
			tt.change(r)
			if got, refusal := nethttp.Request(r, "http", peer); refusal == nil {
				t.Errorf("accepted: %+v", got)
			}
		})
	}
}

func TestRequestRebuildsContentLength(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("PUT", "/x", strings.NewReader("hello"))
	got, refusal := nethttp.Request(r, "http", peer)
	if refusal != nil || got.Fields.Get("content-length") != "5" || got.BodySize != 5 {
		t.Errorf("%+v, %v", got, refusal)
	}
}

// TestMuseum_20_hosts: the authority is what was sent, over both versions of
// HTTP, and nothing is stripped from it.
func TestMuseum_20_hosts(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"h", "H.Example.COM", "h.", "h:80", "h:443", "[::1]", "[2001:db8::1]:9000", "192.0.2.1:9000", "b.s3.example.com:9000"} {
		got, ok := receive(t, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		if !ok || got.refusal != nil || got.request.Host != host {
			t.Errorf("Host %q: %+v", host, got)
		}
	}
}

func TestRequestHTTP2(t *testing.T) {
	t.Parallel()
	var got seen
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = seen{}
		got.request, got.refusal = nethttp.Request(r, "https", peer)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	send := func(change func(*http.Request)) seen {
		t.Helper()
		r, err := http.NewRequest("PUT", server.URL+"/a%2Fb?x", io.MultiReader(strings.NewReader("hello")))
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.ProtoMajor != 2 {
			t.Fatal("not over HTTP/2")
		}
		return got
	}
	s := send(func(r *http.Request) { r.Host = "S3.example.com:9000" })
	if s.refusal != nil {
		t.Fatal(s.refusal)
	}
	if s.request.Host != "S3.example.com:9000" || s.request.Target() != "/a%2Fb?x" || s.request.BodySize != -1 || s.request.Body == nil {
		t.Errorf("%+v", s.request)
	}
	if s.request.TLS == nil || s.request.TLS.Version != tls.VersionTLS13 {
		t.Errorf("TLS: %+v", s.request.TLS)
	}
	if slices.ContainsFunc(s.request.Fields, func(f wire.Field) bool { return f.Name != strings.ToLower(f.Name) }) {
		t.Errorf("names: %v", s.request.Fields)
	}
	if s = send(func(r *http.Request) { r.ContentLength = 5 }); s.refusal != nil || s.request.BodySize != 5 || s.request.Fields.Get("content-length") != "5" {
		t.Errorf("%+v", s)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET /a%2F?b=c HTTP/1.1\r\nHost: h\r\nX-Amz-Date: d\r\n\r\n")
	f.Add("PUT //x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	f.Add("GET http://h/ HTTP/1.1\r\nHost: h\r\nConnection: x\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		got, refusal := nethttp.Request(r, "http", peer)
		if refusal != nil {
			if refusal.Status < 400 || refusal.Code == "" || refusal.Message == "" {
				t.Fatalf("%+v", refusal)
			}
			return
		}
		if !strings.HasSuffix(r.RequestURI, got.Target()) || got.Host != r.Host {
			t.Fatalf("%q became %q at %q", r.RequestURI, got.Target(), got.Host)
		}
		if (got.Body == nil) != (got.BodySize == 0) {
			t.Fatalf("body %v of size %d", got.Body, got.BodySize)
		}
		for _, field := range got.Fields {
			if field.Name == "" || strings.ContainsAny(field.Name, " \t\r\n:\x00") || strings.ContainsAny(field.Value, "\r\n\x00") {
				t.Fatalf("field %q: %q", field.Name, field.Value)
			}
		}
	})
}

func BenchmarkRequest(b *testing.B) {
	raw := "GET /reports/2026/q1.csv?versionId=3HL4kqtJlcpXroDTDmJ HTTP/1.1\r\nHost: s3.example.com\r\nUser-Agent: aws-sdk-go-v2/1.45.1 ua/2.1 os/linux lang/go#1.26 md/GOOS#linux api/s3#1.80\r\n" +
		"Accept-Encoding: identity\r\nAmz-Sdk-Invocation-Id: 6c0f6c36-6a34-4f2b-8a1c-2a0f8a6f0f0f\r\nAmz-Sdk-Request: attempt=1; max=3\r\nX-Amz-Checksum-Mode: ENABLED\r\n" +
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260731/us-east-1/s3/aws4_request, SignedHeaders=accept-encoding;amz-sdk-invocation-id;amz-sdk-request;host;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n" +
		"X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\nX-Amz-Date: 20260731T120000Z\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := nethttp.Request(r, "https", peer); refusal != nil {
			b.Fatal(refusal)
		}
	}
}
