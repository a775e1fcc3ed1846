package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestServePassesThrough lets the client's own signature go on, and refuses what
// would have to be rewritten.
func TestServePassesThrough(t *testing.T) {
	t.Parallel()
	const two = `<Delete><Object><Key>public/a</Key></Object><Object><Key>secret/b</Key></Object></Delete>`
	const one = `<Delete><Object><Key>public/a</Key></Object></Delete>`
	tests := []struct {
		name, user, method, target, body string
		fields                           []wire.Field
		status                           int
		forwarded                        bool
	}{
		{"allowed", "alice", "GET", "/reports/a", "", nil, 200, true},
		{"denied", "bob", "GET", "/reports/a", "", nil, 403, false},
		{"anonymous", "", "GET", "/reports/open/a", "", nil, 200, true},
		{"an upload", "alice", "PUT", "/reports/a", "hello", nil, 200, true},
		{"the expected owner goes on", "alice", "GET", "/reports/a", "", []wire.Field{{Name: "x-amz-expected-bucket-owner", Value: "111122223333"}}, 200, true},
		{"another owner does not", "alice", "GET", "/reports/a", "", []wire.Field{{Name: "x-amz-expected-bucket-owner", Value: "444455556666"}}, 403, false},
		{"all entries allowed", "alice", "POST", "/reports?delete", one, nil, 200, true},
		{"some entries denied", "alice", "POST", "/reports?delete", two, nil, 403, false},
		{"a field in the query", "alice", "PUT", "/reports/a?x-amz-storage-class=STANDARD", "", nil, 501, false},
		{"a field in the query that asks for a checksum", "alice", "GET", "/reports/a?x-amz-checksum-mode=ENABLED", "", nil, 200, true},
		{"a form", "", "POST", "/reports", "--b\r\n", []wire.Field{{Name: "content-type", Value: "multipart/form-data; boundary=b"}}, 501, false},
		{"tags of a read", "erin", "GET", "/reports/open.csv", "", nil, 200, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchAt(t, func(o *upstream.Options) { o.Passthrough = true })
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`)
			}
			b.tagged(map[string]string{"/reports/open.csv": "open"})
			req := request(t, tt.user, tt.method, "localhost", tt.target, tt.body, tt.fields...)
			signature := req.Fields.Get("authorization")
			got := b.serve(req)
			if got.status != tt.status || got.forwarded != tt.forwarded && tt.user != "erin" {
				t.Fatalf("status %d, forwarded %t, want %d and %t: %s", got.status, got.forwarded, tt.status, tt.forwarded, got.body)
			}
			if !tt.forwarded {
				return
			}
			last := len(b.seen) - 1
			if r := b.seen[last]; r.Header.Get("Authorization") != signature || r.Host != "localhost" || r.RequestURI != tt.target || b.bodies[last] != tt.body {
				t.Errorf("the store got %s %s at %s, signed %q, with %q", r.Method, r.RequestURI, r.Host, r.Header.Get("Authorization"), b.bodies[last])
			}
			if tt.user == "erin" && (len(b.seen) != 2 || strings.Contains(b.seen[0].Header.Get("Authorization"), keyOf("erin"))) {
				t.Errorf("%d requests, the first signed by %s", len(b.seen), b.seen[0].Header.Get("Authorization"))
			}
		})
	}
}
