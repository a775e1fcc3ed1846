package sigv4_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	plainSigned   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	trailerSigned = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	trailerOnly   = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

var (
	big   = strings.Repeat("0123456789abcdef", 4096) // 64 KiB
	small = "the end"
)

// verifiedPut is a verified PUT with a plain body.
func verifiedPut(t testing.TB, body, payload string, fields ...string) (*wire.Request, *sigv4.Verified) {
	t.Helper()
	req := newRequest(t, "PUT", exampleHost, "/object", body, append(fields, "x-amz-date", exampleTime, "x-amz-content-sha256", payload)...)
	list := "host;x-amz-content-sha256;x-amz-date"
	for i := 0; i < len(fields); i += 2 {
		if fields[i] < "host" {
			list = fields[i] + ";" + list
		}
	}
	if checksum := len(fields) > 0 && strings.HasPrefix(fields[0], "x-amz-checksum-"); checksum {
		list = "host;" + fields[0] + ";x-amz-content-sha256;x-amz-date"
	}
	signLike(t, req, list)
	v, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	if refusal != nil {
		t.Fatal(refusal)
	}
	return req, v
}

func setBody(req *wire.Request, body string) {
	req.Body, req.BodySize = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// outcome is what becomes of a body: what it yields and how it ends.
func outcome(req *wire.Request, v *sigv4.Verified, piece int) (string, *wire.Refusal) {
	body, refusal := sigv4.NewBody(req, v, 0)
	if refusal != nil {
		return "", refusal
	}
	defer body.Close()
	return drain(body, piece)
}

// drain is what a body yields, and its verdict.
func drain(body *sigv4.Body, piece int) (string, *wire.Refusal) {
	yielded, err := readAll(body, piece)
	if err == nil {
		return string(yielded), nil
	}
	if body.Refusal() == nil {
		return string(yielded), &wire.Refusal{Code: "no refusal", Message: err.Error()}
	}
	return string(yielded), body.Refusal()
}

func TestPlainBodies(t *testing.T) {
	t.Parallel()
	sum := checksumOf
	tests := []struct {
		name           string
		sent           string
		payload        string
		fields         []string
		size           int64 // 0: that of sent
		status         int
		code, contains string
	}{
		{name: "hash", sent: big, payload: hashOf(big)},
		{name: "hash in upper case", sent: big, payload: strings.ToUpper(hashOf(big))},
		{name: "one byte", sent: "x", payload: hashOf("x")},
		{name: "nothing", sent: "", payload: emptyHash},
		{name: "undeclared size", sent: big, payload: hashOf(big), size: -1},
		{name: "undeclared size of nothing", sent: "", payload: emptyHash, size: -1},
		{name: "unsigned", sent: big, payload: "UNSIGNED-PAYLOAD"},
		{name: "wrong hash", sent: big + "x", payload: hashOf(big + "y"), status: 400, code: "XAmzContentSHA256Mismatch", contains: "does not match what was computed"},
		{name: "wrong hash of one byte", sent: "x", payload: hashOf("y"), status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "wrong hash of nothing", sent: "", payload: hashOf("y"), status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "shorter", sent: big, payload: hashOf(big), size: int64(len(big)) + 1, status: 400, code: "IncompleteBody", contains: "number of bytes specified by the Content-Length"},
		{name: "longer", sent: big, payload: hashOf(big), size: int64(len(big)) - 1, status: 400, code: "IncompleteBody"},
		{name: "unsigned and shorter", sent: big, payload: "UNSIGNED-PAYLOAD", size: int64(len(big)) + 1, status: 400, code: "IncompleteBody"},
		{name: "unsigned and longer", sent: big, payload: "UNSIGNED-PAYLOAD", size: int64(len(big)) - 1, status: 400, code: "IncompleteBody"},
		{name: "MD5", sent: big, payload: "UNSIGNED-PAYLOAD", fields: []string{"content-md5", sum("md5", big)}},
		{name: "wrong MD5", sent: big, payload: "UNSIGNED-PAYLOAD", fields: []string{"content-md5", sum("md5", small)}, status: 400, code: "BadDigest", contains: "The Content-MD5 you specified did not match"},
		{name: "no MD5", sent: big, payload: "UNSIGNED-PAYLOAD", fields: []string{"content-md5", "AAAA"}, status: 400, code: "InvalidDigest"},
		{name: "hash before MD5", sent: big, payload: hashOf(small), fields: []string{"content-md5", sum("md5", small)}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "checksum", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-crc32", sum("crc32", big)}},
		{name: "checksum that is the hash", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-sha256", sum("sha256", big)}},
		{name: "wrong checksum", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-crc64nvme", sum("crc64nvme", small)}, status: 400, code: "BadDigest", contains: "The CRC64NVME you specified did not match the calculated checksum."},
		{name: "wrong checksum beside the hash", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-sha256", sum("sha256", small)}, status: 400, code: "BadDigest"},
		{name: "no checksum", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-crc32", "!"}, status: 400, code: "InvalidRequest", contains: "Value for x-amz-checksum-crc32 header is invalid."},
		{name: "checksum of another size", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-crc32", sum("sha1", big)}, status: 400, code: "InvalidRequest"},
		{name: "checksum left to the store", sent: big, payload: hashOf(big), fields: []string{"x-amz-checksum-xxhash64", "AAAAAAAAAAA="}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{0, 1, 2, 1000} {
				req, v := verifiedPut(t, "", tt.payload, tt.fields...)
				setBody(req, tt.sent)
				if tt.size != 0 {
					req.BodySize = tt.size
				}
				yielded, refusal := outcome(req, v, piece)
				if tt.code == "" {
					if refusal != nil || yielded != tt.sent {
						t.Errorf("pieces of %d: %d bytes, %v", piece, len(yielded), refusal)
					}
					continue
				}
				expectRefusal(t, refusal, tt.status, tt.code, "", "")
				if refusal != nil && !strings.Contains(refusal.Message, tt.contains) {
					t.Errorf("message %q", refusal.Message)
				}
				// Of one that is to be longer all that came is not all.
				if whole := max(int64(len(tt.sent)), tt.size); tt.sent != "" && int64(len(yielded)) >= whole {
					t.Errorf("pieces of %d: all %d bytes were yielded", piece, len(yielded))
				}
			}
		})
	}
}

// TestChecksumOfAnObject: on CompleteMultipartUpload the field is about the
// object, not about the body.
func TestChecksumOfAnObject(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "POST", exampleHost, "/object?uploadId=1", "<xml/>", "x-amz-checksum-crc32", checksumOf("crc32", big))
	if _, refusal := outcome(req, nil, 0); refusal != nil {
		t.Error(refusal)
	}
}

func TestAnonymousBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, payload, code string
	}{
		{"no field", "", ""},
		{"unsigned", "UNSIGNED-PAYLOAD", ""},
		{"hash", hashOf(small), ""},
		{"wrong hash", hashOf(big), "XAmzContentSHA256Mismatch"},
		{"signed chunks", plainSigned, "InvalidRequest"},
		{"signed trailer", trailerSigned, "InvalidRequest"},
		{"nonsense", "x", "InvalidArgument"},
	}
	for _, tt := range tests {
		req := newRequest(t, "PUT", exampleHost, "/object", small)
		if tt.payload != "" {
			req.Fields.Add("x-amz-content-sha256", tt.payload)
		}
		yielded, refusal := outcome(req, nil, 0)
		if tt.code == "" && (refusal != nil || yielded != small) || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s: %q, %v", tt.name, yielded, refusal)
		}
	}
	req := newRequest(t, "PUT", exampleHost, "/object", encodeUnsigned("x-amz-checksum-crc32:"+checksumOf("crc32", small), small),
		"x-amz-content-sha256", trailerOnly, "x-amz-trailer", "x-amz-checksum-crc32", "x-amz-decoded-content-length", fmt.Sprint(len(small)))
	if _, refusal := outcome(req, nil, 0); refusal != nil {
		t.Error(refusal)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		size int64
	}{
		{"declared", 8}, {"undeclared", -1},
	}
	for _, tt := range tests {
		req := newRequest(t, "PUT", exampleHost, "/object", "12345678")
		req.BodySize = tt.size
		body, refusal := sigv4.NewBody(req, nil, 7)
		if refusal == nil {
			_, err := io.ReadAll(body)
			if !errors.As(err, &refusal) {
				t.Errorf("%s: read over the limit: %v", tt.name, err)
				continue
			}
		}
		expectRefusal(t, refusal, 400, "EntityTooLarge", "", "MaxSizeAllowed=7")
		req = newRequest(t, "PUT", exampleHost, "/object", "1234567")
		if body, refusal = sigv4.NewBody(req, nil, 7); refusal != nil {
			t.Errorf("%s: at the limit: %v", tt.name, refusal)
		} else if _, err := io.ReadAll(body); err != nil {
			t.Errorf("%s: at the limit: %v", tt.name, err)
		}
	}
	req, v := streaming(t, plainSigned, "65536", "", func(c *chunkChain) string { return encodeSigned(c, "", big) })
	_, refusal := sigv4.NewBody(req, v, 65535)
	expectRefusal(t, refusal, 400, "EntityTooLarge", "", "ProposedSize=65536")
}

// failingReader fails after some bytes.
type failingReader struct {
	data io.Reader
	err  error
}

func (r failingReader) Read(p []byte) (int, error) {
	n, err := r.data.Read(p)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func TestSourceFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		code string
	}{
		{io.ErrUnexpectedEOF, "IncompleteBody"},
		{errors.New("connection reset"), "IncompleteBody"},
		{os.ErrDeadlineExceeded, "RequestTimeout"},
	}
	for _, tt := range tests {
		req, v := verifiedPut(t, "", hashOf(big))
		req.Body, req.BodySize = io.NopCloser(failingReader{strings.NewReader(big[:1000]), tt.err}), int64(len(big))
		body, refusal := sigv4.NewBody(req, v, 0)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if _, err := io.ReadAll(body); !errors.Is(err, tt.err) {
			t.Errorf("Read: %v, want %v", err, tt.err)
		}
		if !errors.Is(body.Err(), tt.err) {
			t.Errorf("Err() = %v, want %v", body.Err(), tt.err)
		}
		if r := body.Refusal(); r == nil || r.Code != tt.code || !r.Close {
			t.Errorf("Refusal() = %+v, want %s", r, tt.code)
		}
		if _, err := body.Read(make([]byte, 1)); !errors.Is(err, tt.err) {
			t.Errorf("a second Read: %v", err)
		}
	}
	// A refusal is no failure of the source.
	req, v := verifiedPut(t, "", hashOf(big))
	setBody(req, small)
	body, _ := sigv4.NewBody(req, v, 0)
	if _, err := io.ReadAll(body); err == nil || body.Err() != nil || body.Refusal() == nil {
		t.Errorf("mismatch: %v, Err() = %v, Refusal() = %v", err, body.Err(), body.Refusal())
	}
}

// stuckReader yields nothing, ever.
type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestStuckSource(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "PUT", exampleHost, "/object", "x")
	req.Body = io.NopCloser(stuckReader{})
	body, refusal := sigv4.NewBody(req, nil, 0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if _, err := io.ReadAll(body); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Read: %v", err)
	}
}

// TestCloseWhileReading closes bodies that are being read, as HTTP transports
// do: nobody reads a buffer that another body uses.
func TestCloseWhileReading(t *testing.T) {
	t.Parallel()
	for range 20 {
		req, v := streaming(t, plainSigned, "131072", "", func(c *chunkChain) string { return encodeSigned(c, "", big, big) })
		body, refusal := sigv4.NewBody(req, v, 0)
		if refusal != nil {
			t.Fatal(refusal)
		}
		var wg sync.WaitGroup
		wg.Add(2)
		go func() { defer wg.Done(); _, _ = readAll(body, 100) }()
		go func() { defer wg.Done(); _ = body.Close(); _ = body.Close() }()
		wg.Wait()
		if _, err := body.Read(make([]byte, 10)); err == nil {
			t.Fatal("a closed body was read")
		}
	}
}

func TestNextHop(t *testing.T) {
	t.Parallel()
	trailer := "x-amz-checksum-crc32:" + checksumOf("crc32", big+small)
	length := fmt.Sprint(len(big) + len(small))
	tests := []struct {
		name    string
		request func(t *testing.T) (*wire.Request, *sigv4.Verified)
		codings string // content-encoding of the client, if not aws-chunked
		payload string
		want    map[string]string
		body    string
	}{
		{"hash", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return verifiedPut(t, small, strings.ToUpper(hashOf(small)))
		}, "gzip", hashOf(small), map[string]string{"content-encoding": "gzip"}, small},
		{"presigned", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return newRequest(t, "PUT", exampleHost, "/object", small), nil
		}, "aws-chunked, gzip , br", "UNSIGNED-PAYLOAD", map[string]string{"content-encoding": "gzip , br"}, small},
		{"signed chunks", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return streaming(t, plainSigned, length, "", func(c *chunkChain) string { return encodeSigned(c, "", big, small) })
		}, "", "UNSIGNED-PAYLOAD", map[string]string{"content-encoding": "", "x-amz-decoded-content-length": "", "x-amz-trailer": "", "content-length": length}, big + small},
		{"signed trailer", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerSigned, length, "x-amz-checksum-crc32", func(c *chunkChain) string { return encodeSigned(c, trailer, big, small) })
		}, "", trailerOnly, map[string]string{"content-encoding": "", "x-amz-decoded-content-length": length, "x-amz-trailer": "x-amz-checksum-crc32"},
			encodeUnsigned(trailer, big, small)},
		{"unsigned trailer", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerOnly, length, "x-amz-checksum-crc32", func(*chunkChain) string { return encodeUnsigned(trailer, big+small) })
		}, "gzip", trailerOnly, map[string]string{"content-encoding": "gzip"}, encodeUnsigned(trailer, big, small)},
		{"unsigned trailer without one", func(t *testing.T) (*wire.Request, *sigv4.Verified) {
			return streaming(t, trailerOnly, length, "", func(*chunkChain) string { return encodeUnsigned("", big+small) })
		}, "", "UNSIGNED-PAYLOAD", map[string]string{"content-encoding": "", "x-amz-decoded-content-length": ""}, big + small},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req, v := tt.request(t)
			body, refusal := sigv4.NewBody(req, v, 0)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if body.Payload() != tt.payload || body.Size() != int64(len(tt.body)) {
				t.Errorf("Payload() = %s, Size() = %d, want %s, %d", body.Payload(), body.Size(), tt.payload, len(tt.body))
			}
			if tt.codings != "" {
				req.Fields.Set("content-encoding", tt.codings)
			}
			req.Fields.Set("content-length", fmt.Sprint(req.BodySize))
			body.Fields(&req.Fields)
			for name, want := range tt.want {
				if got := req.Fields.Get(name); got != want || req.Fields.Count(name) > 1 {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if got := req.Fields.Get("content-length"); got != fmt.Sprint(body.Size()) {
				t.Errorf("content-length = %s", got)
			}
			if got := req.Fields.Get("x-amz-content-sha256"); got != tt.payload {
				t.Errorf("x-amz-content-sha256 = %s", got)
			}
			yielded, err := io.ReadAll(body)
			if err != nil || string(yielded) != tt.body {
				t.Errorf("yielded %d bytes, %v", len(yielded), err)
			}
		})
	}
}
