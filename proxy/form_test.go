package proxy_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

const oneTag = "<Tagging><TagSet><Tag><Key>team</Key><Value>red</Value></Tag></TagSet></Tagging>"

func TestServeForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user string
		form       form
		change     func(*wire.Request)
		status     int
		code, text string
		sent       string // target of what the store gets; empty if it gets nothing
	}{
		{name: "allowed", user: "alice", form: form{fields: []wire.Field{field("key", "a/b")}, content: "hello"}, status: 204, sent: "/reports/a/b"},
		{name: "to a virtual host", user: "alice", form: form{fields: []wire.Field{field("key", "a/b")}, content: "hello", host: "reports.s3.example.com", target: "/"}, status: 204, sent: "/reports/a/b"},
		{name: "an empty file", user: "alice", form: form{fields: []wire.Field{field("key", "a")}}, status: 204, sent: "/reports/a"},
		{name: "${filename}", user: "alice", form: form{fields: []wire.Field{field("key", "home/${filename}")}, filename: `C:\a\été.txt`, content: "x"}, status: 204, sent: "/reports/home/%C3%A9t%C3%A9.txt"},
		{name: "no identity policy", user: "bob", form: form{fields: []wire.Field{field("key", "a")}, content: "x"}, status: 403, code: "AccessDenied",
			text: "is not authorized to perform: s3:PutObject on resource: &quot;arn:aws:s3:::reports/a&quot;"},
		{name: "a policy that wants a form", user: "bob", form: form{fields: []wire.Field{field("key", "uploads/a")}, content: "x"}, status: 204, sent: "/reports/uploads/a"},
		{name: "a policy that wants it young", user: "bob", form: form{fields: []wire.Field{field("key", "uploads/a")}, content: "x", signedAt: clock.Add(-10 * time.Minute)}, status: 403, code: "AccessDenied"},
		{name: "nearly too old", user: "bob", form: form{fields: []wire.Field{field("key", "uploads/a")}, content: "x", signedAt: clock.Add(-599 * time.Second)}, status: 204, sent: "/reports/uploads/a"},
		{name: "an explicit deny", user: "alice", form: form{fields: []wire.Field{field("key", "secret/a")}, content: "x"}, status: 403, code: "AccessDenied", text: "with an explicit deny"},
		{name: "an explicit deny by ${filename}", user: "alice", form: form{fields: []wire.Field{field("key", "${filename}/a")}, filename: "secret", content: "x"}, status: 403, code: "AccessDenied", text: "with an explicit deny"},
		{name: "another account's bucket", user: "carol", form: form{fields: []wire.Field{field("key", "a")}, content: "x"}, status: 403, code: "AccessDenied"},
		{name: "anonymous", form: form{fields: []wire.Field{field("key", "a")}, content: "x"}, status: 403, code: "AccessDenied", text: "<Message>Access Denied</Message>"},
		{name: "anonymous where the bucket policy allows", form: form{fields: []wire.Field{field("key", "inbox/a")}, content: "x"}, status: 204, sent: "/reports/inbox/a"},
		{name: "anonymous with tags", form: form{fields: []wire.Field{field("key", "inbox/a"), field("tagging", oneTag)}, content: "x"}, status: 403, code: "AccessDenied"},
		{name: "the key is not the policy's", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, conditions: `, {"key": "b"}`, content: "x"}, status: 403, code: "AccessDenied",
			text: "Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$key&quot;, &quot;b&quot;]"},
		{name: "a policy for another bucket", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, target: "/untagged", content: "x"}, status: 403, code: "AccessDenied", text: "Policy Condition failed"},
		{name: "a wrong signature", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("x-ignore-1", "")}, content: "x"},
			change: func(r *wire.Request) { edit(r, `x-amz-signature"`+"\r\n\r\n", 0) }, status: 403, code: "SignatureDoesNotMatch"},
		{name: "an unknown key", user: "mallory", form: form{fields: []wire.Field{field("key", "a")}, content: "x"}, status: 403, code: "InvalidAccessKeyId"},
		{name: "a token that there is not", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("x-amz-security-token", "t")}, content: "x"}, status: 400, code: "InvalidToken"},
		{name: "a header beside the form", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, content: "x", header: []wire.Field{field("authorization",
			"AWS4-HMAC-SHA256 Credential="+keyOf("alice")+"/20260301/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))}}, status: 400, code: "InvalidArgument", text: "Only one auth mechanism allowed"},
		{name: "a query beside the form", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, content: "x", target: "/reports?x-id=PostObject"}, status: 400, code: "InvalidArgument", text: "without query parameters"},
		{name: "tags", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("tagging", oneTag)}, content: "x"}, status: 204, sent: "/reports/a"},
		{name: "tags without s3:PutObjectTagging", user: "bob", form: form{fields: []wire.Field{field("key", "uploads/a"), field("tagging", oneTag)}, content: "x"}, status: 403, code: "AccessDenied", text: "s3:PutObjectTagging"},
		{name: "an ACL", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("acl", "public-read")}, content: "x"}, status: 400, code: "AccessControlListNotSupported"},
		{name: "an ACL without s3:PutObjectAcl", user: "bob", form: form{fields: []wire.Field{field("key", "uploads/a"), field("acl", "private")}, content: "x"}, status: 403, code: "AccessDenied", text: "s3:PutObjectAcl"},
		{name: "an unknown field", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("submit", "Upload")}, content: "x"}, status: 400, code: "InvalidArgument", text: "x-ignore-"},
		{name: "too small", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, conditions: `, ["content-length-range", 2, 3]`, content: "x"}, status: 400, code: "EntityTooSmall"},
		{name: "too large", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, conditions: `, ["content-length-range", 2, 3]`, content: "xxxx"}, status: 400, code: "EntityTooLarge"},
		{name: "within the range", user: "alice", form: form{fields: []wire.Field{field("key", "a")}, conditions: `, ["content-length-range", 2, 3]`, content: "xxx"}, status: 204, sent: "/reports/a"},
		{name: "another owner", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("x-amz-expected-bucket-owner", "444455556666")}, content: "x"}, status: 403, code: "AccessDenied"},
		{name: "the owner", user: "alice", form: form{fields: []wire.Field{field("key", "a"), field("x-amz-expected-bucket-owner", "111122223333")}, content: "x"}, status: 204, sent: "/reports/a"},
		{name: "no key", user: "alice", form: form{content: "x"}, status: 400, code: "InvalidArgument", text: "must contain a field named &apos;key&apos;"},
		{name: "no form", user: "alice", form: form{fields: []wire.Field{field("key", "a")}}, change: func(r *wire.Request) { r.Fields.Set("content-type", "text/plain") }, status: 412, code: "PreconditionFailed"},
		{name: "nothing", user: "alice", form: form{fields: []wire.Field{field("key", "a")}}, change: func(r *wire.Request) { r.Body, r.BodySize = nil, 0 }, status: 400, code: "MalformedPOSTRequest"},
		{name: "cut off", user: "alice", form: form{fields: []wire.Field{field("key", "a")}}, change: func(r *wire.Request) { r.Body = io.NopCloser(io.LimitReader(r.Body, 100)) }, status: 400, code: "IncompleteBody"},
	}
	b := newBench(t)
	for _, tt := range tests {
		req := tt.form.by(t, tt.user)
		if tt.change != nil {
			tt.change(req)
		}
		got := b.serve(req)
		if got.status != tt.status || !strings.Contains(strings.ReplaceAll(got.body, "&#39;", "&apos;"), tt.text) || got.forwarded != (tt.sent != "") {
			t.Errorf("%s: %d, forwarded %v, %s", tt.name, got.status, got.forwarded, got.body)
			continue
		}
		if tt.code != "" && !strings.Contains(got.body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: no code %s in %s", tt.name, tt.code, got.body)
		}
		if used := b.enforcer.Budget.Used(); used != 0 {
			t.Errorf("%s: %d bytes are still reserved", tt.name, used)
		}
		if tt.sent == "" {
			continue
		}
		sent, body := b.last()
		if sent.Method != "PUT" || sent.RequestURI != tt.sent || body != tt.form.content || sent.ContentLength != int64(len(body)) {
			t.Errorf("%s: the store got %s %s, %q of %d", tt.name, sent.Method, sent.RequestURI, body, sent.ContentLength)
		}
	}
}

// edit changes the byte after text, and then skip more, in a request's body.
func edit(req *wire.Request, text string, skip int) {
	body, _ := io.ReadAll(req.Body)
	at := strings.Index(string(body), text) + len(text) + skip
	if body[at] ^= 1; body[at] == 'g'^1 || body[at] == '`' {
		body[at] = 'b'
	}
	req.Body = io.NopCloser(strings.NewReader(string(body)))
}

// TestServeFormHeader: the store gets what the fields of the form say, and of
// the request's header nothing but what conditions read.
func TestServeFormHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := form{content: "hello", fields: []wire.Field{
		field("key", "a"), field("Content-Type", "image/png"), field("Cache-Control", "no-store"), field("X-Amz-Meta-Uuid", "1 2"),
		field("tagging", oneTag), field("x-amz-storage-class", "STANDARD"), field("x-amz-checksum-crc32", "NhCmhg=="), field("x-ignore-csrf", "t"), field("success_action_status", "200"),
	}, header: []wire.Field{
		field("origin", "https://app.example.com"), field("cookie", "session=1"), field("referer", "https://app.example.com/"), field("accept", "*/*"), field("x-forwarded-for", "10.0.0.1"), field("range", "bytes=0-1"),
	}}
	if got := b.serve(f.by(t, "alice")); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	sent, _ := b.last()
	want := map[string]string{
		"Content-Type": "image/png", "Cache-Control": "no-store", "X-Amz-Meta-Uuid": "1 2", "X-Amz-Tagging": "team=red", "X-Amz-Storage-Class": "STANDARD",
		"X-Amz-Checksum-Crc32": "NhCmhg==", "User-Agent": "test", "Referer": "https://app.example.com/", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
	}
	for name, value := range want {
		if got := sent.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for name := range sent.Header {
		if _, known := want[name]; !known && name != "Authorization" && name != "X-Amz-Date" && name != "Content-Length" {
			t.Errorf("the store got %s: %s", name, sent.Header.Get(name))
		}
	}
	f.fields[6].Value = "AAAAAA=="
	if got := b.serve(f.by(t, "alice")); got.status != 400 || !strings.Contains(got.body, "<Code>BadDigest</Code>") {
		t.Errorf("a wrong checksum: %+v", got)
	}
}

func (*watched) Close() error { return nil }

// TestServeFormObserved: what policies deny passes, what the form's own policy
// denies does not.
func TestServeFormObserved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.Observe = true
	f := form{fields: []wire.Field{field("key", "a")}, content: "x"}
	if got := b.serve(f.by(t, "bob")); got.status != 204 || !got.forwarded {
		t.Errorf("%+v", got)
	}
	if got := b.serve(f.by(t, "")); got.status != 403 || got.forwarded {
		t.Errorf("anonymous: %+v", got)
	}
	f.conditions = `, {"key": "b"}`
	if got := b.serve(f.by(t, "bob")); got.status != 403 || got.forwarded {
		t.Errorf("against the form's policy: %+v", got)
	}
}
