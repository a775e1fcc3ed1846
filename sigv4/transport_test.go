package sigv4_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestNextHopSeesNoFailedBody sends bodies on with net/http: a server behind
// never gets a request whole whose body failed, however it is framed and signed.
func TestNextHopSeesNoFailedBody(t *testing.T) {
	t.Parallel()
	const crc = "x-amz-checksum-crc32"
	trailer := func(sum string) func(*chunkChain) string {
		return func(*chunkChain) string { return encodeUnsigned(crc+":"+sum, big) }
	}
	right := checksumOf("crc32", big)
	uploads := []struct {
		name    string
		ok      bool
		request func() (*wire.Request, *sigv4.Verified)
	}{
		{"hash", true, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, big, hashOf(big), 0) }},
		{"wrong hash", false, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, big, hashOf(small), 0) }},
		{"hash, size not declared", true, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, big, hashOf(big), -1) }},
		{"wrong hash, size not declared", false, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, big, hashOf(small), -1) }},
		{"wrong hash of one byte", false, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, "x", hashOf(small), 0) }},
		{"trailer", true, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerOnly, "65536", crc, trailer(right))
		}},
		{"wrong trailer", false, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerOnly, "65536", crc, trailer("AAAAAA=="))
		}},
		{"signed chunks", true, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, plainSigned, "65536", "", func(c *chunkChain) string { return encodeSigned(c, "", big) })
		}},
		{"forged chunk", false, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, plainSigned, "65536", "", func(c *chunkChain) string { return flip(encodeSigned(c, "", big), 65000) })
		}},
		{"no hash", true, func() (*wire.Request, *sigv4.Verified) { return plainUpload(t, big, unsigned, 0) }},
		{"no hash, shorter than declared", false, func() (*wire.Request, *sigv4.Verified) {
			return plainUpload(t, big, unsigned, int64(len(big))+1)
		}},
		{"signed trailer", true, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerSigned, "65536", crc, func(c *chunkChain) string { return encodeSigned(c, crc+":"+right, big) })
		}},
		{"wrong signed trailer", false, func() (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerSigned, "65536", crc, func(c *chunkChain) string { return encodeSigned(c, crc+":AAAAAA==", big) })
		}},
	}
	for i := range 3 * len(uploads) {
		tt := uploads[i/3]
		signing := sigv4.PayloadSigning(i % 3)
		t.Run(fmt.Sprint(tt.name, " ", signing), func(t *testing.T) {
			t.Parallel()
			var whole atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					whole.Add(1)
				}
			}))
			req, v := tt.request()
			_, body, refusal := resigned(t, req, v, signing)
			if refusal != nil {
				t.Fatal(refusal)
			}
			out, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			out.ContentLength = body.Size()
			resp, err := server.Client().Do(out)
			if err == nil {
				_ = resp.Body.Close()
			}
			server.Close() // waits for the handler, if it was called at all
			if got := whole.Load() == 1; got != tt.ok || (err == nil) != tt.ok || (body.Refusal() == nil) != tt.ok {
				t.Errorf("arrived whole: %v; the client: %v; the body: %v", got, err, body.Refusal())
			}
		})
	}
}

func plainUpload(t *testing.T, body, payload string, size int64) (*wire.Request, *sigv4.Verified) {
	req, v := verifiedPut(t, "", payload)
	setBody(req, body)
	if size != 0 {
		req.BodySize = size
	}
	return req, v
}
