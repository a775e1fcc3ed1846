package refusal_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

var facts = refusal.Facts{RequestID: "4442587FB7D0A2F9", HostID: "aG9zdA==", Resource: "/reports/q1 & q2.csv"}

func mismatch() *wire.Refusal {
	return &wire.Refusal{
		Status:  403,
		Code:    "SignatureDoesNotMatch",
		Message: `Check "your" key & <signing> method's.`,
		Detail:  []wire.Element{{Name: "AWSAccessKeyId", Value: "AKIAIOSFODNN7EXAMPLE"}, {Name: "StringToSign", Value: "AWS4-HMAC-SHA256\nx"}},
		Cause:   "for the log alone",
	}
}

func TestRenderS3(t *testing.T) {
	t.Parallel()
	resp := refusal.Render(refusal.S3, mismatch(), facts)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Error><Code>SignatureDoesNotMatch</Code><Message>Check &quot;your&quot; key &amp; &lt;signing&gt; method&#39;s.</Message>` +
		"<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256\nx</StringToSign>" +
		`<Resource>/reports/q1 &amp; q2.csv</Resource><RequestId>4442587FB7D0A2F9</RequestId><HostId>aG9zdA==</HostId></Error>`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	fields := wire.Fields{
		{Name: "content-type", Value: "application/xml"}, {Name: "x-amz-request-id", Value: "4442587FB7D0A2F9"}, {Name: "x-amz-id-2", Value: "aG9zdA=="},
		{Name: "content-length", Value: strconv.Itoa(len(want))},
	}
	if diff := cmp.Diff(fields, resp.Fields); diff != "" || resp.Status != 403 || resp.BodySize != int64(len(want)) {
		t.Errorf("%d, %d: %s", resp.Status, resp.BodySize, diff)
	}
	if got := refusal.Body(refusal.S3, mismatch(), facts); string(got) != want {
		t.Errorf("Body: %s", got)
	}
}

func TestRenderFields(t *testing.T) {
	t.Parallel()
	r := &wire.Refusal{Status: 405, Code: "MethodNotAllowed", Message: "m", Close: true, Retryable: true, Fields: wire.Fields{{Name: "allow", Value: "GET, HEAD"}, {Name: "retry-after", Value: "9"}}}
	resp := refusal.Render(refusal.S3, r, refusal.Facts{RequestID: "R", Head: true})
	if resp.Body != nil || resp.BodySize != 0 {
		t.Error("an answer to HEAD has a body")
	}
	for name, want := range map[string]string{"allow": "GET, HEAD", "retry-after": "9", "connection": "close", "x-amz-request-id": "R", "content-type": "application/xml"} {
		if got := resp.Fields.Get(name); got != want || resp.Fields.Count(name) != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if id := resp.Fields.Get("x-amz-id-2"); len(id) < 32 {
		t.Errorf("x-amz-id-2: %q", id)
	}
	if got := refusal.Render(refusal.S3, wire.Unavailable("x"), facts).Fields.Get("retry-after"); got != "1" {
		t.Errorf("retry-after: %q", got)
	}
}

func TestRenderIsSmall(t *testing.T) {
	t.Parallel()
	r := mismatch()
	r.Detail = nil
	long := facts
	long.Resource = "/" + strings.Repeat("k", 1024)
	for p := refusal.S3; p <= refusal.JSON; p++ {
		if n := len(refusal.Body(p, r, long)); n >= 1024 {
			t.Errorf("protocol %d: %d bytes", p, n)
		}
	}
}

func TestOtherProtocols(t *testing.T) {
	t.Parallel()
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	tests := []struct {
		name     string
		protocol refusal.Protocol
		refusal  *wire.Refusal
		status   int
		fields   map[string]string
		body     string
	}{
		{
			"query", refusal.Query, mismatch(), 403,
			map[string]string{"content-type": "text/xml", "x-amzn-requestid": "4442587FB7D0A2F9", "x-amz-request-id": ""},
			declaration + `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>` +
				`<Message>Check &quot;your&quot; key &amp; &lt;signing&gt; method&#39;s.</Message></Error><RequestId>4442587FB7D0A2F9</RequestId></ErrorResponse>`,
		},
		{
			"query, ours", refusal.Query, wire.Unavailable("x"), 503,
			map[string]string{"retry-after": "1"},
			declaration + `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>ServiceUnavailable</Code>` +
				`<Message>Service is unable to handle request.</Message></Error><RequestId>4442587FB7D0A2F9</RequestId></ErrorResponse>`,
		},
		{
			"ec2", refusal.EC2, mismatch(), 401,
			map[string]string{"content-type": "text/xml"},
			declaration + `<Response><Errors><Error><Code>AuthFailure</Code><Message>Check &quot;your&quot; key &amp; &lt;signing&gt; method&#39;s.</Message></Error></Errors>` +
				`<RequestID>4442587FB7D0A2F9</RequestID></Response>`,
		},
		{
			"json 1.0", refusal.JSON10, mismatch(), 400,
			map[string]string{"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "4442587FB7D0A2F9"},
			`{"__type":"InvalidSignatureException","message":"Check \"your\" key \u0026 \u003csigning\u003e method's."}`,
		},
		{
			"json 1.1", refusal.JSON11, mismatch(), 400,
			map[string]string{"content-type": "application/x-amz-json-1.1"},
			`{"__type":"InvalidSignatureException","message":"Check \"your\" key \u0026 \u003csigning\u003e method's."}`,
		},
		{
			"rest json", refusal.RestJSON, mismatch(), 403,
			map[string]string{"content-type": "application/json", "x-amzn-errortype": "InvalidSignatureException", "x-amzn-requestid": "4442587FB7D0A2F9"},
			`{"message":"Check \"your\" key \u0026 \u003csigning\u003e method's."}`,
		},
		{
			"plain json", refusal.JSON, mismatch(), 403,
			map[string]string{"content-type": "application/json", "x-request-id": "4442587FB7D0A2F9"},
			`{"code":"SignatureDoesNotMatch","message":"Check \"your\" key \u0026 \u003csigning\u003e method's.","request_id":"4442587FB7D0A2F9"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := facts
			f.Namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
			resp := refusal.Render(tt.protocol, tt.refusal, f)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.body, string(body)); diff != "" || resp.Status != tt.status {
				t.Errorf("%d, want %d: %s", resp.Status, tt.status, diff)
			}
			for name, want := range tt.fields {
				if got := resp.Fields.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if strings.Contains(string(body), "log alone") {
				t.Error("the cause is shown")
			}
		})
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   string
		status int
		// json, rest json, query and ec2, each with its status
		want [4]string
	}{
		{"MissingAuthenticationToken", 403, [4]string{"MissingAuthenticationTokenException 400", "MissingAuthenticationTokenException 403", "MissingAuthenticationToken 403", "AuthFailure 401"}},
		{"AuthorizationHeaderMalformed", 400, [4]string{"IncompleteSignatureException 400", "IncompleteSignatureException 403", "IncompleteSignature 400", "AuthFailure 401"}},
		{"InvalidAccessKeyId", 403, [4]string{"UnrecognizedClientException 400", "UnrecognizedClientException 403", "InvalidClientTokenId 403", "AuthFailure 401"}},
		{"InvalidToken", 400, [4]string{"UnrecognizedClientException 400", "UnrecognizedClientException 403", "InvalidClientTokenId 403", "AuthFailure 401"}},
		{"SignatureDoesNotMatch", 403, [4]string{"InvalidSignatureException 400", "InvalidSignatureException 403", "SignatureDoesNotMatch 403", "AuthFailure 401"}},
		{"RequestTimeTooSkewed", 403, [4]string{"InvalidSignatureException 400", "InvalidSignatureException 403", "SignatureDoesNotMatch 403", "RequestExpired 400"}},
		{"ExpiredToken", 400, [4]string{"ExpiredTokenException 400", "ExpiredTokenException 403", "ExpiredToken 403", "RequestExpired 400"}},
		{"AccessDenied", 403, [4]string{"AccessDeniedException 400", "AccessDeniedException 403", "AccessDenied 403", "UnauthorizedOperation 403"}},
		{"NotImplemented", 501, [4]string{"UnknownOperationException 400", "UnknownOperationException 404", "InvalidAction 400", "InvalidAction 400"}},
		{"EntityTooLarge", 400, [4]string{"RequestEntityTooLargeException 413", "RequestEntityTooLargeException 413", "RequestEntityTooLarge 413", "RequestEntityTooLarge 413"}},
		{"SlowDown", 503, [4]string{"ThrottlingException 400", "ThrottlingException 429", "Throttling 400", "RequestLimitExceeded 503"}},
		{"ServiceUnavailable", 503, [4]string{"ServiceUnavailableException 503", "ServiceUnavailableException 503", "ServiceUnavailable 503", "Unavailable 503"}},
		{"InternalError", 500, [4]string{"InternalServerError 500", "InternalServerError 500", "InternalFailure 500", "InternalError 500"}},
		{"InvalidURI", 400, [4]string{"ValidationException 400", "ValidationException 400", "ValidationError 400", "InvalidRequest 400"}},
		{"InvalidSecurity", 403, [4]string{"AccessDeniedException 400", "AccessDeniedException 403", "AccessDenied 403", "UnauthorizedOperation 403"}},
		{"ExpiredTokenException", 400, [4]string{"ValidationException 400", "ValidationException 400", "ExpiredTokenException 400", "InvalidRequest 400"}},
		{"PackedPolicyTooLarge", 400, [4]string{"ValidationException 400", "ValidationException 400", "PackedPolicyTooLarge 400", "InvalidRequest 400"}},
		{"IDPRejectedClaim", 403, [4]string{"AccessDeniedException 400", "AccessDeniedException 403", "IDPRejectedClaim 403", "UnauthorizedOperation 403"}},
		{"SomethingNew", 500, [4]string{"InternalServerError 500", "InternalServerError 500", "InternalFailure 500", "InternalError 500"}},
	}
	for _, tt := range tests {
		r := &wire.Refusal{Status: tt.status, Code: tt.code, Message: "m"}
		for i, p := range []refusal.Protocol{refusal.JSON10, refusal.RestJSON, refusal.Query, refusal.EC2} {
			resp := refusal.Render(p, r, facts)
			body, _ := io.ReadAll(resp.Body)
			code, status, _ := strings.Cut(tt.want[i], " ")
			shown := string(body) + resp.Fields.Get("x-amzn-errortype")
			if strconv.Itoa(resp.Status) != status || !strings.Contains(shown, code) {
				t.Errorf("%s as protocol %d: %d %s, want %s", tt.code, p, resp.Status, shown, tt.want[i])
			}
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9A-Z]{16}$`)
	seen := map[string]bool{}
	for range 10000 {
		id := refusal.NewRequestID()
		if seen[id] || !form.MatchString(id) {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	if one, two := refusal.NewHostID(), refusal.NewHostID(); one == two {
		t.Errorf("host ids repeat: %s", one)
	}
}

// FuzzRender: whatever a request puts into an answer, it parses, and says what
// it should.
func FuzzRender(f *testing.F) {
	f.Add("a<b>&'\"]]>", "/\x00\xff\r\n\t\u2028\uffff")
	f.Fuzz(func(t *testing.T, message, resource string) {
		r := &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: message, Detail: []wire.Element{{Name: "Detail", Value: resource}}}
		facts := refusal.Facts{RequestID: "R", HostID: "H", Resource: resource}
		var s3 struct {
			XMLName   xml.Name `xml:"Error"`
			Code      string
			Message   string
			Detail    string
			RequestID string `xml:"RequestId"`
		}
		if err := xml.Unmarshal(refusal.Body(refusal.S3, r, facts), &s3); err != nil {
			t.Fatal(err)
		}
		if s3.Code != "InvalidRequest" || s3.RequestID != "R" || s3.Message != inXML(message) || s3.Detail != inXML(resource) {
			t.Fatalf("%q, %q became %+v", message, resource, s3)
		}
		var plain struct{ Code, Message string }
		if err := json.Unmarshal(refusal.Body(refusal.JSON, r, facts), &plain); err != nil {
			t.Fatal(err)
		}
		if plain.Message != strings.ToValidUTF8(strings.Map(func(r rune) rune { return r }, message), "\ufffd") {
			t.Fatalf("%q became %q", message, plain.Message)
		}
	})
}

// inXML is s with U+FFFD for what XML cannot hold.
func inXML(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\ufffd'
		}
		return r
	}, s)
}

func BenchmarkRender(b *testing.B) {
	r := &wire.Refusal{
		Status: 403, Code: "AccessDenied",
		Message: `User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/q1.csv" because no identity-based policy allows the s3:GetObject action`,
	}
	b.ReportAllocs()
	for b.Loop() {
		refusal.Render(refusal.S3, r, facts)
	}
}

func BenchmarkNewRequestID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		refusal.NewRequestID()
	}
}

// TestRenderLimit: what clients can do without gives way, in this order.
func TestRenderLimit(t *testing.T) {
	t.Parallel()
	whole := len(refusal.Body(refusal.S3, mismatch(), facts))
	tests := []struct {
		limit            int
		resource, detail bool
	}{
		{0, true, true},
		{whole, true, true},
		{whole - 1, false, true},
		{whole - len("<Resource></Resource>") - len("/reports/q1 &amp; q2.csv"), false, true},
		{whole - len("<Resource></Resource>") - len("/reports/q1 &amp; q2.csv") - 1, false, false},
		{1, false, false},
	}
	for _, tt := range tests {
		limited := facts
		limited.Limit = tt.limit
		resp := refusal.Render(refusal.S3, mismatch(), limited)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if strings.Contains(text, "<Resource>") != tt.resource || strings.Contains(text, "<StringToSign>") != tt.detail ||
			!strings.Contains(text, "<Message>") || resp.Fields.Get("content-length") != strconv.Itoa(len(body)) {
			t.Errorf("%d: %s", tt.limit, text)
		}
	}
}
