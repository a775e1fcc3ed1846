package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestServeObserves lets pass what policies deny to an authenticated caller, and
// nothing that anything else refuses.
func TestServeObserves(t *testing.T) {
	t.Parallel()
	const two = `<Delete><Object><Key>public/a</Key></Object><Object><Key>secret/b</Key></Object></Delete>`
	md5 := wire.Field{Name: "content-md5", Value: "jVGuVQ/YmgOXiRAxq1TenQ=="}
	tests := []struct {
		name, user, method, target, body string
		fields                           []wire.Field
		change                           func(*wire.Request)
		status                           int
		record                           string // what it holds
	}{
		{name: "allowed", user: "alice", method: "GET", target: "/reports/a", status: 200, record: `"decision":"allow"`},
		{name: "implicitly denied", user: "bob", method: "GET", target: "/reports/a", status: 200, record: `"decision":"implicit_deny","layer":"identity","enforced":false`},
		{name: "explicitly denied", user: "alice", method: "GET", target: "/reports/secret/a", status: 200, record: `"decision":"explicit_deny","layer":"identity","enforced":false`},
		{name: "anonymous", method: "GET", target: "/reports/a", status: 403, record: `"decision":"implicit_deny","layer":"resource"}`},
		{name: "anonymous, allowed", method: "GET", target: "/reports/open/a", status: 200, record: `"decision":"allow"`},
		{name: "a bucket without owner", user: "alice", method: "GET", target: "/nobodys/a", status: 403, record: `"status":403`},
		{name: "no such operation", user: "alice", method: "GET", target: "/reports/a?unknown", status: 501, record: `"status":501`},
		{name: "a wrong signature", user: "alice", method: "GET", target: "/reports/a", change: func(r *wire.Request) { r.Path = "/reports/b" }, status: 403, record: `"errorCode":"SignatureDoesNotMatch"`},
		{name: "a wrong body", user: "bob", method: "PUT", target: "/reports/a", body: "hello", change: func(r *wire.Request) { r.Body = io.NopCloser(strings.NewReader("HELLO")) }, status: 400, record: `"errorCode":"XAmzContentSHA256Mismatch"`},
		{name: "some items denied", user: "alice", method: "POST", target: "/reports?delete", body: two, fields: []wire.Field{md5}, status: 200, record: `"enforced":false`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.route.Observe = true
			req := request(t, tt.user, tt.method, "localhost", tt.target, tt.body, tt.fields...)
			if tt.change != nil {
				tt.change(req)
			}
			got := b.serve(req)
			if got.status != tt.status {
				t.Errorf("status %d, want %d: %s", got.status, tt.status, got.body)
			}
			if tt.body == two && (len(b.bodies) != 1 || b.bodies[0] != two) {
				t.Errorf("the store got %q, want the body as it came", b.bodies)
			}
			if record := b.recorded(); !strings.Contains(record, tt.record) {
				t.Errorf("recorded %s, want %s in it", record, tt.record)
			}
		})
	}
}

// TestServeObserves_missing tells of a missing object, as the store would.
func TestServeObserves_missing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }
	if got := b.serve(request(t, "bob", "GET", "localhost", "/reports/public/a", "")); got.status != 403 {
		t.Errorf("enforced: status %d, want 403", got.status)
	}
	b.route.Observe = true
	if got := b.serve(request(t, "bob", "GET", "localhost", "/reports/public/a", "")); got.status != 404 {
		t.Errorf("observed: status %d, want 404", got.status)
	}
}
