package extauthz_test

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/codes"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestAllowed: what Envoy and the upstream are told beside the request.
func TestAllowed(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	m := sent(t, "alice", "PUT", "localhost", "/reports/a", "hello", "", with("x-sallyport-principal", "root"), with("x-sallyport-admin", "yes"))
	in := m.question(false)
	in.Attributes.Source.Principal = "spiffe://example.com/client"
	out := w.ask(in)
	ok := out.GetOkResponse()
	got := m.forwarded(ok).fields
	for name, want := range map[string]string{
		"x-sallyport-principal":  "arn:aws:iam::111122223333:user/alice",
		"x-sallyport-account":    "111122223333",
		"x-sallyport-request-id": out.GetDynamicMetadata().GetFields()["decision_id"].GetStringValue(),
		"x-sallyport-revision":   out.GetDynamicMetadata().GetFields()["revision"].GetStringValue(),
		"x-amz-content-sha256":   hash("hello"),
	} {
		if got.Get(name) != want || want == "" || got.Count(name) != 1 {
			t.Errorf("%s is %q, not %q", name, got.Get(name), want)
		}
	}
	if _, there := got.Lookup("x-sallyport-admin"); there {
		t.Error("the client's own identity header goes on")
	}
	// Envoy removes after it has set: what is set must not be removed.
	for _, o := range ok.GetHeaders() {
		if o.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD || !o.GetKeepEmptyValue() {
			t.Errorf("%v may leave what is there", o)
		}
		if slices.Contains(ok.GetHeadersToRemove(), o.GetHeader().GetKey()) {
			t.Errorf("%s is set and removed", o.GetHeader().GetKey())
		}
	}
	if len(ok.GetQueryParametersToRemove())+len(ok.GetQueryParametersToSet()) > 0 {
		t.Error("Envoy would sort the query and write it anew")
	}
	metadata := out.GetDynamicMetadata().GetFields()
	for name, want := range map[string]string{
		"principal": "arn:aws:iam::111122223333:user/alice", "account": "111122223333", "action": "s3:PutObject", "resource": "arn:aws:s3:::reports/a",
	} {
		if metadata[name].GetStringValue() != want {
			t.Errorf("metadata %s is %v", name, metadata[name])
		}
	}
	line := record(t, w, metadata["decision_id"].GetStringValue())
	for _, want := range []string{`"door":"envoy"`, `"payloadVerified":false`, `"sourcePrincipal":"spiffe://example.com/client"`, `"sourceRequestID":"7c1d3b7a-envoy"`, `"sourceIPAddress":"127.0.0.1"`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if strings.Contains(line, `"status"`) {
		t.Errorf("the record tells an answer that nobody here saw: %s", line)
	}
}

// TestPresigned: the authentication leaves the query, and the rest of it stays
// as it came.
func TestPresigned(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	m := presigned(t, "alice", "GET", "localhost", "/reports/a")
	m.target = strings.Replace(m.target, "?", "?&", 1) // an empty piece changes no signature
	got := m.forwarded(w.ask(m.question(false)).GetOkResponse())
	if strings.Contains(got.target, "X-Amz") || !strings.HasPrefix(got.target, "/reports/a") || !strings.Contains(got.target, "x-id=") && strings.Contains(m.target, "x-id=") {
		t.Errorf("%s became %s", m.target, got.target)
	}
	if !strings.HasPrefix(got.fields.Get("authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") || got.fields.Get("x-amz-content-sha256") != "UNSIGNED-PAYLOAD" && got.fields.Get("x-amz-content-sha256") != hash("") {
		t.Errorf("signed as %v", got.fields)
	}
}

// TestDenied: clients read a denial as they would Amazon S3's.
func TestDenied(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) {
		s.routes = []*proxy.Route{{Name: "main", Hosts: []string{"localhost"}, CORS: proxy.CORS{{Origins: []string{"https://app.example.com"}, Methods: []string{"GET"}}}}}
	})
	long := "/reports/" + strings.Repeat("k", 500)
	tests := []struct {
		name   string
		m      *message
		status int
		code   codes.Code
		text   string
	}{
		{"by policy", sent(t, "bob", "GET", "localhost", "/reports/a", "", ""), 403, codes.PermissionDenied, "AccessDenied"},
		{"not signed rightly", func() *message {
			m := sent(t, "bob", "GET", "localhost", "/reports/a", "", "")
			m.target = "/reports/b"
			return m
		}(), 403, codes.Unauthenticated, "SignatureDoesNotMatch"},
		{"nobody's key", sent(t, "mallory", "GET", "localhost", "/reports/a", "", ""), 403, codes.Unauthenticated, "InvalidAccessKeyId"},
		{"a long path", sent(t, "bob", "GET", "localhost", long, "", ""), 403, codes.PermissionDenied, "AccessDenied"},
		{"HEAD", sent(t, "bob", "HEAD", "localhost", "/reports/a", "", ""), 403, codes.PermissionDenied, ""},
		{"what is not implemented", sent(t, "alice", "GET", "localhost", "/reports?everything", "", ""), 501, codes.Unimplemented, "NotImplemented"},
		{"chunks with signatures", sent(t, "alice", "PUT", "localhost", "/reports/a", "", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with("x-amz-decoded-content-length", "5")), 501, codes.Unimplemented, "NotImplemented"},
		{"a preflight", &message{"OPTIONS", "localhost", "/reports/a", wire.Fields{with("origin", "https://app.example.com"), with("access-control-request-method", "GET")}, ""}, 200, codes.PermissionDenied, ""},
		{"a preflight of another", &message{"OPTIONS", "localhost", "/reports/a", wire.Fields{with("origin", "https://evil.example.com"), with("access-control-request-method", "GET")}, ""}, 403, codes.Unauthenticated, "AccessForbidden"},
	}
	for _, tt := range tests {
		out := w.ask(tt.m.question(false))
		denial := out.GetDeniedResponse()
		if int(denial.GetStatus().GetCode()) != tt.status || codes.Code(out.GetStatus().GetCode()) != tt.code {
			t.Errorf("%s: %v", tt.name, out)
		}
		if tt.text == "" && denial.GetBody() != "" || len(denial.GetBody()) > 1<<10 && tt.code == codes.PermissionDenied {
			t.Errorf("%s: a body of %d bytes: %s", tt.name, len(denial.GetBody()), denial.GetBody())
		}
		if tt.text != "" {
			var parsed struct {
				Code, Message string
				RequestID     string `xml:"RequestId"`
			}
			if tt.name == "chunks with signatures" && !strings.Contains(denial.GetBody(), "chunkedEncodingEnabled") {
				t.Errorf("the client is not told what to set: %s", denial.GetBody())
			}
			if err := xml.Unmarshal([]byte(denial.GetBody()), &parsed); err != nil || parsed.Code != tt.text || parsed.Message == "" || parsed.RequestID == "" {
				t.Errorf("%s: %v: %s", tt.name, err, denial.GetBody())
			}
		}
		names := map[string]bool{}
		for _, o := range denial.GetHeaders() {
			names[o.GetHeader().GetKey()] = true
		}
		if !names["x-sallyport-request-id"] || !names["x-sallyport-revision"] || names["content-length"] || names["connection"] || tt.text != "" && !names["content-type"] {
			t.Errorf("%s: fields %v", tt.name, names)
		}
	}
	// The answer to a request that is allowed has what the rules say, too.
	m := sent(t, "alice", "GET", "localhost", "/reports/a", "", "", with("origin", "https://app.example.com"))
	fields := map[string]string{}
	for _, o := range w.ask(m.question(false)).GetOkResponse().GetResponseHeadersToAdd() {
		fields[o.GetHeader().GetKey()] = o.GetHeader().GetValue()
	}
	if fields["access-control-allow-origin"] != "https://app.example.com" || fields["x-sallyport-revision"] == "" {
		t.Errorf("the answer gets %v", fields)
	}
}
