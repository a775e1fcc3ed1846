package main

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// TestCauses: for each usual way in which the two canonical requests differ, the
// place and a cause.
func TestCauses(t *testing.T) {
	t.Parallel()
	const base = "GET\n/b/a%20b\nmax-keys=2&prefix=a%20b\nhost:h.example.com\nx-amz-date:20130524T000000Z\nx-amz-meta-a:1,2\n\nhost;x-amz-date;x-amz-meta-a\nUNSIGNED-PAYLOAD"
	tests := []struct {
		name, server, client string // replaced in base
		part, cause          string
	}{
		{"method", "GET\n", "HEAD\n", "method", "changed the method"},
		{"double encoding", "a%20b\nmax", "a%2520b\nmax", "path", "client encodes the path twice"},
		{"encoding", "/b/a%20b", "/b/%61%20b", "path", "encoded differently"},
		{"cleaned", "/b/a%20b", "//b/x/../a%20b", "path", "cleans the path"},
		{"prefix", "/b/a%20b", "/a%20b", "path", "a prefix was added or removed"},
		{"rewritten", "/b/a%20b", "/c", "path", "rewrote the path"},
		{"plus for a space", "prefix=a%20b", "prefix=a+b", "query", "%20 and a plus %2B"},
		{"plus read as one", "prefix=a%20b", "prefix=a%2Bb", "query", "%20 and a plus %2B"},
		{"order", "max-keys=2&prefix=a%20b", "prefix=a%20b&max-keys=2", "query", "in another order"},
		{"without =", "max-keys=2", "max-keys=2&acl", "query", "added, removed or rewrote"},
		{"encoding of a query", "prefix=a%20b", "prefix=%61%20b", "query", "encoded differently"},
		{"port", "host:h.example.com", "host:h.example.com:9000", "header fields", "the port"},
		{"host", "host:h.example.com", "host:internal", "header fields", "another Host"},
		{"white space", "x-amz-meta-a:1,2", "x-amz-meta-a: 1,2", "header fields", "white space"},
		{"joined", "x-amz-meta-a:1,2", "x-amz-meta-a:1, 2", "header fields", "comma and no space"},
		{"time", "20130524T000000Z", "20130524T000001Z", "header fields", "different times"},
		{"value", "x-amz-meta-a:1,2", "x-amz-meta-a:3", "header fields", "changed the value"},
		{"field gone", "x-amz-meta-a:1,2", "range:1", "header fields", "range was signed and did not arrive"},
		{"other fields", "x-amz-meta-a:1,2", "x-amz-meta-b:1", "header fields", "two requests"},
		{"list", ";x-amz-meta-a", ";x-amz-meta-b", "signed headers", "another list"},
		{"unsigned", "UNSIGNED-PAYLOAD", strings.Repeat("0", 64), "payload", "UNSIGNED-PAYLOAD"},
		{"chunked", "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "payload", "UNSIGNED-PAYLOAD"},
		{"cut off", "\nUNSIGNED-PAYLOAD", "", "signed headers", ""},
		{"longer", "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD\n", "payload", ""},
	}
	e := &sigv4.Explanation{NotArrived: []string{"range"}}
	for _, tt := range tests {
		client := strings.Replace(base, tt.server, tt.client, 1)
		if client == base {
			t.Fatalf("%s: nothing is replaced", tt.name)
		}
		d := firstDifference("canonical request", base, client)
		part, cause := canonicalCause(&d, base, e)
		if d.Same || part != tt.part || !strings.Contains(cause, tt.cause) {
			t.Errorf("%s: line %d, column %d: %s: %s", tt.name, d.Line, d.Column, part, cause)
		}
	}
	if d := firstDifference("canonical request", base, base); !d.Same {
		t.Errorf("a text differs from itself: %+v", d)
	}
	for line, want := range map[int]string{1: "algorithm", 2: "time", 3: "scope", 4: "hash of the canonical request"} {
		if part, cause := toSignCause(line); part != want || cause == "" {
			t.Errorf("line %d: %s: %s", line, part, cause)
		}
	}
}

// FuzzFirstDifference: the place is where the two texts go apart.
func FuzzFirstDifference(f *testing.F) {
	f.Add("a\nb\n\nc", "a\nb\nc")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, server, client string) {
		d := firstDifference("text", server, client)
		if d.Same != (server == client) {
			t.Fatalf("%q and %q: %+v", server, client, d)
		}
		if d.Same {
			return
		}
		line := func(text string) string { return strings.Split(text, "\n")[d.Line-1] }
		if d.Server != line(server) || d.Client != line(client) || d.Server[:d.Column-1] != d.Client[:d.Column-1] {
			t.Fatalf("%q and %q: %+v", server, client, d)
		}
		part, _ := canonicalCause(&d, server, &sigv4.Explanation{})
		if part == "" {
			t.Fatalf("%+v has no part", d)
		}
	})
}
