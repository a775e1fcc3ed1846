package sigv4_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// TestPresignedLife: what is presigned for another service than Amazon S3 is good for
// as long as a signed header, whatever it says of its own life, and need say nothing.
func TestPresignedLife(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	const minute = time.Minute
	tests := []struct {
		name, service, expires string
		now                    time.Duration
		status                 int // 0: accepted
		code                   string
	}{
		{"sts, as SDKs presign", "sts", "", 0, 0, ""},
		{"sts, after 15 minutes", "sts", "", 15 * minute, 0, ""},
		{"sts, later", "sts", "", 15*minute + time.Second, 403, "RequestTimeTooSkewed"},
		{"sts, 15 minutes ahead", "sts", "", -15 * minute, 0, ""},
		{"sts, further ahead", "sts", "", -15*minute - time.Second, 403, "RequestTimeTooSkewed"},
		{"sts, as authenticators presign, minutes later", "sts", "60", 14 * minute, 0, ""},
		{"sts, for a week", "sts", "604800", 16 * minute, 403, "RequestTimeTooSkewed"},
		{"sts, for no time that is one", "sts", "abc", 0, 400, "AuthorizationQueryParametersError"},
		{"sts, for longer than a week", "sts", "604801", 0, 400, "AuthorizationQueryParametersError"},
		{"s3, without a life", "s3", "", 0, 400, "AuthorizationQueryParametersError"},
		{"s3, within its life", "s3", "60", minute, 0, ""},
		{"s3, after its life", "s3", "60", 2 * minute, 403, "AccessDenied"},
	}
	for _, tt := range tests {
		out, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/?Action=GetCallerIdentity", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.expires != "" {
			out.URL.RawQuery += "&X-Amz-Expires=" + tt.expires
		}
		payload := emptyHash
		if tt.service == "s3" {
			payload = "UNSIGNED-PAYLOAD"
		}
		uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), oracleCredentials, out, payload, tt.service, "us-east-1", exampleNow)
		if err != nil {
			t.Fatal(err)
		}
		presigned, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := s3Params(exampleNow.Add(tt.now))
		p.Service = tt.service
		_, r := verifier.Verify(arrived(t, presigned), p)
		switch {
		case r == nil && tt.status != 0, r != nil && (r.Status != tt.status || r.Code != tt.code):
			t.Errorf("%s: %v, want %d %s", tt.name, r, tt.status, tt.code)
		}
	}
}
