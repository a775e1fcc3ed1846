package sigv4_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// TestBearer recognises bearer tokens as one scheme among others, none of which may
// stand beside it, and verifies none.
func TestBearer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, target string
		fields       []string
		scheme       sigv4.Scheme
		code, token  string
	}{
		{"a token", "/a", []string{"authorization", "Bearer e.y.J"}, sigv4.Bearer, "", "e.y.J"},
		{"any case", "/a", []string{"authorization", "bEARER e.y.J"}, sigv4.Bearer, "", "e.y.J"},
		{"no token", "/a", []string{"authorization", "Bearer"}, sigv4.None, "InvalidArgument", ""},
		{"an empty token", "/a", []string{"authorization", "Bearer "}, sigv4.None, "InvalidArgument", ""},
		{"two spaces", "/a", []string{"authorization", "Bearer  x"}, sigv4.None, "InvalidArgument", ""},
		{"two tokens", "/a", []string{"authorization", "Bearer x", "authorization", "Bearer x"}, sigv4.None, "InvalidArgument", ""},
		{"a signature, too", "/a", []string{"authorization", "Bearer x", "authorization", "AWS4-HMAC-SHA256 x"}, sigv4.None, "InvalidArgument", ""},
		{"a presigned URL, too", "/a?X-Amz-Algorithm=AWS4-HMAC-SHA256", []string{"authorization", "Bearer x"}, sigv4.None, "InvalidArgument", ""},
		{"Signature Version 2, too", "/a?Signature=x&AWSAccessKeyId=y&Expires=1", []string{"authorization", "Bearer x"}, sigv4.None, "InvalidArgument", ""},
		{"a session token, too", "/a", []string{"authorization", "Bearer x", "x-amz-security-token", "y"}, sigv4.Bearer, "InvalidArgument", "x"},
		{"a session token in the query, too", "/a?X-Amz-Security-Token=y", []string{"authorization", "Bearer x"}, sigv4.None, "InvalidArgument", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, "GET", exampleHost, tt.target, "", tt.fields...)
			scheme, r := sigv4.Recognise(req)
			code := ""
			if r != nil {
				code = r.Code
			}
			if code != tt.code || r == nil && scheme != tt.scheme {
				t.Errorf("scheme %v, refusal %v; want %v, %q", scheme, r, tt.scheme, tt.code)
			}
			if got := sigv4.BearerToken(req); r == nil && got != tt.token {
				t.Errorf("token %q, want %q", got, tt.token)
			}
			if v, r := sigv4.NewVerifier(sigv4.Options{}).Verify(req, sigv4.Params{Service: "s3", Regions: []string{"us-east-1"}}); v != nil || r == nil {
				t.Error("verified what is no signature")
			}
		})
	}
}

// TestClaimedService reads the service of a scope as it is claimed.
func TestClaimedService(t *testing.T) {
	t.Parallel()
	const v4, v4a = "AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "
	tests := []struct{ name, target, authorization, want string }{
		{"header", "/", v4 + "Credential=AKID/20260301/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00", "sts"},
		{"header, other order", "/", v4 + "SignedHeaders=host,Signature=00,Credential=AKID/20260301/us-east-1/s3/aws4_request", "s3"},
		{"key with slashes", "/", v4 + "Credential=a/b/20260301/us-east-1/s3/aws4_request,SignedHeaders=host", "s3"},
		{"no region", "/", v4a + "Credential=AKID/20260301/sts/aws4_request, SignedHeaders=host", "sts"},
		{"presigned", "/?X-Amz-Credential=AKID%2F20260301%2Fus-east-1%2Fsts%2Faws4_request", "", "sts"},
		{"nothing", "/", "", ""},
		{"bearer", "/", "Bearer x", ""},
		{"no scope", "/", v4 + "Credential=AKID, SignedHeaders=host", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var fields []string
			if tt.authorization != "" {
				fields = []string{"authorization", tt.authorization}
			}
			req := newRequest(t, "GET", exampleHost, tt.target, "", fields...)
			if got := sigv4.ClaimedService(req); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
