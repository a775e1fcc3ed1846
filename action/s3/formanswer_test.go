package s3_test

import (
	"io"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestFormAnswer(t *testing.T) {
	t.Parallel()
	const location = "https://s3.example.com/reports/a%20b/%C3%A9%26"
	tests := []struct {
		fields         []string
		status         int
		location, body string
	}{
		{nil, 204, location, ""},
		{[]string{"success_action_status: 204"}, 204, location, ""},
		{[]string{"success_action_status: 200"}, 200, location, ""},
		{[]string{"success_action_status: 302"}, 204, location, ""},
		{[]string{"success_action_status: "}, 204, location, ""},
		{[]string{"success_action_status: 201"}, 201, location, `<?xml version="1.0" encoding="UTF-8"?>` + "\n<PostResponse><Location>" + location +
			"</Location><Bucket>reports</Bucket><Key>a b/é&amp;</Key><ETag>&#34;e1&#34;</ETag></PostResponse>"},
		{[]string{"success_action_redirect: https://app.example.com/done"}, 303, "https://app.example.com/done?bucket=reports&key=a%20b%2F%C3%A9%26&etag=%22e1%22", ""},
		{[]string{"redirect: http://app.example.com/?x=y#top", "success_action_status: 201"}, 303,
			"http://app.example.com/?x=y&bucket=reports&key=a%20b%2F%C3%A9%26&etag=%22e1%22#top", ""},
		{[]string{"success_action_redirect: app.example.com"}, 204, location, ""},
		{[]string{"success_action_redirect: javascript:alert(1)"}, 204, location, ""},
		{[]string{"success_action_redirect: //app.example.com/"}, 204, location, ""},
		{[]string{"success_action_redirect: http:///a"}, 204, location, ""},
		{[]string{"success_action_redirect: http:app"}, 204, location, ""},
		{[]string{"success_action_redirect: http://app.example.com@other/"}, 204, location, ""},
		{[]string{"success_action_redirect: http://app/\\b"}, 204, location, ""},
		{[]string{"success_action_redirect: http://app/?a b"}, 204, location, ""},
		{[]string{"success_action_redirect: http://app/é", "success_action_status: 200"}, 200, location, ""},
		{[]string{"success_action_redirect: "}, 204, location, ""},
	}
	for _, tt := range tests {
		upload, refusal := fromForm(t, place(), fieldsOf(append(tt.fields, "key: a b/é&")...))
		if refusal != nil {
			t.Errorf("%v: %v", tt.fields, refusal)
			continue
		}
		closed := &closing{Reader: strings.NewReader("<a/>")}
		got := upload.Answer(&wire.Response{Status: 200, Body: closed, BodySize: 4, Fields: fieldsOf(`etag: "e1"`, "x-amz-version-id: v1", "content-length: 4", "content-type: text/html", "location: http://store/")})
		body := ""
		if got.Body != nil {
			text, _ := io.ReadAll(got.Body)
			body = string(text)
		}
		if got.Status != tt.status || got.Fields.Get("location") != tt.location || got.Fields.Count("location") != 1 || body != tt.body {
			t.Errorf("%v: %d %s, %s", tt.fields, got.Status, got.Fields.Get("location"), body)
		}
		if got.Fields.Get("etag") != `"e1"` || got.Fields.Get("x-amz-version-id") != "v1" || !closed.closed || int64(len(body)) != got.BodySize {
			t.Errorf("%v: %v, closed %v, %d bytes", tt.fields, got.Fields, closed.closed, got.BodySize)
		}
		if length, sent := got.Fields.Lookup("content-length"); sent == (tt.status == 204) || sent && (length == "0") != (body == "") {
			t.Errorf("%v: content-length %q", tt.fields, length)
		}
		if kind := got.Fields.Get("content-type"); (kind == "application/xml") != (body != "") || kind == "text/html" {
			t.Errorf("%v: content-type %q", tt.fields, kind)
		}
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }
