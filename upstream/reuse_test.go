package upstream_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/upstream"
)

// TestWhichConnectionsAreReused: one whose store may not have read the whole of
// a request is not. Some take what they left for the next request, whose answer
// would be another's: versitygw's HTTP engine does, of a body in chunks.
func TestWhichConnectionsAreReused(t *testing.T) {
	t.Parallel()
	body := func(size int64) func(*testing.T) *upstream.Call {
		return func(t *testing.T) *upstream.Call {
			return put(t, "/k", strings.NewReader("hello"), size, "UNSIGNED-PAYLOAD")
		}
	}
	none := func(*testing.T) *upstream.Call { return get("GET", "/k") }
	const refused = "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 2\r\n\r\nno"
	for _, tt := range []struct {
		name   string
		call   func(*testing.T) *upstream.Call
		answer string
		reused bool
	}{
		{"success", none, ok, true},
		{"error", none, refused, true},
		{"no content", none, "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"no content, with a length of 0", none, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", true},
		{"no content, and yet some", none, "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", false},
		{"no content, and yet in chunks", none, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", false},
		{"not modified, with its length", none, "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", true},
		{"success to a body", body(5), ok, true},
		{"error to a body", body(5), refused, false},
		{"error without text to a body", body(5), "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n", false},
		{"success to chunks, whose end the store may leave", body(-1), ok, false},
		{"error to chunks", body(-1), refused, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				if strings.HasPrefix(tt.name, "success to chunks") && c.n == 0 {
					_, _ = io.CopyN(io.Discard, c.reader, int64(len("4\r\nhell\r\n1\r\no\r\n")))
				}
				c.say(tt.answer)
				if c.n > 0 {
					return
				}
				rest, _ := io.ReadAll(c.reader) // which may be the next request
				if reused := strings.Contains(string(rest), "GET /next "); reused {
					t.Errorf("after this the store gets %q", rest)
				}
			})
			if tt.reused {
				store = serve(t, func(c *connection) {
					for header := c.header(); header != ""; header = c.header() {
						if c.n > 0 {
							t.Error("the connection was not reused")
						}
						if strings.HasPrefix(header, "PUT ") {
							_, _ = io.CopyN(io.Discard, c.reader, 5)
						}
						c.say(tt.answer)
					}
				})
			}
			u, _ := open(t, store.url, func(o *upstream.Options) { o.ResponseHeaderTimeout = 5 * time.Second })
			resp, refusal := u.Do(context.Background(), tt.call(t))
			answered(t, resp, refusal)
			resp, refusal = u.Do(context.Background(), get("GET", "/next"))
			answered(t, resp, refusal)
		})
	}
}
