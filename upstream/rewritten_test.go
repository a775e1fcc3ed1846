package upstream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestRewriteTo: what another is to send is what Do would, and nothing is sent.
func TestRewriteTo(t *testing.T) {
	t.Parallel()
	const payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, unsigned := range []bool{false, true} {
		u, seen := open(t, "http://127.0.0.1:1", func(o *upstream.Options) {
			if o.Unsigned = unsigned; unsigned {
				o.Credentials = nil
			}
		})
		req := &wire.Request{
			Method: "GET", Scheme: "http", Host: "b.s3.example.com", Path: "/k%2F//x", RawQuery: "a&X-Amz-Signature=x", HasQuery: true,
			Fields: wire.Fields{{Name: "authorization", Value: "theirs"}, {Name: "x-sallyport-principal", Value: "root"}, {Name: "x-forwarded-host", Value: "evil"}, {Name: "x-amz-date", Value: "20260101T000000Z"}},
		}
		var refusal *wire.Refusal
		if req.Query, refusal = wire.ParseQuery(req.RawQuery); refusal != nil {
			t.Fatal(refusal)
		}
		got := wire.Request{Path: "/of/another", Fields: make(wire.Fields, 0, 20)}
		call := &upstream.Call{Request: req, Bucket: "b", HostBucket: true, Payload: payload, Now: time.Unix(1e9, 0)}
		if refusal := u.RewriteTo(t.Context(), call, &got); refusal != nil {
			t.Fatal(refusal)
		}
		if got.Target() != "/b/k%2F//x?a" || got.Host != "127.0.0.1:1" || got.Fields.Get("x-sallyport-principal") != "" || got.Fields.Get("x-forwarded-host") != "" {
			t.Errorf("%s of %s, %v", got.Target(), got.Host, got.Fields)
		}
		signed := strings.HasPrefix(got.Fields.Get("authorization"), "AWS4-HMAC-SHA256 ") && got.Fields.Get("x-amz-content-sha256") == payload
		none := got.Fields.Get("authorization") == "" && got.Fields.Get("x-amz-date") == ""
		if unsigned && !none || !unsigned && !signed {
			t.Errorf("unsigned %v: %v", unsigned, got.Fields)
		}
		if req.Fields.Get("authorization") != "theirs" || req.RawQuery != "a&X-Amz-Signature=x" {
			t.Error("the request that came was changed")
		}
		seen.mu.Lock()
		if len(seen.list) > 0 {
			t.Errorf("sent: %v", seen.list)
		}
		seen.mu.Unlock()
	}
}
