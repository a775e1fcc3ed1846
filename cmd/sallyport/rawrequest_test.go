package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestParseRawRequest(t *testing.T) {
	t.Parallel()
	type want struct {
		target, host, fields, content string
		size                          int64
		missing                       bool
	}
	tests := []struct {
		name, text string
		want       want
	}{
		{"as it is", "GET /a?b HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\n", want{target: "/a?b", host: "h", fields: "x-a=1"}},
		{"with LF", "GET /a HTTP/1.1\nHost:h\nX-A:  1 \n\n", want{target: "/a", host: "h", fields: "x-a=1"}},
		{"without an empty line", "GET /a HTTP/1.1\nHost: h", want{target: "/a", host: "h"}},
		{"line ends behind it", "GET /a HTTP/1.1\nHost: h\n\n\r\n\n", want{target: "/a", host: "h"}},
		{"a fold", "GET /a HTTP/1.1\nHost: h\nX-A: 1\n  2\n\n", want{target: "/a", host: "h", fields: "x-a=1 2"}},
		{"HTTP/2 as tools write it", "GET /a HTTP/2\nhost: h\n\n", want{target: "/a", host: "h"}},
		{"absolute form", "GET https://h/a HTTP/1.1\nHost: h\n\n", want{target: "/a", host: "h"}},
		{"not cleaned", "GET //a/../%2e?&& HTTP/1.1\nHost: H.:80\n\n", want{target: "//a/../%2e?&&", host: "H.:80"}},
		{"a body", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 5\n\nhello\n", want{target: "/a", host: "h", fields: "content-length=5", content: "hello", size: 5}},
		{"a body of line ends", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 4\n\n\r\n\n\n", want{target: "/a", host: "h", fields: "content-length=4", content: "\r\n\n\n", size: 4}},
		{"chunks", "PUT /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n", want{target: "/a", host: "h", fields: "transfer-encoding=chunked", content: "hello", size: -1}},
		{"the body is missing", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 5\n\n", want{target: "/a", host: "h", fields: "content-length=5", size: 5, missing: true}},
		{"chunks are missing", "PUT /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n", want{target: "/a", host: "h", fields: "transfer-encoding=chunked", size: -1, missing: true}},
		{"curl", "*   Trying 127.0.0.1:9000...\n> PUT /a HTTP/1.1\n> Host: h\n> Content-Length: 5\n> \n} [5 bytes data]\n* We are completely uploaded\n< HTTP/1.1 200 OK\n< X-B: 2\n<\n", want{target: "/a", host: "h", fields: "content-length=5", size: 5, missing: true}},
		{"curl with blanks cut off", "> GET /a HTTP/2\n> Host: h\n>\n> not a field\n", want{target: "/a", host: "h"}},
	}
	for _, tt := range tests {
		req, refusal, err := parseRawRequest([]byte(tt.text), "https")
		if refusal != nil || err != nil {
			t.Errorf("%s: %v, %v", tt.name, refusal, err)
			continue
		}
		got := want{req.Target(), req.Host, fieldsText(req.Fields), string(req.content), req.BodySize, req.bodyMissing}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
		body := ""
		if req.Body != nil {
			text, _ := io.ReadAll(req.Body)
			body = string(text)
		}
		if body != tt.want.content {
			t.Errorf("%s: the body reads %q", tt.name, body)
		}
	}
}

func fieldsText(fields wire.Fields) string {
	var texts []string
	for _, f := range fields {
		texts = append(texts, f.Name+"="+f.Value)
	}
	return strings.Join(texts, ";")
}

func TestParseRawRequestFails(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"empty", "", "no request line"},
		{"an answer", "HTTP/1.1 200 OK\n\n", "no request line"},
		{"two spaces", "GET  /a HTTP/1.1\nHost: h\n\n", "no request line"},
		{"a space in the target", "GET /a b HTTP/1.1\nHost: h\n\n", "no request line"},
		{"no version", "GET /a\nHost: h\n\n", "no request line"},
		{"another version", "GET /a HTTP/1.9\nHost: h\n\n", "no request line"},
		{"an empty line before it", "\nGET /a HTTP/1.1\nHost: h\n\n", "no request line"},
		{"no field", "GET /a HTTP/1.1\nHost: h\nwhat\n\n", "no HTTP request"},
		{"an invalid escape", "GET /% HTTP/1.1\nHost: h\n\n", "no HTTP request"},
		{"a carriage return", "GET /a HTTP/1.1\nHost: h\nX-A: 1\r2\n\n", "line 3: a carriage return"},
		{"two hosts", "GET /a HTTP/1.1\nHost: h\nhost: h\n\n", "two Host fields"},
		{"two lengths", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 1\nTransfer-Encoding: chunked\n\n1\r\na\r\n0\r\n\r\n", "both there"},
		{"a body too short", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 6\n\nhello", "the body has 5 bytes, and Content-Length says 6"},
		{"a body too long", "PUT /a HTTP/1.1\nHost: h\nContent-Length: 4\n\nhello", "1 byte after the end"},
		{"a body without length", "PUT /a HTTP/1.1\nHost: h\n\nhello", "5 bytes after the end"},
		{"chunks cut off", "PUT /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n5\r\nhel", "the body cannot be read"},
		{"two requests", "GET /a HTTP/1.1\nHost: h\n\nGET /b HTTP/1.1\nHost: h\n\n", "after the end"},
		{"two requests of curl", "> GET /a HTTP/1.1\n> Host: h\n>\n< HTTP/1.1 307\n> GET /b HTTP/1.1\n> Host: h\n>\n", "line 5: a second request"},
	}
	for _, tt := range tests {
		if req, refusal, err := parseRawRequest([]byte(tt.text), "https"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v, %v; want %q", tt.name, req, refusal, err, tt.want)
		}
	}
	// What a door refuses is refused here with the same code.
	for text, code := range map[string]string{
		"GET /a HTTP/1.1\n\n":                         "InvalidRequest",
		"GET /a?b+c HTTP/1.1\nHost: h\n\n":            "InvalidURI",
		"GET http://h/a HTTP/1.1\nHost: h\n\n":        "InvalidURI",
		"CONNECT h:443 HTTP/1.1\nHost: h:443\n\n":     "MethodNotAllowed",
		"GET / HTTP/1.1\nHost: h\nConnection: x\n\n":  "InvalidRequest",
		"PUT / HTTP/1.1\nHost: a b\n\n":               "InvalidRequest",
		"GET / HTTP/1.1\nHost: h\nX-A : 1\n\n":        "InvalidRequest",
		"GET / HTTP/1.1\nHost: h\nUpgrade: h2c\n\n\n": "NotImplemented",
	} {
		if _, refusal, err := parseRawRequest([]byte(text), "https"); err != nil || refusal == nil || refusal.Code != code {
			t.Errorf("%q: %v, %v; want %s", text, refusal, err, code)
		}
	}
}

// FuzzRawRequest: what is read is what stands there, whatever the line ends; and
// nothing of a body is lost or added.
func FuzzRawRequest(f *testing.F) {
	f.Add([]byte("PUT /a?b HTTP/1.1\nHost: h\nContent-Length: 5\n\nhello\n"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n 2\r\n\r\n"))
	f.Add([]byte("PUT / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nTrailer: a\n\n1\r\nx\r\n0\r\na: b\r\n\r\n"))
	f.Add([]byte("* a\n> GET http://h/ HTTP/2\n> Host: h\n>\n< HTTP/2 200\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		req, refusal, err := parseRawRequest(text, "http")
		if refusal != nil || err != nil {
			return
		}
		if !bytes.Contains(text, []byte(req.Target())) || !bytes.Contains(text, []byte(req.Host)) {
			t.Fatalf("target %q and host %q are not in %q", req.Target(), req.Host, text)
		}
		if req.BodySize >= 0 && !req.bodyMissing && req.BodySize != int64(len(req.content)) {
			t.Fatalf("%d bytes of %d", len(req.content), req.BodySize)
		}
		// Written down again, with CRLF, it is the same request.
		var again bytes.Buffer
		fmt.Fprintf(&again, "%s %s HTTP/1.1\r\nHost: %s\r\n", req.Method, req.Target(), req.Host)
		for _, field := range req.Fields {
			if field.Name != "trailer" && field.Name != "transfer-encoding" && field.Name != "content-length" {
				fmt.Fprintf(&again, "%s: %s\r\n", field.Name, field.Value)
			}
		}
		if len(req.content) > 0 {
			fmt.Fprintf(&again, "Content-Length: %d\r\n", len(req.content))
		}
		again.WriteString("\r\n")
		again.Write(req.content)
		second, refusal, err := parseRawRequest(again.Bytes(), "http")
		if refusal != nil || err != nil {
			t.Fatalf("%q: written as %q: %v, %v", text, again.Bytes(), refusal, err)
		}
		if second.Target() != req.Target() || second.Host != req.Host || !bytes.Equal(second.content, req.content) {
			t.Fatalf("%q: written as %q", text, again.Bytes())
		}
	})
}
