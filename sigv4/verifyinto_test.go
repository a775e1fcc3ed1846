package sigv4_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestVerifyInto: what is written is what Verify returns, in the place of all that
// stood there, and nothing is written of a request that is not verified.
func TestVerifyInto(t *testing.T) {
	t.Parallel()
	v, p := sigv4.NewVerifier(sigv4.Options{}), s3Params(exampleNow)
	header, presigned := clientRequest(t), vectors()[4].request(t)
	changed := clone(header)
	changed.Path += "x"
	elsewhere := clone(header)
	elsewhere.Fields.Set("authorization", "AWS4-HMAC-SHA256 nothing")
	unsigned := newRequest(t, "GET", "bucket.s3.us-east-1.amazonaws.com", "/a", "")
	same := cmpopts.IgnoreUnexported(sigv4.Verified{})
	for _, tt := range []struct {
		name string
		req  *wire.Request
	}{{"header", header}, {"presigned", presigned}, {"changed", changed}, {"malformed", elsewhere}, {"unsigned", unsigned}} {
		before := sigv4.Verified{AccessKeyID: "before", SessionToken: "before", Region: "before", Service: "before", Payload: "before", SignedHeaders: "before", KeyVersion: 7, Expires: 7}
		want, refused := v.VerifyIfSigned(tt.req, p)
		got := before
		signed, r := v.VerifyInto(&got, tt.req, p)
		if signed != (want != nil) || (r == nil) != (refused == nil) {
			t.Errorf("%s: signed %v, %v; VerifyIfSigned: %v, %v", tt.name, signed, r, want, refused)
		}
		if want == nil {
			want = &before
		}
		if diff := cmp.Diff(*want, got, same); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}
