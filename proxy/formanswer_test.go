package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

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
