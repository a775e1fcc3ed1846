package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/proxy"
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

func TestServeFormAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e1"`)
		w.Header().Set("X-Amz-Version-Id", "v1")
	}
	tests := []struct {
		name, value, target, host string
		status                    int
		location, body            string
	}{
		{"x-ignore-", "", "/reports", "localhost:9000", 204, "http://localhost:9000/reports/a%20b", ""},
		{"success_action_status", "200", "/reports/", "localhost", 200, "http://localhost/reports/a%20b", ""},
		{"success_action_status", "201", "/", "reports.s3.example.com", 201, "http://reports.s3.example.com/a%20b",
			"<PostResponse><Location>http://reports.s3.example.com/a%20b</Location><Bucket>reports</Bucket><Key>a b</Key><ETag>&#34;e1&#34;</ETag></PostResponse>"},
		{"success_action_status", "201", "/reports", "localhost", 201, "http://localhost/reports/a%20b", "<Location>http://localhost/reports/a%20b</Location>"},
		{"success_action_redirect", "https://app.example.com/?a=b", "/reports", "localhost", 303, "https://app.example.com/?a=b&bucket=reports&key=a%20b&etag=%22e1%22", ""},
		{"redirect", "ftp://app.example.com/", "/reports", "localhost", 204, "http://localhost/reports/a%20b", ""},
	}
	for _, tt := range tests {
		f := form{fields: []wire.Field{field("key", "a b"), field(tt.name, tt.value)}, content: "x", target: tt.target, host: tt.host}
		got := b.serve(f.by(t, "alice"))
		if got.status != tt.status || got.fields.Get("location") != tt.location || !strings.Contains(got.body, tt.body) || (got.body == "") != (tt.body == "") {
			t.Errorf("%s %s: %d %s, %s", tt.name, tt.value, got.status, got.fields.Get("location"), got.body)
		}
		if got.fields.Get("etag") != `"e1"` || got.fields.Get("x-amz-version-id") != "v1" || got.fields.Get("x-amz-request-id") != "STOREREQUEST" {
			t.Errorf("%s %s: %v", tt.name, tt.value, got.fields)
		}
	}
	// A failure is the store's own answer, whatever the form asks for.
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(507)
		_, _ = io.WriteString(w, "<Error><Code>Full</Code></Error>")
	}
	for _, one := range []wire.Field{field("success_action_status", "201"), field("success_action_redirect", "https://app.example.com/")} {
		got := b.serve(form{fields: []wire.Field{field("key", "a"), one}, content: "x"}.by(t, "alice"))
		if got.status != 507 || !strings.Contains(got.body, "<Code>Full</Code>") || got.fields.Get("location") != "" {
			t.Errorf("%s: %+v", one.Name, got)
		}
	}
}

// TestServeFormRecord: the record is of the form that came.
func TestServeFormRecord(t *testing.T) {
	t.Parallel()
	tests := []struct {
		user string
		form form
		want []string
	}{
		{"alice", form{fields: []wire.Field{field("key", "a")}}, []string{`"status":204`, `"authentication":"POST"`, `"arn":"arn:aws:iam::111122223333:user/alice"`, keyOf("alice"), `"action":"s3:PutObject"`, `"arn:aws:s3:::reports/a"`}},
		{"bob", form{fields: []wire.Field{field("key", "a")}}, []string{`"status":403`, `"errorCode":"AccessDenied"`, `"decision":"implicit_deny"`}},
		{"", form{fields: []wire.Field{field("key", "inbox/a")}}, []string{`"status":204`, `"authentication":"anonymous"`}},
		{"alice", form{fields: []wire.Field{field("key", "a"), field("submit", "")}}, []string{`"status":400`, `"errorCode":"InvalidArgument"`}},
	}
	for _, tt := range tests {
		b := newBench(t)
		req := tt.form.by(t, tt.user)
		b.serve(req)
		record := b.recorded()
		for _, want := range append(tt.want, `"eventName":"PostObject"`, `"method":"POST"`, `"path":"/reports"`, `"host":"localhost"`) {
			if !strings.Contains(record, want) {
				t.Errorf("no %s in %s", want, record)
			}
		}
		for _, hidden := range []string{secretKey, "AWS4-HMAC", "ignature\":\"0", "expiration"} {
			if strings.Contains(record, hidden) {
				t.Errorf("the record shows %q: %s", hidden, record)
			}
		}
	}
}

// TestServeFormFails: what a form says of the size of its file is known to hold
// before the file ends at the store, whether a size was announced or not.
func TestServeFormFails(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	tests := []struct {
		name   string
		form   form
		change func(*wire.Request)
		code   string
	}{
		{"too large", form{conditions: `, ["content-length-range", 0, 199999]`}, nil, "EntityTooLarge"},
		{"too small", form{conditions: `, ["content-length-range", 200001, 300000]`}, nil, "EntityTooSmall"},
		{"another checksum", form{fields: []wire.Field{field("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")}}, nil, "BadDigest"},
		{"no end", form{}, func(r *wire.Request) { r.Body = io.NopCloser(io.LimitReader(r.Body, 150_000)) }, "MalformedPOSTRequest"},
		{"a field behind", form{}, func(r *wire.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(strings.TrimSuffix(string(body), "--\r\n") + "\r\nContent-Disposition: form-data; name=\"acl\"\r\n\r\npublic-read\r\n--" + boundary + "--\r\n"))
		}, "MalformedPOSTRequest"},
	}
	for _, tt := range tests {
		for _, user := range []string{"alice", ""} {
			if user == "" && tt.form.conditions != "" {
				continue
			}
			b := newBench(t)
			tt.form.content = long
			f := tt.form
			f.fields = append([]wire.Field{field("key", "inbox/a")}, f.fields...)
			req := unannounced(f.by(t, user))
			if tt.change != nil {
				tt.change(req)
			}
			got := b.serve(req)
			if got.status != 400 || !strings.Contains(got.body, "<Code>"+tt.code+"</Code>") {
				t.Errorf("%s: %+v", tt.name, got)
			}
			for i, err := range b.ended() {
				if err == nil {
					t.Errorf("%s: the store got a whole request of %d bytes", tt.name, len(b.bodies[i]))
				}
			}
			if used := b.enforcer.Budget.Used(); used != 0 {
				t.Errorf("%s: %d bytes are still reserved", tt.name, used)
			}
		}
	}
}

// TestServeFormObjectLimit: the limit of objects is that of forms.
func TestServeFormObjectLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.Mapper = s3.New(s3.Options{MaxObjectBytes: 3})
	for content, status := range map[string]int{"xxx": 204, "xxxx": 400} {
		for _, user := range []string{"alice", ""} {
			got := b.serve(form{fields: []wire.Field{field("key", "inbox/a")}, content: content}.by(t, user))
			if got.status != status || status == 400 && (got.forwarded || !strings.Contains(got.body, "<Code>EntityTooLarge</Code>")) {
				t.Errorf("%s by %q: %+v", content, user, got)
			}
		}
	}
}

// watched is a body that counts what was read of it.
type watched struct {
	io.Reader
	read int
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += n
	return n, err
}

func (*watched) Close() error { return nil }

// TestServeFormDeniedEarly: a form is denied before its file is read, beyond what
// came along with the fields.
func TestServeFormDeniedEarly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, user := range []string{"bob", ""} {
		req := form{fields: []wire.Field{field("key", "a")}, content: strings.Repeat("x", 1<<20)}.by(t, user)
		body := &watched{Reader: req.Body}
		req.Body = body
		if got := b.serve(req); got.status != 403 || got.forwarded || body.read > 32<<10 {
			t.Errorf("%q: %+v after %d bytes", user, got, body.read)
		}
	}
}

func TestServeFormWeakDoors(t *testing.T) {
	t.Parallel()
	for name, can := range map[string]proxy.Capabilities{
		"no body":                    {RewriteBody: true, Response: true},
		"a body that stays the same": {Body: true, Response: true},
		"no answers":                 {Body: true, RewriteBody: true},
		"nothing":                    {},
	} {
		b := newBench(t)
		b.door.Can = can
		req := form{fields: []wire.Field{field("key", "a")}, content: "x"}.by(t, "alice")
		body := &watched{Reader: req.Body}
		req.Body = body
		if got := b.serve(req); got.status != 403 || got.forwarded || body.read != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if record := b.recorded(); !strings.Contains(record, "PostObject needs ") {
			t.Errorf("%s: recorded %s", name, record)
		}
	}
}

func TestServeFormBudget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	upload := func(user string) reply {
		return b.serve(form{fields: []wire.Field{field("key", "inbox/a")}, content: "x"}.by(t, user))
	}
	b.enforcer.Budget = proxy.NewBudget(8 * (72<<10 - 1)) // an eighth is for the anonymous
	for _, user := range []string{"", "alice"} {
		if got := upload(user); got.status != 503 || got.forwarded || !strings.Contains(got.body, "<Code>SlowDown</Code>") {
			t.Errorf("%q: %+v", user, got)
		}
	}
	b.enforcer.Budget = proxy.NewBudget(8 * 72 << 10)
	// Somebody's form waits for its file at the store: once it is verified it
	// takes nothing of the anonymous share.
	entered, leave := make(chan struct{}), make(chan struct{})
	b.answer = func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave }
	done := make(chan reply, 2)
	begin := func(user string) {
		go func() { done <- upload(user) }()
		select {
		case <-entered:
		case got := <-done:
			close(leave)
			t.Fatalf("%q: %+v", user, got)
		}
	}
	begin("alice")
	if used := b.enforcer.Budget.Used(); used != 72<<10 {
		t.Errorf("%d bytes are reserved", used)
	}
	begin("")
	close(leave)
	for range 2 {
		if got := <-done; got.status != 204 {
			t.Errorf("%+v", got)
		}
	}
	if used := b.enforcer.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// TestServeFormCORS: rules are asked for the method that the page sent.
func TestServeFormCORS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.CORS = proxy.CORS{{Origins: []string{"https://app.example.com"}, Methods: []string{"POST"}, Expose: []string{"ETag"}}}
	for user, status := range map[string]int{"alice": 204, "bob": 403} {
		f := form{fields: []wire.Field{field("key", "a")}, content: "x", header: []wire.Field{field("origin", "https://app.example.com")}}
		got := b.serve(f.by(t, user))
		if got.status != status || answerFields(got.fields) != "allow-origin=https://app.example.com allow-credentials=true expose-headers=ETag" {
			t.Errorf("%s: %d, %s", user, got.status, answerFields(got.fields))
		}
	}
}

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

// TestServeFormOperations: a store gets no form that is not said to have
// PutObject.
func TestServeFormOperations(t *testing.T) {
	t.Parallel()
	for _, operations := range [][]string{{"PostObject"}, {"PutObject"}, {"PostObject", "PutObject"}} {
		b := newBench(t)
		b.route.Mapper = s3.New(s3.Options{Operations: operations})
		got := b.serve(form{fields: []wire.Field{field("key", "a")}, content: "x"}.by(t, "alice"))
		if both := len(operations) == 2; both != (got.status == 204) || both != got.forwarded || !both && got.status != 501 {
			t.Errorf("%v: %+v", operations, got)
		}
	}
}
