package http1_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

func TestResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, text string
		status             int
		length             int64
		last               bool
		body               string
	}{
		{"a length", "GET", lines("HTTP/1.1 200 OK", "Content-Length: 2", "") + "ok", 200, 2, false, "ok"},
		{"chunks", "GET", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "") + "1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, -1, false, "ok"},
		{"up to the end", "GET", lines("HTTP/1.1 200 OK", "") + "ok", 200, -1, true, "ok"},
		{"no reason", "GET", lines("HTTP/1.1 200", "Content-Length: 0", ""), 200, 0, false, ""},
		{"an empty reason", "GET", lines("HTTP/1.1 404 ", "Content-Length: 0", ""), 404, 0, false, ""},
		{"a long reason", "GET", lines("HTTP/1.1 404 No such: thing é", "Content-Length: 0", ""), 404, 0, false, ""},
		{"to HEAD", "HEAD", lines("HTTP/1.1 200 OK", "Content-Length: 10", ""), 200, 0, false, ""},
		{"to HEAD, in chunks", "HEAD", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""), 200, 0, false, ""},
		{"no content", "DELETE", lines("HTTP/1.1 204 No Content", ""), 204, 0, false, ""},
		{"not modified", "GET", lines("HTTP/1.1 304 Not Modified", "Content-Length: 10", ""), 304, 0, false, ""},
		{"the last", "GET", lines("HTTP/1.1 200 OK", "Connection: Close", "Content-Length: 2", "") + "ok", 200, 2, true, "ok"},
		{"HTTP/1.0", "GET", lines("HTTP/1.0 200 OK", "Content-Length: 2", "") + "ok", 200, 2, true, "ok"},
		{"HTTP/1.0, kept", "GET", lines("HTTP/1.0 200 OK", "Connection: keep-alive", "Content-Length: 2", "") + "ok", 200, 2, false, "ok"},
		{"interim answers", "GET", lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 200 OK", "Content-Length: 2", "") + "ok", 200, 2, false, "ok"},
		{"another protocol", "GET", lines("HTTP/1.1 101 Switching Protocols", "Upgrade: x", ""), 101, 0, false, ""},
	}
	for _, tt := range tests {
		for _, way := range ways {
			reader := http1.NewReader(way.reader(tt.text))
			var resp http1.Response
			if err := reader.Response(&resp, tt.method, limit); err != nil {
				t.Errorf("%s, %s: %v", tt.name, way.name, err)
				continue
			}
			if resp.Status != tt.status || resp.Length != tt.length || resp.Last != tt.last || resp.Fields.Get("link") != "" {
				t.Errorf("%s, %s: %+v", tt.name, way.name, resp)
			}
			body := reader.AnswerBody(&resp)
			if text, err := io.ReadAll(&body); string(text) != tt.body || err != nil {
				t.Errorf("%s, %s: body %q, %v", tt.name, way.name, text, err)
			}
			if err := reader.Response(new(http1.Response), "GET", limit); err != io.EOF {
				t.Errorf("%s, %s: behind it %v", tt.name, way.name, err)
			}
		}
	}
}

func TestResponseThatIsNone(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK"
	for _, text := range []string{
		"SSH-2.0-OpenSSH\r\n", "H", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 O\rK\r\n\r\n",
		"HTTP/1.1 200 OK\n\n", "\r\n" + head + "\r\n\r\n", head + "\r\n", head + "\r\nContent-Length: 1",
		lines(head, "Content-Length: 1", "Content-Length: 1", ""), lines(head, "Content-Length: x", ""), lines(head, "Content-Length: 1", "Transfer-Encoding: chunked", ""),
		lines(head, "Transfer-Encoding: gzip", ""), lines(head, "A: b", " c", ""), lines(head, "A : b", ""), lines(head, "A: \x01", ""), lines(head, "Host: h", ""),
		lines("HTTP/1.0 200 OK", "Transfer-Encoding: chunked", ""), strings.Repeat(lines("HTTP/1.1 100 Continue", ""), 20),
		lines(head, "A: "+strings.Repeat("x", limit), ""),
	} {
		for _, way := range ways {
			var resp http1.Response
			if err := http1.NewReader(way.reader(text)).Response(&resp, "GET", limit); err == nil || err == io.EOF {
				t.Errorf("%.60q, %s: %+v, %v", text, way.name, resp, err)
			}
		}
	}
}

func FuzzResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
	f.Add("HTTP/1.0 304 \r\nA: b\r\n\r\nok")
	f.Fuzz(func(t *testing.T, text string) {
		reader := http1.NewReader(strings.NewReader(text))
		var resp http1.Response
		err := reader.Response(&resp, "GET", limit)
		if err != nil || strings.HasPrefix(text, "HTTP/1.1 1") || strings.HasPrefix(text, "HTTP/1.0 1") {
			return
		}
		other, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil {
			t.Fatalf("net/http: %v", err)
		}
		body := reader.AnswerBody(&resp)
		got, err := io.ReadAll(&body)
		if err != nil {
			return
		}
		want, err := io.ReadAll(other.Body)
		if err != nil || string(got) != string(want) || resp.Status != other.StatusCode || resp.Length != other.ContentLength {
			t.Fatalf("%+v %q, net/http's %+v %q, %v", resp, got, other, want, err)
		}
	})
}

// round is the request that a server reads of what AppendRequest wrote.
func round(t *testing.T, req *wire.Request) *http1.Request {
	t.Helper()
	out, refusal := http1.AppendRequest(nil, req)
	if refusal != nil {
		t.Fatal(refusal)
	}
	got := new(http1.Request)
	if err := http1.NewReader(strings.NewReader(string(out))).Request(got, limit); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return got
}

func TestAppendRequest(t *testing.T) {
	t.Parallel()
	body := io.NopCloser(strings.NewReader("hello"))
	tests := []struct {
		name string
		req  wire.Request
		want []string
	}{
		{"nothing is added", wire.Request{Method: "GET", Host: "B.Example.com.:80", Path: "/"}, []string{"GET / HTTP/1.1", "Host: B.Example.com.:80"}},
		{"the target as it is", wire.Request{Method: "get", Host: "h", Path: "//h/../%2F{x}", RawQuery: "a=1&&b?c;d", HasQuery: true}, []string{"get //h/../%2F{x}?a=1&&b?c;d HTTP/1.1", "Host: h"}},
		{"an empty query", wire.Request{Method: "GET", Host: "h", Path: "/", HasQuery: true}, []string{"GET /? HTTP/1.1", "Host: h"}},
		{
			"fields in order", wire.Request{Method: "GET", Host: "h", Path: "/", Fields: wire.Fields{{Name: "x-amz-meta-a", Value: "2"}, {Name: "user-agent", Value: "é  x"}, {Name: "x-amz-meta-a", Value: ""}}},
			[]string{"GET / HTTP/1.1", "Host: h", "x-amz-meta-a: 2", "User-Agent: é  x", "x-amz-meta-a: "},
		},
		{
			"fields of the client's connection and framing", wire.Request{Method: "GET", Host: "h", Path: "/", Fields: wire.Fields{
				{Name: "connection", Value: "close"}, {Name: "host", Value: "other"}, {Name: "content-length", Value: "7"}, {Name: "transfer-encoding", Value: "chunked"},
				{Name: "trailer", Value: "x"}, {Name: "expect", Value: "100-continue"}, {Name: "upgrade", Value: "x"}, {Name: "te", Value: "trailers"},
			}},
			[]string{"GET / HTTP/1.1", "Host: h"},
		},
		{"a body of known length", wire.Request{Method: "PUT", Host: "h", Path: "/", Body: body, BodySize: 5}, []string{"PUT / HTTP/1.1", "Host: h", "Content-Length: 5"}},
		{"a body of unknown length", wire.Request{Method: "DELETE", Host: "h", Path: "/", Body: body, BodySize: -1}, []string{"DELETE / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked"}},
		{"no body to put", wire.Request{Method: "PUT", Host: "h", Path: "/"}, []string{"PUT / HTTP/1.1", "Host: h", "Content-Length: 0"}},
		{"an empty body", wire.Request{Method: "POST", Host: "h", Path: "/", Body: body}, []string{"POST / HTTP/1.1", "Host: h", "Content-Length: 0"}},
		{"zero, as the client said", wire.Request{Method: "DELETE", Host: "h", Path: "/", Fields: wire.Fields{{Name: "content-length", Value: "0"}}}, []string{"DELETE / HTTP/1.1", "Host: h", "Content-Length: 0"}},
	}
	for _, tt := range tests {
		out, refusal := http1.AppendRequest([]byte("x"), &tt.req)
		if want := "x" + lines(append(tt.want, "")...); refusal != nil || string(out) != want {
			t.Errorf("%s: %q, %v, want %q", tt.name, out, refusal, want)
		}
	}
}

// TestMuseum_19_rawTargets: what a client sent leaves for the upstream byte for
// byte.
func TestMuseum_19_rawTargets(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/", "/?", "/b/k", "/b/a+b", "/b/a%2Bb?prefix=%2B", "/b/%2e%2e/../x/./", "/b//k", "//k", "//k?x", "//h/../%2F%2f", "//[x]:;,@!$&'()*+=~", "/b/{raw}|\"<>^`\\",
		"/b/%e2%82%AC%00%ff", "/b?acl", "/b?acl=", "/b?a=1&a=0&&b", "/b?a=1;b=2", "/b?x={\"a\":[1]}|^`<>\\", "/b?a?b", "/b?x=//h/..", "/*", "/b/:@", "/b/%2F/?delete",
	} {
		reader := http1.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"))
		var req http1.Request
		err := reader.Request(&req, limit)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		path, query, hasQuery, refusal := wire.ParseTarget(req.Target)
		if refusal != nil {
			t.Fatalf("%q: %v", target, refusal)
		}
		out, refusal := http1.AppendRequest(nil, &wire.Request{Method: "GET", Host: "h", Path: path, RawQuery: query, HasQuery: hasQuery})
		if line, _, _ := strings.Cut(string(out), "\r\n"); refusal != nil || line != "GET "+target+" HTTP/1.1" {
			t.Errorf("%q left as %q, %v", target, line, refusal)
		}
	}
}

func TestAppendRequestRefuses(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]wire.Request{
		"method":                {Method: "GET /x HTTP/1.1\r\nX:", Host: "h", Path: "/"},
		"no method":             {Host: "h", Path: "/"},
		"no host":               {Method: "GET", Path: "/"},
		"host":                  {Method: "GET", Host: "h\r\nX: y", Path: "/"},
		"no path":               {Method: "GET", Host: "h"},
		"path":                  {Method: "GET", Host: "h", Path: "k"},
		"space in the path":     {Method: "GET", Host: "h", Path: "/k HTTP/1.0"},
		"query in the path":     {Method: "GET", Host: "h", Path: "/k?x"},
		"query without mark":    {Method: "GET", Host: "h", Path: "/k", RawQuery: "x"},
		"line in the query":     {Method: "GET", Host: "h", Path: "/k", RawQuery: "x\r\ny", HasQuery: true},
		"fragment in the query": {Method: "GET", Host: "h", Path: "/k", RawQuery: "x#y", HasQuery: true},
		"field name":            {Method: "GET", Host: "h", Path: "/", Fields: wire.Fields{{Name: "a b", Value: "c"}}},
		"field value":           {Method: "GET", Host: "h", Path: "/", Fields: wire.Fields{{Name: "a", Value: "c\r\nd: e"}}},
	} {
		if out, refusal := http1.AppendRequest(nil, &req); refusal == nil || refusal.Status != 400 {
			t.Errorf("%s: %q, %v", name, out, refusal)
		}
	}
}

// FuzzAppendRequest: what is written is one request, and reads as what was
// meant.
func FuzzAppendRequest(f *testing.F) {
	f.Add("GET", "h", "/a?b", "x-amz-meta-a", "v", int64(0))
	f.Add("PUT", "[::1]:80", "//a/%2f?", "content-length", "5", int64(-1))
	f.Fuzz(func(t *testing.T, method, host, target, name, value string, size int64) {
		path, query, hasQuery, refusal := wire.ParseTarget(target)
		if refusal != nil {
			return
		}
		name = strings.ToLower(name)
		if trimmed, refusal := wire.FieldValue(name, value); refusal == nil {
			value = trimmed
		}
		req := &wire.Request{Method: method, Host: host, Path: path, RawQuery: query, HasQuery: hasQuery, BodySize: max(size, -1), Fields: wire.Fields{{Name: name, Value: value}}}
		if size != 0 {
			req.Body = http.NoBody
		}
		if _, refusal := http1.AppendRequest(nil, req); refusal != nil || name == "expect" {
			return
		}
		got := round(t, req)
		if got.Method != method || got.Host != host || got.Target != target || got.Length != req.BodySize || got.Last {
			t.Fatalf("%+v", got)
		}
	})
}

func TestAppendResponse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 31, 12, 0, 0, 0, time.FixedZone("", 3600))
	const date = "Date: Fri, 31 Jul 2026 11:00:00 GMT"
	body := func() io.ReadCloser { return io.NopCloser(strings.NewReader("ok")) }
	tests := []struct {
		name string
		resp wire.Response
		o    http1.ResponseOptions
		want []string
	}{
		{"a body of known length", wire.Response{Status: 200, Body: body(), BodySize: 2, Fields: wire.Fields{{Name: "content-length", Value: "7"}, {Name: "etag", Value: `"x"`}}}, http1.ResponseOptions{}, []string{"HTTP/1.1 200 OK", `ETag: "x"`, date, "Content-Length: 2"}},
		{"chunks", wire.Response{Status: 200, Body: body(), BodySize: -1}, http1.ResponseOptions{Chunked: true}, []string{"HTTP/1.1 200 OK", date, "Transfer-Encoding: chunked"}},
		{"up to the end", wire.Response{Status: 200, Body: body(), BodySize: -1}, http1.ResponseOptions{Last: true}, []string{"HTTP/1.1 200 OK", date, "Connection: close"}},
		{"no body", wire.Response{Status: 403}, http1.ResponseOptions{}, []string{"HTTP/1.1 403 Forbidden", date, "Content-Length: 0"}},
		{"to HEAD", wire.Response{Status: 200, Fields: wire.Fields{{Name: "content-length", Value: "7"}}}, http1.ResponseOptions{Head: true}, []string{"HTTP/1.1 200 OK", "Content-Length: 7", date}},
		{"no content", wire.Response{Status: 204, Fields: wire.Fields{{Name: "content-length", Value: "7"}}}, http1.ResponseOptions{}, []string{"HTTP/1.1 204 No Content", date}},
		{"not modified", wire.Response{Status: 304, Fields: wire.Fields{{Name: "content-length", Value: "7"}}}, http1.ResponseOptions{}, []string{"HTTP/1.1 304 Not Modified", "Content-Length: 7", date}},
		{"its own date", wire.Response{Status: 204, Fields: wire.Fields{{Name: "date", Value: "x"}}}, http1.ResponseOptions{}, []string{"HTTP/1.1 204 No Content", "Date: x"}},
		{"a status without a name", wire.Response{Status: 299}, http1.ResponseOptions{}, []string{"HTTP/1.1 299 ", date, "Content-Length: 0"}},
		{
			"nothing of another connection, and no line that nobody meant", wire.Response{Status: 200, Fields: wire.Fields{{Name: "connection", Value: "x"}, {Name: "keep-alive", Value: "x"}, {Name: "x-a", Value: "b\r\nc: d\x00"}}},
			http1.ResponseOptions{}, []string{"HTTP/1.1 200 OK", "x-a: b  c: d ", date, "Content-Length: 0"},
		},
	}
	for _, tt := range tests {
		tt.o.Now = now
		if out := string(http1.AppendResponse(nil, &tt.resp, tt.o)); out != lines(append(tt.want, "")...) {
			t.Errorf("%s: %q", tt.name, out)
		}
	}
}

// TestDate: each answer has the date of its own second, whatever others have.
func TestDate(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 12, 31, 23, 59, 58, 0, time.UTC)
	var answering sync.WaitGroup
	for range 4 {
		answering.Go(func() {
			for _, after := range []time.Duration{0, 999 * time.Millisecond, time.Second, 2 * time.Second, time.Second, -time.Hour, 0} {
				now := begin.Add(after)
				out := http1.AppendResponse(nil, &wire.Response{Status: 204}, http1.ResponseOptions{Now: now})
				if want := "\r\nDate: " + now.Format(http.TimeFormat) + "\r\n"; !strings.Contains(string(out), want) {
					t.Errorf("%q lacks %q", out, want)
				}
			}
		})
	}
	answering.Wait()
}
