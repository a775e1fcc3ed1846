package proxy_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestRecordsAreBounded: what anybody can send does not fill the queue of
// records, for want of room in which nobody is served.
func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 50<<10)
	tests := []struct {
		name   string
		change func(*wire.Request)
	}{
		{"method", func(r *wire.Request) { r.Method = long }},
		{"host", func(r *wire.Request) { r.Host = long + ".s3.example.com" }},
		{"path", func(r *wire.Request) { r.Path += long }},
		{"service in the scope", func(r *wire.Request) {
			r.Fields.Set("authorization", strings.Replace(r.Fields.Get("authorization"), "/s3/", "/"+long+"/", 1))
		}},
		{"signed headers", func(r *wire.Request) {
			r.Fields.Set("authorization", strings.Replace(r.Fields.Get("authorization"), "SignedHeaders=", "SignedHeaders="+long+";", 1))
		}},
		{"user agent", func(r *wire.Request) { r.Fields.Set("user-agent", long) }},
	}
	for _, tt := range tests {
		b := newBench(t)
		req := request(t, "alice", "GET", "localhost:9000", "/reports/a", "")
		tt.change(req)
		b.serve(req)
		if n := len(b.recorded()); n == 0 || n > 4*audit.MaxText {
			t.Errorf("%s: the record has %d bytes", tt.name, n)
		}
	}
}
