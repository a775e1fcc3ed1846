package upstream_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestPassthrough sends what the client signed, byte for byte, and answers with
// what the store says of the client's signature.
func TestPassthrough(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var text strings.Builder
		r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &text)))
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		got <- text.String()
		_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 41\r\n\r\n<Error><Code>ExpiredToken</Code></Error>\r\n")
	}()
	u, _ := open(t, "http://"+listener.Addr().String(), func(o *upstream.Options) { o.Passthrough = true })
	req := &wire.Request{
		Method: "PUT", Host: "Bucket.S3.example.com:9000", Path: "/a//b%2f/../c", RawQuery: "x-id=PutObject&&b=2&a", HasQuery: true,
		Fields: wire.Fields{
			{Name: "authorization", Value: "AWS4-HMAC-SHA256 Credential=client"}, {Name: "x-amz-date", Value: "20260731T120000Z"},
			{Name: "x-amz-expected-bucket-owner", Value: "111122223333"}, {Name: "x-forwarded-for", Value: "192.0.2.1"},
			{Name: "x-amz-content-sha256", Value: "UNSIGNED-PAYLOAD"}, {Name: "content-length", Value: "5"},
			{Name: "connection", Value: "keep-alive, te"}, {Name: "te", Value: "trailers"}, {Name: "expect", Value: "100-continue"},
		},
		Body: io.NopCloser(strings.NewReader("hello")), BodySize: 5,
	}
	body, refusal := sigv4.NewOriginalBody(req, nil, 0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	defer body.Close()
	resp, refusal := u.Do(t.Context(), &upstream.Call{Request: req, Bucket: "bucket", HostBucket: true, Body: body, Now: now, RequestID: "R"})
	if text := answered(t, resp, refusal); resp.Status != 403 || !strings.Contains(text, "ExpiredToken") {
		t.Errorf("answered %d %s", resp.Status, text)
	}
	sent := <-got
	line, rest, _ := strings.Cut(sent, "\r\n")
	if line != "PUT /a//b%2f/../c?x-id=PutObject&&b=2&a HTTP/1.1" {
		t.Errorf("sent %q", line)
	}
	header, content, _ := strings.Cut(rest, "\r\n\r\n")
	want := []string{
		"host: Bucket.S3.example.com:9000", "authorization: AWS4-HMAC-SHA256 Credential=client", "x-amz-date: 20260731T120000Z",
		"x-amz-expected-bucket-owner: 111122223333", "x-forwarded-for: 192.0.2.1", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "content-length: 5",
	}
	fields := strings.Split(header, "\r\n")
	if len(fields) != len(want) || content != "hello" {
		t.Errorf("sent %q and %q", fields, content)
	}
	for _, w := range want {
		name, value, _ := strings.Cut(w, ":")
		found := false
		for _, f := range fields {
			n, v, _ := strings.Cut(f, ":")
			found = found || strings.EqualFold(n, name) && v == value
		}
		if !found {
			t.Errorf("no %s among %q", w, fields)
		}
	}
}

// TestPassthrough_own signs what Sallyport itself asks.
func TestPassthrough_own(t *testing.T) {
	t.Parallel()
	store := &tagStore{status: 403, body: "<Error><Code>InvalidAccessKeyId</Code></Error>"}
	u, _ := open(t, serveTags(t, store), func(o *upstream.Options) { o.Passthrough = true })
	_, _, refusal := u.ObjectTags(t.Context(), upstream.Object{Bucket: "reports", Key: "k"}, now, "R")
	if refusal == nil || !strings.Contains(refusal.Cause, "does not accept the credentials") {
		t.Errorf("refused %v", refusal)
	}
}
