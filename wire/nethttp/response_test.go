package nethttp_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

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
