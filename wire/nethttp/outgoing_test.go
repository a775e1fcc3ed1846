package nethttp_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// transmit sends a request through a Transport to a raw listener and returns
// the bytes that arrived, header and body.
func transmit(t *testing.T, req *wire.Request) (header []string, body string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	type arrival struct {
		header []string
		body   []byte
	}
	arrived := make(chan arrival, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var a arrival
		reader := bufio.NewReader(conn)
		lines := textproto.NewReader(reader)
		for {
			line, err := lines.ReadLine()
			if err != nil || line == "" {
				break
			}
			a.header = append(a.header, line)
		}
		switch size := req.BodySize; {
		case size < 0:
			for !bytes.HasSuffix(a.body, []byte("0\r\n\r\n")) {
				c, err := reader.ReadByte()
				if err != nil {
					break
				}
				a.body = append(a.body, c)
			}
		default:
			a.body = make([]byte, size)
			_, _ = io.ReadFull(reader, a.body)
		}
		arrived <- a
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	}()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	out, refusal := nethttp.Outgoing(context.Background(), req, &url.URL{Scheme: "http", Host: listener.Addr().String()})
	if refusal != nil {
		t.Fatal(refusal)
	}
	resp, err := transport.RoundTrip(out)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	a := <-arrived
	return a.header, string(a.body)
}

func TestOutgoingTarget(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/", "/?", "/b/k", "/b/a+b", "/b/a%2Bb", "/b/%2e%2e/../x/./", "/b//k", "//k", "//k?x", "//h/../%2F%2f", "//[x]:;,@!$&'()*+=~", "/b/{raw}|\"<>^`\\", "/b/%e2%82%AC%00%ff",
		"/b?acl", "/b?acl=", "/b?delete", "/b?a=1&a=0&&b", "/b?a=1;b=2", "/b?x={\"a\":[1]}|^`<>\\", "/b?a?b", "/b?x=//h/..", "/*", "/b/:@%",
	} {
		target = strings.TrimSuffix(target, "%")
		path, query, hasQuery, refusal := wire.ParseTarget(target)
		if refusal != nil {
			t.Fatal(refusal)
		}
		header, _ := transmit(t, &wire.Request{Method: "GET", Host: "h", Path: path, RawQuery: query, HasQuery: hasQuery})
		if want := "GET " + target + " HTTP/1.1"; header[0] != want {
			t.Errorf("sent %q, want %q", header[0], want)
		}
	}
}

func TestOutgoingHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		req  wire.Request
		want []string
		body string
	}{
		{
			name: "nothing is added",
			req:  wire.Request{Method: "GET", Host: "B.Example.com.:80", Path: "/"},
			want: []string{"GET / HTTP/1.1", "Host: B.Example.com.:80"},
		},
		{
			name: "fields as they are, repeats in order",
			req: wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList(
				"x-amz-meta-a", "2", "accept-encoding", "gzip, br", "x-amz-meta-a", "1", "user-agent", "aws-cli/2", "x-amz-meta-b", "é  x", "x-amz-meta-a", "",
				"idempotency-key", "k",
			)},
			want: []string{
				"GET / HTTP/1.1", "Host: h", "User-Agent: aws-cli/2", "accept-encoding: gzip, br", "idempotency-key: k",
				"x-amz-meta-a: 2", "x-amz-meta-a: 1", "x-amz-meta-a: ", "x-amz-meta-b: é  x",
			},
		},
		{
			name: "fields of the client's connection and framing",
			req: wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList(
				"connection", "close", "host", "other", "content-length", "7", "transfer-encoding", "chunked", "trailer", "x", "expect", "100-continue", "upgrade", "x", "te", "trailers",
			)},
			want: []string{"GET / HTTP/1.1", "Host: h"},
		},
		{
			name: "body of known length",
			req:  wire.Request{Method: "PUT", Host: "h", Path: "/k", Body: io.NopCloser(strings.NewReader("hello")), BodySize: 5},
			want: []string{"PUT /k HTTP/1.1", "Host: h", "Content-Length: 5"},
			body: "hello",
		},
		{
			name: "body of unknown length",
			req:  wire.Request{Method: "DELETE", Host: "h", Path: "/k", Body: io.NopCloser(strings.NewReader("hello")), BodySize: -1},
			want: []string{"DELETE /k HTTP/1.1", "Host: h", "Transfer-Encoding: chunked"},
			body: "5\r\nhello\r\n0\r\n\r\n",
		},
		{
			name: "no body to put",
			req:  wire.Request{Method: "PUT", Host: "h", Path: "/k"},
			want: []string{"PUT /k HTTP/1.1", "Host: h", "Content-Length: 0"},
		},
		{
			name: "empty body",
			req:  wire.Request{Method: "POST", Host: "h", Path: "/k", Body: io.NopCloser(strings.NewReader("")), BodySize: 0},
			want: []string{"POST /k HTTP/1.1", "Host: h", "Content-Length: 0"},
		},
		{
			name: "zero length that the client declared",
			req:  wire.Request{Method: "DELETE", Host: "h", Path: "/k", Fields: fieldList("content-length", "0")},
			want: []string{"DELETE /k HTTP/1.1", "Host: h", "Content-Length: 0"},
		},
		{
			name: "method with case",
			req:  wire.Request{Method: "get", Host: "h", Path: "/"},
			want: []string{"get / HTTP/1.1", "Host: h"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header, body := transmit(t, &tt.req)
			if diff := cmp.Diff(tt.want, header); diff != "" {
				t.Error(diff)
			}
			if body != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
		})
	}
}

func TestOutgoingRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		req  wire.Request
	}{
		{"method", wire.Request{Method: "GET /x HTTP/1.1\r\nX:", Host: "h", Path: "/"}},
		{"no method", wire.Request{Host: "h", Path: "/"}},
		{"no host", wire.Request{Method: "GET", Path: "/"}},
		{"host", wire.Request{Method: "GET", Host: "h\r\nX: y", Path: "/"}},
		{"path", wire.Request{Method: "GET", Host: "h", Path: "k"}},
		{"space in the path", wire.Request{Method: "GET", Host: "h", Path: "/k HTTP/1.0"}},
		{"query in the path", wire.Request{Method: "GET", Host: "h", Path: "/k?x"}},
		{"query without its mark", wire.Request{Method: "GET", Host: "h", Path: "/k", RawQuery: "x"}},
		{"line break in the query", wire.Request{Method: "GET", Host: "h", Path: "/k", RawQuery: "x\r\ny", HasQuery: true}},
		{"fragment in the query", wire.Request{Method: "GET", Host: "h", Path: "/k", RawQuery: "x#y", HasQuery: true}},
		{"what no URL of this form can hold", wire.Request{Method: "GET", Host: "h", Path: "//k{"}},
		{"field name", wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList("a b", "c")}},
		{"field value", wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList("a", "c\r\nd: e")}},
		{"two user agents", wire.Request{Method: "GET", Host: "h", Path: "/", Fields: fieldList("user-agent", "a", "user-agent", "b")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, refusal := nethttp.Outgoing(context.Background(), &tt.req, &url.URL{Scheme: "http", Host: "h"})
			if refusal == nil || refusal.Status != 400 {
				t.Errorf("%v", refusal)
			}
		})
	}
}

// TestMuseum_19_rawTargets: what a client sent leaves for the upstream byte for
// byte: through a server, Request, Outgoing and a Transport.
func TestMuseum_19_rawTargets(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/b/a+b", "/b/a%2Bb?prefix=%2B", "/b//k", "//b/k", "/b/../k", "/b/%2e%2e/k", "/b/%00", "/b/%ff%FE", "/b/%2F/?delete"} {
		got, ok := receive(t, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if !ok || got.refusal != nil {
			t.Fatalf("%q: %v", target, got.refusal)
		}
		if header, _ := transmit(t, got.request); header[0] != "GET "+target+" HTTP/1.1" {
			t.Errorf("%q left as %q", target, header[0])
		}
	}
}

func FuzzOutgoing(f *testing.F) {
	for _, seed := range []string{"/", "//h/x?y", "/a{}%2F?acl&x", "//{", "/?", "//[::1]/%2f"} {
		f.Add(seed, "x-amz-meta-a", "v")
	}
	target := &url.URL{Scheme: "http", Host: "upstream:1"}
	f.Fuzz(func(t *testing.T, raw, name, value string) {
		path, query, hasQuery, refusal := wire.ParseTarget(raw)
		if refusal != nil {
			return
		}
		req := &wire.Request{Method: "GET", Host: "h", Path: path, RawQuery: query, HasQuery: hasQuery, Fields: fieldList(name, value)}
		out, refusal := nethttp.Outgoing(context.Background(), req, target)
		if refusal != nil {
			return
		}
		var sent bytes.Buffer
		if err := out.Write(&sent); err != nil {
			t.Fatal(err)
		}
		if want := "GET " + raw + " HTTP/1.1\r\nHost: h\r\n"; !strings.HasPrefix(sent.String(), want) {
			t.Fatalf("sent %q, want %q", sent.String(), want)
		}
		if lines := strings.Count(sent.String(), "\n"); lines > 4 {
			t.Fatalf("sent %d lines: %q", lines, sent.String())
		}
	})
}

func TestResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, raw string
		want              wire.Response
		body              string
	}{
		{
			name: "body of known length", method: "GET",
			raw: "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nX-Amz-Meta-Own: 1\r\nx-amz-meta-own: 2\r\nContent-Length: 5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n" +
				"Proxy-Authenticate: Basic\r\nTrailer: x\r\nUpgrade: h2c\r\n\r\nhello",
			want: wire.Response{Status: 200, BodySize: 5, Fields: fieldList("content-length", "5", "etag", "\"x\"", "x-amz-meta-own", "1", "x-amz-meta-own", "2")},
			body: "hello",
		},
		{
			name: "body in chunks", method: "GET",
			raw:  "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nContent-Type: application/xml\r\n\r\n5\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n",
			want: wire.Response{Status: 403, BodySize: -1, Fields: fieldList("content-type", "application/xml")},
			body: "hello",
		},
		{
			name: "compressed by the store", method: "GET",
			raw:  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
			want: wire.Response{Status: 200, BodySize: 2, Fields: fieldList("content-encoding", "gzip", "content-length", "2")},
			body: "\x1f\x8b",
		},
		{
			name: "head", method: "HEAD",
			raw:  "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n",
			want: wire.Response{Status: 200, Fields: fieldList("content-length", "700")},
		},
		{
			name: "no content", method: "DELETE",
			raw:  "HTTP/1.1 204 No Content\r\n\r\n",
			want: wire.Response{Status: 204},
		},
		{
			name: "not modified", method: "GET",
			raw:  "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
			want: wire.Response{Status: 304, Fields: fieldList("etag", "\"x\"")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(tt.raw)), &http.Request{Method: tt.method})
			if err != nil {
				t.Fatal(err)
			}
			got := nethttp.Response(r)
			var body []byte
			if got.Body != nil {
				if body, err = io.ReadAll(got.Body); err != nil {
					t.Fatal(err)
				}
			}
			if string(body) != tt.body || (got.Body != nil) != (tt.want.BodySize != 0) {
				t.Errorf("body %q, want %q", body, tt.body)
			}
			if diff := cmp.Diff(tt.want, *got, sorted, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(wire.Response{}, "Body")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriteHeader(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		nethttp.WriteHeader(w, &wire.Response{Status: 206, Fields: fieldList(
			"content-length", "2", "x-amz-meta-a", "2", "x-amz-meta-a", "1", "etag", "\"x\"", "date", "Fri, 31 Jul 2026 12:00:00 GMT", "connection", "close",
		)})
		_, _ = io.WriteString(w, "<h")
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	header, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	lines := strings.Split(header, "\r\n")
	slices.Sort(lines[1:])
	want := []string{
		"HTTP/1.1 206 Partial Content", "Connection: close", "Content-Length: 2", "Date: Fri, 31 Jul 2026 12:00:00 GMT", "Etag: \"x\"", "x-amz-meta-a: 1", "x-amz-meta-a: 2",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if body != "<h" {
		t.Errorf("body %q", body)
	}
}
