package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	v4auth "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/sallyport-iam/sallyport/wire"
)

// requestV4A makes a request that a user signed, or presigned, with SigV4A.
func requestV4A(t *testing.T, user, target string, how v4auth.SignatureType, regions ...string) *wire.Request {
	t.Helper()
	out, err := http.NewRequest(http.MethodGet, "http://localhost:9000"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	signer := sigv4a.New(func(o *v4auth.SignerOptions) { o.DisableDoublePathEscape = true })
	if how == v4auth.SignatureTypeHeader {
		out.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	} else {
		query := out.URL.Query()
		query.Set("X-Amz-Expires", "60")
		out.URL.RawQuery = query.Encode()
	}
	err = signer.SignRequest(&sigv4a.SignRequestInput{
		Request: out, Service: "s3", RegionSet: regions, Time: clock, SignatureType: how,
		Credentials: credentials.Credentials{AccessKeyID: keyOf(user), SecretAccessKey: secretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	req := request(t, "", "GET", "localhost:9000", out.URL.RequestURI(), "")
	for name, values := range out.Header {
		if name != "Host" {
			req.Fields.Add(strings.ToLower(name), values[0])
		}
	}
	return req
}

// TestServeV4A: SigV4A is accepted like SigV4, policies can tell the two apart,
// and the store sees neither the client's signature nor its region set.
func TestServeV4A(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tests := []struct {
		name, user, target string
		regions            []string
		status             int
		text               string
	}{
		{"allowed", "alice", "/reports/a%20b?versionId=1", []string{"eu-west-1", "us-*"}, 200, "from the store"},
		{"no identity policy", "bob", "/reports/a", []string{"*"}, 403, "because no identity-based policy allows the s3:GetObject action"},
		{"allowed with SigV4A", "bob", "/reports/v4a/a", []string{"*"}, 200, "from the store"},
		{"another region", "alice", "/reports/a", []string{"eu-west-1"}, 400, "<Code>RegionSetMismatch</Code>"},
	}
	for _, tt := range tests {
		for _, how := range []v4auth.SignatureType{v4auth.SignatureTypeHeader, v4auth.SignatureTypeQueryString} {
			got := b.serve(requestV4A(t, tt.user, tt.target, how, tt.regions...))
			if got.status != tt.status || !strings.Contains(got.body, tt.text) || got.forwarded != (tt.status == 200) {
				t.Errorf("%s (%d): %d, forwarded %v, %s", tt.name, how, got.status, got.forwarded, got.body)
			}
		}
	}
	if got := b.serve(request(t, "bob", "GET", "localhost:9000", "/reports/v4a/a", "")); got.status != 403 {
		t.Errorf("allowed with SigV4A, signed with SigV4: %d %s", got.status, got.body)
	}
	for _, seen := range b.seen {
		authorization := seen.Header.Get("Authorization")
		if !strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") || seen.Header.Get("X-Amz-Region-Set") != "" || strings.Contains(seen.RequestURI, "Amz") {
			t.Errorf("the store saw %s, %s, %v", seen.RequestURI, authorization, seen.Header)
		}
	}
}
