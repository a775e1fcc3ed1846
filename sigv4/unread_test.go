package sigv4_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestUnreadPayload: of a body that nobody here reads, what was declared goes on,
// and what the header shows to be wrong is refused as where it is read.
func TestUnreadPayload(t *testing.T) {
	t.Parallel()
	const trailer = "x-amz-trailer: x-amz-checksum-crc32"
	const length = "x-amz-decoded-content-length: 5"
	tests := []struct {
		name, payload string
		fields        []string
		limit         int64
		want, code    string
	}{
		{"a hash", hashOf("hello"), nil, 0, hashOf("hello"), ""},
		{"a hash in capitals", strings.ToUpper(hashOf("hello")), nil, 0, hashOf("hello"), ""},
		{"not signed", "UNSIGNED-PAYLOAD", nil, 0, "UNSIGNED-PAYLOAD", ""},
		{"a trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", []string{trailer, length}, 0, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""},
		{"a trailer of no kind", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", []string{"x-amz-trailer: x-other", length}, 0, "", "InvalidRequest"},
		{"a trailer without a length", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", []string{trailer}, 0, "", "MissingContentLength"},
		{"signed chunks", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", []string{length}, 0, "", "NotImplemented"},
		{"signed chunks with a trailer", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", []string{length, trailer}, 0, "", "NotImplemented"},
		{"over the limit", hashOf("hello"), nil, 4, "", "EntityTooLarge"},
		{"over the limit, decoded", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", []string{trailer, length}, 4, "", "EntityTooLarge"},
		{"a malformed digest", hashOf("hello"), []string{"content-md5: x"}, 0, "", "InvalidDigest"},
	}
	for _, tt := range tests {
		req := &wire.Request{Method: "PUT", BodySize: 5}
		for _, field := range tt.fields {
			name, value, _ := strings.Cut(field, ": ")
			req.Fields.Add(name, value)
		}
		v := &sigv4.Verified{Scheme: sigv4.Header, Algorithm: "AWS4-HMAC-SHA256", Payload: tt.payload}
		got, refusal := sigv4.UnreadPayload(req, v, tt.limit, true)
		code := ""
		if refusal != nil {
			code = refusal.Code
		}
		if got != tt.want || code != tt.code {
			t.Errorf("%s: %q, %v", tt.name, got, refusal)
		}
		if code == "NotImplemented" && !strings.Contains(refusal.Message, "UNSIGNED-PAYLOAD") {
			t.Errorf("%s does not say what to do instead: %s", tt.name, refusal.Message)
		}
		if code == "NotImplemented" {
			if got, refusal := sigv4.UnreadPayload(req, v, tt.limit, false); got != tt.payload || refusal != nil {
				t.Errorf("%s, with the client's signature: %q, %v", tt.name, got, refusal)
			}
		}
	}
	anonymous := &wire.Request{Method: "PUT", BodySize: 5}
	if got, refusal := sigv4.UnreadPayload(anonymous, nil, 0, true); got != "UNSIGNED-PAYLOAD" || refusal != nil {
		t.Errorf("anonymous: %q, %v", got, refusal)
	}
}
