package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestAnonymousChunks: chunks are only for operations that take them, whoever
// asks. Without credentials an XML document could come in chunks, and the store
// was sent the chunks for a document, or fields that announce chunks before a
// body that has none.
func TestAnonymousChunks(t *testing.T) {
	t.Parallel()
	const (
		deletion = "<Delete><Object><Key>a</Key></Object></Delete>"
		upload   = "<CompleteMultipartUpload/>"
	)
	tests := []struct {
		name, method, target, data, trailer string
		status                              int
	}{
		{"an object", "PUT", "/public/k", "hello", "x-amz-checksum-crc32:NhCmhg==", 200},
		{"a document that decides", "POST", "/public?delete", deletion, "", 400},
		{"a document that streams", "POST", "/public/k?uploadId=u", upload, "x-amz-checksum-crc32:AiQZIg==", 400},
		{"no body at all", "GET", "/public/k", "", "", 400},
	}
	for _, signing := range []sigv4.PayloadSigning{sigv4.PayloadAuto, sigv4.PayloadUnsigned, sigv4.PayloadSigned} {
		b := newBenchSigning(t, signing)
		for _, tt := range tests {
			body := ""
			if tt.data != "" {
				body = fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(tt.data), tt.data)
				if tt.trailer != "" {
					body += tt.trailer + "\r\n"
				}
				body += "\r\n"
			}
			req := request(t, "", tt.method, "localhost:9000", tt.target, body,
				wire.Field{Name: "x-amz-content-sha256", Value: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
				wire.Field{Name: "x-amz-decoded-content-length", Value: fmt.Sprint(len(tt.data))})
			if name, _, ok := strings.Cut(tt.trailer, ":"); ok {
				req.Fields.Add("x-amz-trailer", name)
			}
			got := b.serve(req)
			if got.status != tt.status || got.forwarded != (tt.status == 200) || tt.status != 200 && !strings.Contains(got.body, "<Code>InvalidRequest</Code>") {
				t.Errorf("%s: %d, forwarded %v, %s", tt.name, got.status, got.forwarded, got.body)
			}
		}
	}
}
