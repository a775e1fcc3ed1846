package http1_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

const limit = 64 << 10

// lines joins lines as HTTP ends them.
func lines(list ...string) string { return strings.Join(list, "\r\n") + "\r\n" }

// get is a request with further lines.
func get(list ...string) string {
	return lines(slices.Concat([]string{"GET / HTTP/1.1", "Host: h"}, list, []string{""})...)
}

func TestRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       http1.Request
		body       string
	}{
		{"the least", get(), http1.Request{Method: "GET", Target: "/", Host: "h", Fields: wire.Fields{}, Minor: 1}, ""},
		{"an empty line before it", "\r\n" + get(), http1.Request{Method: "GET", Target: "/", Host: "h", Fields: wire.Fields{}, Minor: 1}, ""},
		{"the target as it is", lines("PUT http://h//a/../%2f?b+c;d&&= HTTP/1.1", "Host:h", ""), http1.Request{Method: "PUT", Target: "http://h//a/../%2f?b+c;d&&=", Host: "h", Fields: wire.Fields{}, Minor: 1}, ""},
		{"a method with case", lines("Get / HTTP/1.1", "hOST:  \th\t ", ""), http1.Request{Method: "Get", Target: "/", Host: "h", Fields: wire.Fields{}, Minor: 1}, ""},
		{
			"fields in order, names in lower case, values as they are", get("X-Amz-Meta-A: 2", "x-AMZ-meta-B:é  x", "X-Amz-Meta-A:1", "Empty:", "C: a:b"),
			http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Fields: wire.Fields{
				{Name: "x-amz-meta-a", Value: "2"}, {Name: "x-amz-meta-b", Value: "é  x"}, {Name: "x-amz-meta-a", Value: "1"}, {Name: "empty"}, {Name: "c", Value: "a:b"},
			}}, "",
		},
		{"a length", get("Content-Length: 5") + "hello", http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Length: 5, Fields: wire.Fields{{Name: "content-length", Value: "5"}}}, "hello"},
		{"chunks", get("Transfer-Encoding: Chunked") + "3;x=\"y\"\r\nhel\r\n02 ; z\r\nlo\r\n0\r\nA: b\r\n\r\n", http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Length: -1, Fields: wire.Fields{{Name: "transfer-encoding", Value: "Chunked"}}}, "hello"},
		{"the last on its connection", get("Connection: x, CLOSE"), http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Last: true, Fields: wire.Fields{{Name: "connection", Value: "x, CLOSE"}}}, ""},
		{"HTTP/1.0 is the last", lines("GET / HTTP/1.0", "Host: h", "Connection: keep-alive", ""), http1.Request{Method: "GET", Target: "/", Host: "h", Last: true, Fields: wire.Fields{{Name: "connection", Value: "keep-alive"}}}, ""},
		{"asked to continue", get("Expect: 100-Continue", "Content-Length: 1") + "x", http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Length: 1, Continue: true, Fields: wire.Fields{{Name: "expect", Value: "100-Continue"}, {Name: "content-length", Value: "1"}}}, "x"},
		{"nothing to continue with", get("Expect: 100-continue"), http1.Request{Method: "GET", Target: "/", Host: "h", Minor: 1, Fields: wire.Fields{{Name: "expect", Value: "100-continue"}}}, ""},
	}
	for _, tt := range tests {
		for _, way := range ways {
			reader := http1.NewReader(way.reader(tt.text + get("Next: 1")))
			var got http1.Request
			if err := reader.Request(&got, limit); err != nil {
				t.Errorf("%s, %s: %v", tt.name, way.name, err)
				continue
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, %s: %s", tt.name, way.name, diff)
			}
			body := reader.Body(&got)
			if text, err := io.ReadAll(&body); string(text) != tt.body || err != nil || !body.Whole() {
				t.Errorf("%s, %s: body %q, %v", tt.name, way.name, text, err)
			}
			var next http1.Request
			if err := reader.Request(&next, limit); err != nil || next.Fields.Get("next") != "1" {
				t.Errorf("%s, %s: behind it %+v, %v", tt.name, way.name, next, err)
			}
			if err := reader.Request(new(http1.Request), limit); err != io.EOF {
				t.Errorf("%s, %s: at the end %v", tt.name, way.name, err)
			}
		}
	}
}

// ways are the ways in which bytes may arrive.
var ways = []struct {
	name   string
	reader func(string) io.Reader
}{
	{"at once", func(s string) io.Reader { return strings.NewReader(s) }},
	{"one by one", func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) }},
	{"by halves, the end with the last", func(s string) io.Reader { return iotest.DataErrReader(iotest.HalfReader(strings.NewReader(s))) }},
}

// smuggling are messages that two readers in a row could understand apart.
var smuggling = []struct{ name, text, says string }{
	{"two lengths", get("Content-Length: 1", "Content-Length: 2"), "more than once"},
	{"two equal lengths", get("Content-Length: 1", "Content-Length: 1"), "more than once"},
	{"a list of lengths", get("Content-Length: 1, 1"), "not a number"},
	{"a length with a sign", get("Content-Length: +1"), "not a number"},
	{"a negative length", get("Content-Length: -1"), "not a number"},
	{"a hexadecimal length", get("Content-Length: 0x1"), "not a number"},
	{"a length with a line", get("Content-Length: 1_0"), "not a number"},
	{"no length", get("Content-Length:"), "not a number"},
	{"an endless length", get("Content-Length: 9223372036854775808"), "not a number"},
	{"a length beside chunks", get("Content-Length: 1", "Transfer-Encoding: chunked"), "both"},
	{"chunks beside a length", get("Transfer-Encoding: chunked", "Content-Length: 1"), "both"},
	{"chunked twice", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "more than once"},
	{"chunked in a list", get("Transfer-Encoding: gzip, chunked"), "use chunked"},
	{"chunked twice in a list", get("Transfer-Encoding: chunked, chunked"), "use chunked"},
	{"identity", get("Transfer-Encoding: identity"), "use chunked"},
	{"chunked with a parameter", get("Transfer-Encoding: chunked;x=y"), "use chunked"},
	{"quoted chunked", get("Transfer-Encoding: \"chunked\""), "use chunked"},
	{"chunked behind a vertical tab", get("Transfer-Encoding: \vchunked"), "control"},
	{"no coding", get("Transfer-Encoding:"), "use chunked"},
	{"chunks in HTTP/1.0", lines("GET / HTTP/1.0", "Host: h", "Transfer-Encoding: chunked", ""), "HTTP/1.0"},
	{"a space before the colon", get("Content-Length : 1"), "not valid"},
	{"a tab before the colon", get("Transfer-Encoding\t: chunked"), "not valid"},
	{"a NUL in a name", get("Content\x00-Length: 1"), "not valid"},
	{"a name that is not ASCII", get("Content-Lengtſ: 1"), "not valid"},
	{"no name", get(": x"), "not valid"},
	{"a folded line", get("A: b", " c: d"), "folded"},
	{"a folded line with a tab", get("A: b", "\tTransfer-Encoding: chunked"), "folded"},
	{"a folded first line", lines("GET / HTTP/1.1", " Host: h", ""), "folded"},
	{"a line that is no field", get("no colon"), "no colon"},
	{"a line that ends without CR", "GET / HTTP/1.1\r\nHost: h\nContent-Length: 1\r\n\r\n", "CR LF"},
	{"a request line that ends without CR", "GET / HTTP/1.1\nHost: h\r\n\r\n", "CR LF"},
	{"an empty line without CR", "GET / HTTP/1.1\r\nHost: h\r\n\n", "CR LF"},
	{"a CR within a value", get("A: b\rContent-Length: 1"), "control"},
	{"two CR", get("A: b\r"), "control"},
	{"a CR within the target", "GET /a\rb HTTP/1.1\r\nHost: h\r\n\r\n", ""},
	{"a NUL in a value", get("A: b\x00c"), "control"},
	{"no host", lines("GET / HTTP/1.1", ""), "one Host"},
	{"two hosts", get("Host: i"), "one Host"},
	{"two equal hosts", get("host: h"), "one Host"},
	{"no host in HTTP/1.0", lines("GET / HTTP/1.0", ""), "one Host"},
	{"two spaces", lines("GET  / HTTP/1.1", "Host: h", ""), ""},
	{"a tab", lines("GET\t/ HTTP/1.1", "Host: h", ""), "one space"},
	{"a space in the target", lines("GET / /x HTTP/1.1", "Host: h", ""), "one space"},
	{"a space at the end", lines("GET / HTTP/1.1 ", "Host: h", ""), "HTTP/1.1"},
	{"a space at the beginning", lines(" GET / HTTP/1.1", "Host: h", ""), "one space"},
	{"no version", lines("GET /", "Host: h", ""), "one space"},
	{"HTTP/0.9", "GET /\r\n\r\n", "one space"},
	{"another version", lines("GET / HTTP/1.2", "Host: h", ""), "HTTP/1.1"},
	{"a version with case", lines("GET / http/1.1", "Host: h", ""), "one space"},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1"},
	{"a method that is none", lines("GE(T / HTTP/1.1", "Host: h", ""), "one space"},
	{"empty lines", "\r\n\r\n" + get(), "no request line"},
	{"another expectation", get("Expect: a miracle"), "100-continue"},
	{"two expectations", get("Expect: 100-continue", "Expect: 100-continue"), "100-continue"},
	{"too many fields", get(strings.Split(strings.Repeat("a:|", http1.MaxFields), "|")[:http1.MaxFields]...), "exceed the maximum"},
	{"too large", get("A: " + strings.Repeat("x", limit)), "exceed the maximum"},
	{"too large, and without end", "GET /" + strings.Repeat("x", 2*limit), "exceed the maximum"},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\n", "CR LF"},
}

func TestMuseum_20_smuggling(t *testing.T) {
	t.Parallel()
	for _, tt := range smuggling {
		for _, way := range ways {
			reader := http1.NewReader(way.reader(tt.text + strings.Repeat(" ", 8)))
			var req http1.Request
			err := reader.Request(&req, limit)
			if tt.says == "" && err == nil { // the target is the door's to judge
				if _, refusal := wire.OriginForm(req.Method, req.Target, req.Host, "http"); refusal != nil {
					continue
				}
				if _, _, _, refusal := wire.ParseTarget(req.Target); refusal != nil {
					continue
				}
			}
			refusal, ok := errors.AsType[*wire.Refusal](err)
			if !ok {
				t.Errorf("%s, %s: %+v, %v", tt.name, way.name, req, err)
				continue
			}
			if refusal.Status < 400 || refusal.Status > 505 || !strings.Contains(refusal.Message, tt.says) {
				t.Errorf("%s, %s: %d %v, want %q", tt.name, way.name, refusal.Status, refusal, tt.says)
			}
			if !refusal.Close {
				t.Errorf("%s: the connection goes on", tt.name)
			}
		}
	}
}

func TestRequestEndsEarly(t *testing.T) {
	t.Parallel()
	text := get("A: b")
	for n := 1; n < len(text); n++ {
		reader := http1.NewReader(strings.NewReader(text[:n]))
		var req http1.Request
		if err := reader.Request(&req, limit); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %+v, %v", text[:n], req, err)
		}
	}
}

func TestBodyThatIsNone(t *testing.T) {
	t.Parallel()
	chunks := get("Transfer-Encoding: chunked")
	tests := []struct{ name, text string }{
		{"ends within its length", get("Content-Length: 6") + "hello"},
		{"ends within a chunk", chunks + "6\r\nhello"},
		{"ends behind a chunk", chunks + "5\r\nhello\r\n"},
		{"ends within a chunk's line", chunks + "5"},
		{"ends without the last line", chunks + "0\r\n"},
		{"no size", chunks + "\r\nhello\r\n0\r\n\r\n"},
		{"a size that is none", chunks + "g\r\n"},
		{"a size with 0x", chunks + "0x5\r\nhello\r\n0\r\n\r\n"},
		{"a size with a sign", chunks + "+5\r\nhello\r\n0\r\n\r\n"},
		{"a space before the size", chunks + " 5\r\nhello\r\n0\r\n\r\n"},
		{"two sizes", chunks + "5 5\r\nhello\r\n0\r\n\r\n"},
		{"a size beyond all", chunks + "ffffffffffffffff\r\n"},
		{"a size without CR", chunks + "5\nhello\r\n0\r\n\r\n"},
		{"a CR in an extension", chunks + "5;a\rb\r\nhello\r\n0\r\n\r\n"},
		{"an LF in an extension", chunks + "5;a\nb\r\nhello\r\n0\r\n\r\n"},
		{"an endless extension", chunks + "5;" + strings.Repeat("a", 8<<10) + "\r\nhello\r\n0\r\n\r\n"},
		{"more than the size", chunks + "4\r\nhello\r\n0\r\n\r\n"},
		{"less than the size", chunks + "6\r\nhello\r\n0\r\n\r\n"},
		{"a chunk without an end", chunks + "5\r\nhello0\r\n\r\n"},
		{"a chunk that ends without CR", chunks + "5\r\nhello\n0\r\n\r\n"},
		{"a trailer that is no field", chunks + "0\r\nx\r\n\r\n"},
		{"a trailer with a space in its name", chunks + "0\r\nx : y\r\n\r\n"},
		{"an endless trailer", chunks + "0\r\n" + strings.Repeat("a: b\r\n", 8<<10) + "\r\n"},
	}
	for _, tt := range tests {
		for _, way := range ways {
			reader := http1.NewReader(way.reader(tt.text))
			var req http1.Request
			err := reader.Request(&req, limit)
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			body := reader.Body(&req)
			text, err := io.ReadAll(&body)
			if err == nil || body.Whole() {
				t.Errorf("%s, %s: %q is whole", tt.name, way.name, text)
			}
			if _, again := body.Read(make([]byte, 1)); !errors.Is(again, err) {
				t.Errorf("%s, %s: %v, and then %v", tt.name, way.name, err, again)
			}
		}
	}
}

// FuzzRequest holds the reader against net/http's: what is taken here, net/http
// takes too, with the same meaning and the same end, and no bytes make it hold
// more than it may.
func FuzzRequest(f *testing.F) {
	for _, tt := range smuggling {
		f.Add(tt.text)
	}
	f.Add(get("Transfer-Encoding: chunked") + "5;x\r\nhello\r\n0\r\nA: b\r\n\r\n" + get())
	f.Add(get("Content-Length: 5", "X-Amz-Date: x") + "hello" + get())
	f.Fuzz(func(t *testing.T, text string) {
		reader := http1.NewReader(strings.NewReader(text))
		var req http1.Request
		err := reader.Request(&req, limit)
		if err != nil {
			if _, ok := errors.AsType[*wire.Refusal](err); !ok && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, refusal := wire.OriginForm(req.Method, req.Target, req.Host, "http"); refusal != nil || !strings.HasPrefix(req.Target, "/") {
			return
		}
		if _, _, _, refusal := wire.ParseTarget(req.Target); refusal != nil {
			return
		}
		// net/http takes no empty line before a request.
		other, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.TrimPrefix(text, "\r\n"))))
		if err != nil {
			t.Fatalf("net/http: %v", err)
		}
		compareRequest(t, &req, other)
		body := reader.Body(&req)
		got, err := io.ReadAll(&body)
		if err != nil {
			return
		}
		want, err := io.ReadAll(other.Body)
		if err != nil || string(got) != string(want) {
			t.Fatalf("body %q, net/http's %q, %v", got, want, err)
		}
	})
}

func compareRequest(t *testing.T, req *http1.Request, other *http.Request) {
	t.Helper()
	if req.Method != other.Method || req.Target != other.RequestURI || req.Host != other.Host || req.Length != other.ContentLength || req.Minor != other.ProtoMinor {
		t.Fatalf("%+v, net/http's %+v", req, other)
	}
	for _, field := range req.Fields {
		name := http.CanonicalHeaderKey(field.Name)
		if name == "Transfer-Encoding" || name == "Trailer" {
			continue // taken out of its header
		}
		if !slices.Contains(other.Header[name], field.Value) {
			t.Fatalf("%s: %q, net/http's %q", name, field.Value, other.Header[name])
		}
	}
	if chunked := slices.Equal(other.TransferEncoding, []string{"chunked"}); chunked != (req.Length < 0) {
		t.Fatalf("length %s, net/http's %v", strconv.FormatInt(req.Length, 10), other.TransferEncoding)
	}
}
