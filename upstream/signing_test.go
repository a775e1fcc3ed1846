package upstream_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// signings are the ways to sign bodies.
var signings = map[string]sigv4.PayloadSigning{"auto": sigv4.PayloadAuto, "unsigned": sigv4.PayloadUnsigned, "signed": sigv4.PayloadSigned}

// signing is a change of options.
func signing(way sigv4.PayloadSigning) func(*upstream.Options) {
	return func(o *upstream.Options) { o.PayloadSigning = way }
}

func params() sigv4.Params {
	return sigv4.Params{Now: now, Service: "s3", Regions: []string{"us-east-1"}, Keys: keys{}, Payload: sigv4.PayloadRule{Chunked: true}}
}

// putUnsignedTrailer is a call with a body in unsigned chunks and a CRC32.
func putUnsignedTrailer(t *testing.T, text, checksum string) *upstream.Call {
	t.Helper()
	raw := fmt.Sprintf("%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(text), text, checksum)
	return putFields(t, "/k", strings.NewReader(raw), int64(len(raw)), wire.Fields{
		{Name: "x-amz-content-sha256", Value: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
		{Name: "x-amz-decoded-content-length", Value: fmt.Sprint(len(text))},
		{Name: "x-amz-trailer", Value: "x-amz-checksum-crc32"},
	})
}

func crcOf(text string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
}

// putSigned is a call with a body that the client signed in chunks, with a
// CRC32 in a trailer or without. change spoils the chunks.
func putSigned(t *testing.T, text string, trailer bool, change func(string) string) *upstream.Call {
	t.Helper()
	plain := put(t, "/k", strings.NewReader(text), int64(len(text)), "UNSIGNED-PAYLOAD")
	if trailer {
		plain = putUnsignedTrailer(t, text, crcOf(text))
	}
	req := plain.Request
	if refusal := plain.Body.Resign(sigv4.PayloadSigned); refusal != nil {
		t.Fatal(refusal)
	}
	plain.Body.Fields(&req.Fields)
	sigv4.NewSigner().SignBody(req, plain.Body, sigv4.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret.New(secretAccessKey)}, "s3", "us-east-1", now)
	chunks, err := io.ReadAll(plain.Body)
	if err != nil {
		t.Fatal(err)
	}
	req.Body, req.BodySize = io.NopCloser(strings.NewReader(change(string(chunks)))), int64(len(chunks))
	verified, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, params())
	if refusal != nil {
		t.Fatal(refusal)
	}
	call := get("PUT", "/k")
	call.Request = req
	if call.Body, refusal = sigv4.NewBody(req, verified, 0); refusal != nil {
		t.Fatal(refusal)
	}
	t.Cleanup(func() { _ = call.Body.Close() })
	return call
}

func whole(chunks string) string { return chunks }

// arrival is what a store made of a request.
type arrival struct {
	payload string
	length  int64
	text    string
	refusal *wire.Refusal
}

// verifyingStore takes bodies as a store does, verifying all it can.
func verifyingStore(t *testing.T) (*httptest.Server, <-chan arrival) {
	t.Helper()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	arrivals := make(chan arrival, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a := arrival{payload: r.Header.Get("X-Amz-Content-Sha256"), length: r.ContentLength}
		defer func() { arrivals <- a }()
		var req *wire.Request
		var verified *sigv4.Verified
		if req, a.refusal = nethttp.Request(r, "http", netip.AddrPort{}); a.refusal != nil {
			return
		}
		if verified, a.refusal = verifier.Verify(req, params()); a.refusal != nil {
			return
		}
		var body *sigv4.Body
		if body, a.refusal = sigv4.NewBody(req, verified, 0); a.refusal != nil {
			return
		}
		defer body.Close()
		text, _ := io.ReadAll(body)
		a.text, a.refusal = string(text), body.Refusal()
	}))
	t.Cleanup(server.Close)
	return server, arrivals
}

// TestPayloadSigning: a store finds every body right in every mode, with the
// payload line of the mode, and a length that is declared.
func TestPayloadSigning(t *testing.T) {
	t.Parallel()
	const (
		plain, chunks, chunksTrailer, trailer = "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	)
	text := strings.Repeat("sallyport", 30000)
	server, arrivals := verifyingStore(t)
	tests := []struct {
		name                   string
		call                   func() *upstream.Call
		auto, unsigned, signed string
	}{
		{"hash", func() *upstream.Call { return put(t, "/k", strings.NewReader(text), int64(len(text)), hashOf(text)) }, hashOf(text), plain, hashOf(text)},
		{"unsigned", func() *upstream.Call { return put(t, "/k", strings.NewReader(text), int64(len(text)), plain) }, plain, plain, chunks},
		{"signed chunks", func() *upstream.Call { return putSigned(t, text, false, whole) }, chunks, plain, chunks},
		{"signed trailer", func() *upstream.Call { return putSigned(t, text, true, whole) }, chunksTrailer, trailer, chunksTrailer},
		{"unsigned trailer", func() *upstream.Call { return putUnsignedTrailer(t, text, crcOf(text)) }, trailer, trailer, chunksTrailer},
	}
	for name, way := range signings {
		u, _ := open(t, server.URL, signing(way))
		for _, tt := range tests {
			call := tt.call()
			resp, refusal := u.Do(context.Background(), call)
			answered(t, resp, refusal)
			got := <-arrivals
			want := map[string]string{"auto": tt.auto, "unsigned": tt.unsigned, "signed": tt.signed}[name]
			stored := strings.Contains(got.text, text[:1000]) // the store's own chunks are around it
			if got.refusal != nil || got.payload != want || got.length != call.Body.Size() || !stored {
				t.Errorf("%s, %s: %s of %d bytes, %v; want %s of %d", name, tt.name, got.payload, got.length, got.refusal, want, call.Body.Size())
			}
		}
	}
}

// TestSignedBodyOfUnknownLength: what cannot be signed is not sent.
func TestSignedBodyOfUnknownLength(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		if header := c.header(); header != "" {
			t.Errorf("the store was sent %s", header)
		}
	})
	u, seen := open(t, store.url, signing(sigv4.PayloadSigned))
	_, refusal := u.Do(context.Background(), put(t, "/k", strings.NewReader("hello"), -1, "UNSIGNED-PAYLOAD"))
	if refusal == nil || refusal.Status != 411 || refusal.Code != "MissingContentLength" {
		t.Errorf("%+v", refusal)
	}
	if got := seen.last().Outcome; got != upstream.NotSent {
		t.Errorf("outcome %v", got)
	}
}

// TestSpoiltBodiesHaveNoEnd looks at the bytes that a store gets of a body that
// does not hold: neither the final chunk nor, in other forms, the last byte is
// among them, and the connection ends in a reset. Of signed chunks that alone
// would tell the store, whatever is between and however that ends.
func TestSpoiltBodiesHaveNoEnd(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 200<<10)
	last := func(old, changed string) func(string) string {
		return func(chunks string) string {
			at := strings.LastIndex(chunks, old)
			return chunks[:at] + changed + chunks[at+len(old):]
		}
	}
	tests := []struct {
		name string
		call func(t *testing.T) *upstream.Call
		code string
	}{
		{"a byte of the last chunk", func(t *testing.T) *upstream.Call { return putSigned(t, text, false, last("xx\r\n", "xy\r\n")) }, "SignatureDoesNotMatch"},
		{"the final chunk's signature", func(t *testing.T) *upstream.Call {
			return putSigned(t, text, false, last("\r\n0;chunk-signature=", "\r\n0;chunk-signature=ffffffff")) // a line too long
		}, "IncompleteBody"},
		{"no final chunk", func(t *testing.T) *upstream.Call {
			return putSigned(t, text, false, func(chunks string) string { return chunks[:strings.LastIndex(chunks, "0;chunk-signature=")] })
		}, "IncompleteBody"},
		{"a byte missing", func(t *testing.T) *upstream.Call {
			return putSigned(t, text, true, func(chunks string) string { return chunks[:len(chunks)-1] })
		}, "IncompleteBody"},
		{"another checksum", func(t *testing.T) *upstream.Call { return putUnsignedTrailer(t, text, "AAAAAA==") }, "BadDigest"},
		{"another hash", func(t *testing.T) *upstream.Call {
			return put(t, "/k", strings.NewReader(text), int64(len(text)), hashOf("y"))
		}, "XAmzContentSHA256Mismatch"},
		{"shorter than declared", func(t *testing.T) *upstream.Call {
			return put(t, "/k", strings.NewReader(text), int64(len(text))+1, "UNSIGNED-PAYLOAD")
		}, "IncompleteBody"},
	}
	for _, tt := range tests {
		for name, way := range signings {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				t.Parallel()
				type end struct {
					bytes string
					err   error
				}
				ended := make(chan end, 1)
				store := serve(t, func(c *connection) {
					c.header()
					got, err := io.ReadAll(c.reader)
					ended <- end{string(got), err}
				})
				u, seen := open(t, store.url, signing(way))
				call := tt.call(t)
				resp, refusal := u.Do(context.Background(), call)
				if refusal == nil {
					t.Fatalf("passed on: %d", resp.Status)
				}
				if refusal.Code != tt.code {
					t.Errorf("%v (%s), want %s", refusal, refusal.Cause, tt.code)
				}
				if got := seen.last().Outcome; got != upstream.BodyRefused {
					t.Errorf("outcome %v", got)
				}
				got := <-ended
				if !errors.Is(got.err, syscall.ECONNRESET) {
					t.Errorf("the store saw the connection end with %v, want a reset", got.err)
				}
				if int64(len(got.bytes)) >= call.Body.Size() || strings.Contains(got.bytes, "\r\n0") {
					t.Errorf("the store has %d of %d bytes, which end in %q", len(got.bytes), call.Body.Size(), got.bytes[max(0, len(got.bytes)-200):])
				}
			})
		}
	}
}
