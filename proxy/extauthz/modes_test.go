package extauthz_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestIdentity: for an upstream that requests are not signed for, the client's
// credentials are taken out all the same.
func TestIdentity(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.upstream.Credentials, s.upstream.Unsigned = nil, true })
	for _, m := range []*message{
		sent(t, "alice", "GET", "localhost", "/reports/a?versionId=1", "", ""),
		presigned(t, "alice", "GET", "localhost", "/reports/a?versionId=1"),
	} {
		ok := w.ask(m.question(false)).GetOkResponse()
		got := m.forwarded(ok)
		if ok == nil || got.target != "/reports/a?versionId=1" && !strings.HasPrefix(got.target, "/reports/a?versionId=1&x-id=") {
			t.Errorf("goes on as %s", got.target)
		}
		for _, name := range []string{"authorization", "x-amz-date", "x-amz-security-token"} {
			if got.fields.Count(name) > 0 {
				t.Errorf("%s goes on", name)
			}
		}
		if got.fields.Get("x-sallyport-principal") != "arn:aws:iam::111122223333:user/alice" {
			t.Errorf("who asks is not told: %v", got.fields)
		}
	}
}

// TestPassthrough: for an upstream that shares the clients' keys, what a client
// signed goes on as it is, chunks with signatures too.
func TestPassthrough(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.upstream.Passthrough = true })
	for name, m := range map[string]*message{
		"a read":    sent(t, "alice", "GET", "localhost", "/reports/a//b?versionId=1", "", "", with("x-forwarded-for", "1.2.3.4")),
		"presigned": presigned(t, "alice", "GET", "localhost", "/reports/a"),
		"a host":    sent(t, "alice", "GET", "reports.s3.example.com", "/a", "", ""),
		"chunks":    sent(t, "alice", "PUT", "localhost", "/reports/a", "x", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with("x-amz-decoded-content-length", "1"), with("content-encoding", "aws-chunked")),
		"tags":      sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", "<Tagging><TagSet></TagSet></Tagging>", "UNSIGNED-PAYLOAD"),
	} {
		m.fields.Add("x-sallyport-account", "root")
		out := w.ask(m.question(name == "tags"))
		if out.GetOkResponse() == nil {
			t.Errorf("%s: %v", name, out)
			continue
		}
		got := m.forwarded(out.GetOkResponse())
		if got.target != m.target || got.host != m.host {
			t.Errorf("%s: goes on as %s of %s", name, got.target, got.host)
		}
		for _, f := range m.fields {
			if f.Name != "x-sallyport-account" && got.fields.Get(f.Name) != f.Value {
				t.Errorf("%s: %s is %q, not %q", name, f.Name, got.fields.Get(f.Name), f.Value)
			}
		}
		if got.fields.Get("x-sallyport-account") != "111122223333" || got.fields.Count("x-sallyport-account") != 1 {
			t.Errorf("%s: identity %v", name, got.fields)
		}
	}
	anonymous := &message{"GET", "localhost", "/reports/open/a", wire.Fields{with("x-sallyport-account", "root")}, ""}
	if got := anonymous.forwarded(w.ask(anonymous.question(false)).GetOkResponse()).fields; got.Count("x-sallyport-account") > 0 || got.Get("x-sallyport-principal") != "anonymous" {
		t.Errorf("anonymous: %v", got)
	}
}

// TestModesAskedOverHTTP: the same for the proxies that ask over HTTP: nothing of
// a client's credentials goes on unsigned, and all of them with its own signature.
func TestModesAskedOverHTTP(t *testing.T) {
	t.Parallel()
	unsigned := open(t, func(s *setting) { s.upstream.Credentials, s.upstream.Unsigned = nil, true })
	original := open(t, func(s *setting) { s.upstream.Passthrough = true })
	read := sent(t, "alice", "GET", "localhost", "/reports/a//b?versionId=1", "", "", with("x-amz-expected-bucket-owner", "111122223333"))
	for _, dialect := range askers {
		status, got := unsigned.asked(unsigned.forwardAuth(dialect), dialect, read, false)
		if status != 200 || got.target != read.target {
			t.Fatalf("%s: %d, %v", dialect, status, got)
		}
		for _, name := range []string{"authorization", "x-amz-date", "x-amz-security-token", "x-amz-expected-bucket-owner"} {
			if got.fields.Count(name) > 0 {
				t.Errorf("%s: %s goes on", dialect, name)
			}
		}
		if got.fields.Get("x-sallyport-principal") != "arn:aws:iam::111122223333:user/alice" || got.fields.Get("x-sallyport-account") != "111122223333" {
			t.Errorf("%s: who asks is not told: %v", dialect, got.fields)
		}
		door := original.forwardAuth(dialect)
		for name, m := range map[string]*message{
			"a read":    read,
			"presigned": presigned(t, "alice", "GET", "localhost", "/reports/a"),
			"a host":    sent(t, "alice", "GET", "reports.s3.example.com", "/a", "", ""),
			"chunks":    sent(t, "alice", "PUT", "localhost", "/reports/a", "x", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with("x-amz-decoded-content-length", "1"), with("content-encoding", "aws-chunked")),
		} {
			status, got := original.asked(door, dialect, m, false)
			if status != 200 || got.target != m.target || dialect == "nginx" && got.host != m.host {
				t.Errorf("%s: %s: %d, goes on as %v", dialect, name, status, got)
				continue
			}
			for _, f := range m.fields {
				if got.fields.Get(f.Name) != f.Value {
					t.Errorf("%s: %s: %s is %q, not %q", dialect, name, f.Name, got.fields.Get(f.Name), f.Value)
				}
			}
		}
	}
}
