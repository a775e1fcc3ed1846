//go:build unix

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestBadRequests: what is malformed, doubled or has two readings gets AWS's
// error and goes nowhere. Each request would put an object if it got through.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	p := at(admin)
	target := "/" + bucket + "/evil"
	date := time.Now().UTC().Format("20060102T150405Z")
	scope := date[:len("20060102")] + "/us-east-1/s3/aws4_request"
	sign := func(fields ...string) *message {
		return p.signed(t, "PUT", target, sum256("x"), append([]string{"Content-Length: 1"}, fields...)...).carrying("x")
	}
	to := func(target string) *message {
		return p.signed(t, "PUT", target, sum256("x"), "Content-Length: 1").carrying("x")
	}
	// unsignable is a request line that no signer takes, on a signed request.
	unsignable := func(target string) *message {
		m := sign()
		m.target = target
		return m
	}
	without := func(name string, m *message) *message {
		var kept []string
		for _, field := range m.fields {
			if !strings.HasPrefix(strings.ToLower(field), name+":") {
				kept = append(kept, field)
			}
		}
		m.fields = kept
		return m
	}
	tests := []struct {
		name    string
		message *message
		status  int
		code    string // "": not told
	}{
		{"a good request, for comparison", to("/" + bucket + "/good"), 200, ""},

		{"Museum 3: two authorizations", sign().with("Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/" + scope + ", SignedHeaders=host, Signature=" + strings.Repeat("0", 64)), 400, "InvalidArgument"},
		{"Museum 3: header and query credentials", to(target + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Date=" + date + "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0"), 400, "InvalidArgument"},
		{"half a presigned URL", &message{method: "PUT", target: target + "?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE", fields: []string{"Host: x", "Content-Length: 1"}, body: "x"}, 0, "*"},
		{"bearer", &message{method: "PUT", target: target, fields: []string{"Host: x", "Content-Length: 1", "Authorization: Bearer abc"}, body: "x"}, 400, "InvalidArgument"},
		{"Signature Version 2 in the header", &message{method: "PUT", target: target, fields: []string{"Host: x", "Content-Length: 1", "Authorization: AWS AKIAIOSFODNN7EXAMPLE:c2ln"}, body: "x"}, 400, "InvalidRequest"},
		{"Signature Version 2 in the query", &message{method: "PUT", target: target + "?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=c2ln&Expires=4102444800", fields: []string{"Host: x", "Content-Length: 1"}, body: "x"}, 400, "InvalidRequest"},

		{"an unfinished escape", unsignable(target + "%"), 400, "InvalidURI"},
		{"a wrong escape", unsignable(target + "%zz"), 400, "InvalidURI"},
		{"a fragment", unsignable(target + "#x"), 400, "InvalidURI"},
		{"a NUL in the key", to(target + "%00"), 400, "*"},
		{"a key that is not UTF-8", to(target + "%ff"), 400, "*"},
		{"an escaped slash in the bucket", to("/" + bucket + "%2Fevil"), 400, "*"},
		{"a raw byte", unsignable(target + "\xe9"), 400, "*"},
		{"a raw plus in the query", to(target + "?response-content-type=a+b"), 400, "InvalidURI"},

		{"two sub-resources", to(target + "?acl&tagging"), 400, "InvalidArgument"},
		{"a sub-resource that nobody knows", to(target + "?futurism"), 0, "*"},
		{"Museum 3: a doubled parameter", to(target + "?partNumber=1&uploadId=a&uploadId=b"), 400, "*"},
		{"an unknown method", p.signed(t, "PATCH", target, emptyHash), 405, "MethodNotAllowed"},
		{"a lower-case method", p.signed(t, "put", target, sum256("x"), "Content-Length: 1").carrying("x"), 0, "*"},

		{"Museum 2: an x-amz field that is not signed", sign().with("x-amz-meta-b: 1"), 403, "AccessDenied"},
		{"Museum 2: a signed field that is doubled", sign("x-amz-meta-a: 1").with("x-amz-meta-a: 2"), 403, "SignatureDoesNotMatch"},
		{"two hashes of the payload", sign().with("x-amz-content-sha256: " + unsigned), 0, "*"},
		{"no hash of the payload", without("x-amz-content-sha256", sign()), 0, "*"},
		{"no date", without("x-amz-date", sign()), 403, "*"},
		{"no host", without("host", sign()), 400, "InvalidRequest"},
		{"two hosts", sign().with("Host: other.example"), 400, "InvalidRequest"},
		{"another host", func() *message {
			m := without("host", sign())
			return m.with("Host: other.example")
		}(), 403, "SignatureDoesNotMatch"},

		{"two content-lengths", sign().with("Content-Length: 2"), 400, "InvalidRequest"},
		{"two equal content-lengths", sign().with("Content-Length: 1"), 400, "InvalidRequest"},
		{"content-length and transfer-encoding", sign().with("Transfer-Encoding: chunked").carrying("1\r\nx\r\n0\r\n\r\n"), 400, "InvalidRequest"},
		{"transfer-encoding that is not chunked", without("content-length", sign()).with("Transfer-Encoding: gzip"), 400, "InvalidRequest"},
		{"a header without end", sign().with("X-Long: " + strings.Repeat("x", 200<<10)), 400, "RequestHeaderSectionTooLarge"},
		{"a line that is no field", sign().with("no colon here"), 400, "InvalidRequest"},
		{"a name with a space", sign().with("x-amz-meta-a : 1"), 400, "InvalidRequest"},
		{"a folded value", sign().with("x-amz-meta-a: 1\r\n 2"), 400, "InvalidRequest"},
		{"an absolute target elsewhere", unsignable("http://other.example" + target), 400, "InvalidURI"},

		{"Museum 18: a sub-resource with a value", to(target + "?acl=x"), 0, "*"},
		{"a streaming payload that is not one", p.signed(t, "PUT", target, "STREAMING-FUTURE", "Content-Length: 1").carrying("x"), 400, "*"},
		{"a body on GET", p.signed(t, "GET", "/"+bucket+"/good", sum256("x"), "Content-Length: 1").carrying("x"), 0, "*"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			response, body := exchange(t, p.endpoint, tt.message.String())
			if tt.status != 0 && response.StatusCode != tt.status || tt.status != 200 && (response.StatusCode < 400 || response.StatusCode > 499 && response.StatusCode != 501) {
				t.Errorf("answered %d, want %d (0: any 4xx, or 501): %s", response.StatusCode, tt.status, body)
			}
			switch tt.code {
			case "":
			case "*":
				if !strings.Contains(body, "<Code>") {
					t.Errorf("answered %d without an error document: %q", response.StatusCode, body)
				}
			default:
				if !strings.Contains(body, "<Code>"+tt.code+"</Code>") {
					t.Errorf("answered %d %s, want %s", response.StatusCode, body, tt.code)
				}
			}
			if i > 0 {
				if _, ok := stored(t, bucket, "evil"); ok {
					t.Fatal("it got through: the object is in the store")
				}
			}
			if response.StatusCode >= 400 && tt.code != "" && response.Header.Get("X-Amz-Request-Id") == "" {
				t.Error("the answer has no x-amz-request-id")
			}
		})
	}
	if got := shared.server.Log(); strings.Contains(got, "panic") {
		t.Errorf("something panicked: %s", got)
	}
}

// TestSigV2NamesTheSetting: the refusal says what to change in the client.
func TestSigV2NamesTheSetting(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	for _, text := range []string{
		"GET /bucket/k HTTP/1.1\r\nHost: x\r\nAuthorization: AWS AKIAIOSFODNN7EXAMPLE:c2ln\r\n\r\n",
		"GET /bucket/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=c2ln&Expires=4102444800 HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		if _, body := exchange(t, at(admin).endpoint, text); !strings.Contains(body, "s3v4") {
			t.Errorf("the refusal names no setting: %s", body)
		}
	}
}

// TestGarbage: what is not HTTP gets a 400 or a closed connection, and the door
// goes on.
func TestGarbage(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	for i, text := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // a TLS handshake
		"\x00\x00\x00\x00",
		"GET / HTTP/9.9\r\n\r\n",
		"GET\r\n\r\n",
		strings.Repeat("A", 1<<20),
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := dial(t, at(admin).endpoint)
			l.say(text)
			l.Conn.(interface{ CloseWrite() error }).CloseWrite()
			if response, body, err := l.tryAnswer(); err == nil && (response.StatusCode < 400 || response.StatusCode > 505) {
				t.Errorf("answered %d %s", response.StatusCode, body)
			}
		})
	}
	if _, err := shared.server.Status(t.Context()); err != nil {
		t.Error(err)
	}
}
