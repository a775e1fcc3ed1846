package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// closer counts how often it is closed.
type closer struct {
	io.Reader
	closed atomic.Int32
}

func (c *closer) Close() error {
	c.closed.Add(1)
	return nil
}

// TestBodiesAreClosed: whatever becomes of a request, the body that streams is closed
// once, or what it is decoded in, some 32 KiB, would be made anew for each.
func TestBodiesAreClosed(t *testing.T) {
	t.Parallel()
	const whole = "5\r\nhello\r\n0\r\n\r\n"
	tests := []struct {
		name, path, body string
		status           int
	}{
		{"stored", "/reports/inbox/a", whole, 200},
		{"refused by the store", "/reports/inbox/refused", whole, 412},
		{"broken off", "/reports/inbox/a", whole[:7], 400},
		{"malformed", "/reports/inbox/a", "5 hello", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.answer = func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/refused") {
					w.WriteHeader(http.StatusPreconditionFailed)
				}
			}
			req := request(t, "", "PUT", "localhost", tt.path, whole,
				wire.Field{Name: "x-amz-content-sha256", Value: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
				wire.Field{Name: "x-amz-decoded-content-length", Value: "5"}, wire.Field{Name: "content-encoding", Value: "aws-chunked"})
			body := &closer{Reader: strings.NewReader(tt.body)}
			req.Body = body
			if got := b.serve(req); got.status != tt.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, tt.status)
			}
			if n := body.closed.Load(); n != 1 {
				t.Errorf("the body is closed %d times", n)
			}
		})
	}
}
