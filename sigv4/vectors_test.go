package sigv4_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// vector is a published example of Amazon S3.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
type vector struct {
	name          string
	canonicalHash string
	request       func(t testing.TB) *wire.Request
}

func vectors() []vector {
	return []vector{
		{"get object", "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972", func(t testing.TB) *wire.Request {
			return newRequest(t, "GET", exampleHost, "/test.txt", "", "range", "bytes=0-9",
				"x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash,
				"authorization", authorization("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
		}},
		{"put object", "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d", func(t testing.TB) *wire.Request {
			return newRequest(t, "PUT", exampleHost, "/test%24file.text", "Welcome to Amazon S3.", "date", "Fri, 24 May 2013 00:00:00 GMT",
				"x-amz-date", exampleTime, "x-amz-storage-class", "REDUCED_REDUNDANCY",
				"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
				"authorization", authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
		}},
		{"get lifecycle", "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca", func(t testing.TB) *wire.Request {
			return newRequest(t, "GET", exampleHost, "/?lifecycle", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash,
				"authorization", authorization("host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
		}},
		{"list objects", "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7", func(t testing.TB) *wire.Request {
			return newRequest(t, "GET", exampleHost, "/?max-keys=2&prefix=J", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash,
				"authorization", authorization("host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
		}},
		{"presigned get", "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04", func(t testing.TB) *wire.Request {
			return newRequest(t, "GET", exampleHost, "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"+
				"&X-Amz-Credential="+exampleID+"%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date="+exampleTime+
				"&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"+
				"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", "")
		}},
		{"signed chunks", "", func(t testing.TB) *wire.Request { return chunkedVector(t, false) }},
		{"signed chunks with trailer", "", func(t testing.TB) *wire.Request { return chunkedVector(t, true) }},
	}
}

// chunkedVector is the published upload of 65 KiB in two chunks.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func chunkedVector(t testing.TB, trailer bool) *wire.Request {
	a64, a1 := strings.Repeat("a", 65536), strings.Repeat("a", 1024)
	if trailer {
		body := "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + a64 + "\r\n" +
			"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + a1 + "\r\n" +
			"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
			"x-amz-checksum-crc32c:sOO8/Q==\r\n" +
			"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
		return newRequest(t, "PUT", "s3.amazonaws.com", "/examplebucket/chunkObject.txt", body,
			"x-amz-date", exampleTime, "x-amz-storage-class", "REDUCED_REDUNDANCY", "content-encoding", "aws-chunked",
			"x-amz-decoded-content-length", "66560", "x-amz-trailer", "x-amz-checksum-crc32c",
			"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
			"authorization", authorization("content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
				"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"))
	}
	body := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + a64 + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + a1 + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	req := newRequest(t, "PUT", "s3.amazonaws.com", "/examplebucket/chunkObject.txt", body,
		"x-amz-date", exampleTime, "x-amz-storage-class", "REDUCED_REDUNDANCY", "content-encoding", "aws-chunked",
		"x-amz-decoded-content-length", "66560", "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		"authorization", authorization("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
	return req
}

// accepted verifies a request and reads its body to the end.
func accepted(v *sigv4.Verifier, req *wire.Request, p sigv4.Params) (decoded string, refusal *wire.Refusal) {
	verified, refusal := v.Verify(req, p)
	if refusal != nil {
		return "", refusal
	}
	body, refusal := sigv4.NewBody(req, verified, 0)
	if refusal != nil {
		return "", refusal
	}
	defer body.Close()
	yielded, err := io.ReadAll(body)
	if err != nil {
		return "", body.Refusal()
	}
	return string(yielded), nil
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, tt := range vectors() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verifier := sigv4.NewVerifier(sigv4.Options{})
			for range 2 { // the second time with the cached key
				if _, refusal := accepted(verifier, tt.request(t), s3Params(exampleNow)); refusal != nil {
					t.Fatal(refusal)
				}
			}
			if tt.canonicalHash == "" {
				return
			}
			req := tt.request(t)
			if a := req.Fields.Get("authorization"); a != "" {
				req.Fields.Set("authorization", a[:len(a)-64]+strings.Repeat("0", 64))
			} else {
				req = newRequest(t, req.Method, req.Host, req.Path+"?"+req.RawQuery[:len(req.RawQuery)-64]+strings.Repeat("0", 64), "")
			}
			_, refusal := verifier.Verify(req, s3Params(exampleNow))
			if refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
				t.Fatalf("a zero signature: %v", refusal)
			}
			sum := sha256.Sum256([]byte(detail(refusal, "CanonicalRequest")))
			if got := hex.EncodeToString(sum[:]); got != tt.canonicalHash {
				t.Errorf("hash of the canonical request = %s, want %s\n%s", got, tt.canonicalHash, detail(refusal, "CanonicalRequest"))
			}
		})
	}
}

// TestFlippedBits changes each byte of each signed part of each vector.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	refused := func(t *testing.T, what string, req *wire.Request) {
		t.Helper()
		if _, refusal := accepted(verifier, req, s3Params(exampleNow)); refusal == nil {
			t.Errorf("accepted with a bit of %s flipped", what)
		}
	}
	for _, tt := range vectors() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			original := tt.request(t)
			changed := tt.request(t)
			changed.Method = "POST"
			refused(t, "the method", changed)
			for i := range original.Host {
				changed := tt.request(t)
				changed.Host = flip(changed.Host, i)
				refused(t, "the host", changed)
			}
			for i := range original.Path {
				path, _, _, refusal := wire.ParseTarget(flip(original.Path, i))
				if refusal != nil {
					continue
				}
				changed := tt.request(t)
				changed.Path = path
				refused(t, "the path", changed)
			}
			for i := range original.RawQuery {
				raw := flip(original.RawQuery, i)
				query, refusal := wire.ParseQuery(raw)
				if refusal != nil {
					continue
				}
				changed := tt.request(t)
				changed.RawQuery, changed.Query = raw, query
				refused(t, "the query "+raw, changed)
			}
			for f, field := range original.Fields {
				for i := range field.Value {
					if field.Name == "authorization" && i < len("AWS4-HMAC-SHA256") {
						continue // compared without case
					}
					changed := tt.request(t)
					changed.Fields[f].Value = flip(field.Value, i)
					refused(t, field.Name+": "+changed.Fields[f].Value, changed)
				}
			}
			if original.Body == nil {
				return
			}
			raw, _ := io.ReadAll(original.Body)
			step := max(1, len(raw)/64)
			for i := range raw {
				if i%step != 0 && i < len(raw)-330 && i > 100 {
					continue
				}
				changed := tt.request(t)
				changed.Body = io.NopCloser(strings.NewReader(flip(string(raw), i)))
				refused(t, "the body", changed)
			}
		})
	}
}

// flip changes the lowest bit of a byte.
func flip(s string, i int) string { return s[:i] + string([]byte{s[i] ^ 1}) + s[i+1:] }
