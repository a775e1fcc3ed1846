package sigv4_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

const trailerSignedV4A = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"

// TestChunkSignaturesV4A are the faults of padded signatures; what both
// algorithms have in common is in TestChunkedBodies.
func TestChunkSignaturesV4A(t *testing.T) {
	t.Parallel()
	const crc = "x-amz-checksum-crc32"
	length := fmt.Sprint(len(big) + len(small))
	crcLine := crc + ":" + checksumOf("crc32", big+small)
	signed := func(c *chunkChain) string { return encodeSigned(c, "", big, small) }
	trailed := func(c *chunkChain) string { return encodeSigned(c, crcLine, big, small) }
	// first changes the signature of the first chunk.
	first := func(change func(signature string) string) func(c *chunkChain) string {
		return func(c *chunkChain) string {
			stream := signed(c)
			return "10000;chunk-signature=" + change(stream[22:22+144]) + stream[22+144:]
		}
	}
	trailer := func(change func(signature string) string) func(c *chunkChain) string {
		return func(c *chunkChain) string {
			stream := trailed(c)
			at := strings.Index(stream, "x-amz-trailer-signature:") + len("x-amz-trailer-signature:")
			return stream[:at] + change(stream[at:at+144]) + stream[at+144:]
		}
	}
	bare := func(s string) string { return strings.TrimRight(s, "*") }
	fill := func(s string) string { return s + strings.Repeat("*", 144-len(s)) }
	tests := []struct {
		name   string
		length string
		trail  bool
		encode func(c *chunkChain) string
		code   string
	}{
		{"as it is", length, false, first(func(s string) string { return s }), ""},
		{"trailer as it is", length, true, trailer(func(s string) string { return s }), ""},
		{"not padded", length, false, first(bare), "IncompleteBody"},
		{"one short", length, false, first(func(s string) string { return bare(s) + strings.Repeat("*", 143-len(bare(s))) }), "IncompleteBody"},
		{"one over", length, false, first(func(s string) string { return s + "*" }), "IncompleteBody"},
		{"of HMAC", length, false, first(func(string) string { return zeroSignature }), "IncompleteBody"},
		{"padded in front", length, false, first(func(s string) string { return strings.Repeat("*", 144-len(bare(s))) + bare(s) }), "SignatureDoesNotMatch"},
		{"padded in the middle", length, false, first(func(s string) string { return fill("30**" + bare(s)[4:]) }), "SignatureDoesNotMatch"},
		{"padded with zeros", length, false, first(func(s string) string { return bare(s) + strings.Repeat("0", 144-len(bare(s))) }), "SignatureDoesNotMatch"},
		{"nothing but padding", length, false, first(func(string) string { return fill("") }), "SignatureDoesNotMatch"},
		{"half a digit", length, false, first(func(s string) string { return fill(bare(s)[:len(bare(s))-1]) }), "SignatureDoesNotMatch"},
		{"upper case", length, false, first(strings.ToUpper), "SignatureDoesNotMatch"},
		{"trailer not padded", length, true, trailer(bare), "SignatureDoesNotMatch"},
		{"trailer padded with zeros", length, true, trailer(func(s string) string { return bare(s) + strings.Repeat("0", 144-len(bare(s))) }), "SignatureDoesNotMatch"},
		{"trailer without signature", length, true, trailer(func(string) string { return fill("") }), "SignatureDoesNotMatch"},
		{"chained with the padding", length, false, func(c *chunkChain) string {
			sign := c.sign
			c.sign = func(text string) string { return c.padded(sign(text)) }
			return signed(c)
		}, "SignatureDoesNotMatch"},
		{"chained with HMAC's first line", length, false, func(c *chunkChain) string { c.algorithm = "AWS4-HMAC-SHA256"; return signed(c) }, "SignatureDoesNotMatch"},
		{"chained with HMAC", length, false, func(c *chunkChain) string {
			other := exampleChain()
			other.previous, other.length = c.previous, 144
			return signed(other)
		}, "SignatureDoesNotMatch"},
		{"with the scope of HMAC", length, false, func(c *chunkChain) string { c.scope = exampleChain().scope; return signed(c) }, "SignatureDoesNotMatch"},
		{"signed with another key", length, false, func(c *chunkChain) string {
			c.sign = func(text string) string { return fmt.Sprintf("%x", derOf(privateKeyV4A(exampleID, "other"), text)) }
			return signed(c)
		}, "SignatureDoesNotMatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := chunked{plainSignedV4A, tt.length, "", tt.encode}
			if tt.trail {
				u.payload, u.trailer = trailerSignedV4A, crc
			}
			for _, piece := range []int{0, 1, 4097} {
				req, v := u.request(t)
				yielded, refusal := outcome(req, v, piece)
				if tt.code == "" {
					if refusal != nil {
						t.Errorf("pieces of %d: %v", piece, refusal)
					}
					continue
				}
				if refusal == nil || refusal.Code != tt.code {
					t.Errorf("pieces of %d: %v, want %s", piece, refusal, tt.code)
				}
				if complete(t, u, yielded) {
					t.Errorf("pieces of %d: refused, and yet the body ended well-formed", piece)
				}
			}
		})
	}
}

// TestChunksOfAnotherAlgorithm: the signature of the header is not continued
// by chunks of the other algorithm, whatever says that it was verified.
func TestChunksOfAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	for _, payloads := range [][2]string{{plainSigned, plainSignedV4A}, {plainSignedV4A, plainSigned}, {trailerSigned, trailerSignedV4A}, {trailerSignedV4A, trailerSigned}} {
		req, v := streaming(t, payloads[0], "7", "", func(c *chunkChain) string { return encodeSigned(c, "", small) })
		v.Payload = payloads[1]
		_, refusal := sigv4.NewBody(req, v, 0)
		expectRefusal(t, refusal, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", "")
	}
	for _, payload := range []string{plainSignedV4A, trailerSignedV4A} {
		req := newRequest(t, "PUT", exampleHost, "/object", small, "x-amz-content-sha256", payload)
		_, refusal := sigv4.NewBody(req, nil, 0)
		expectRefusal(t, refusal, 400, "InvalidRequest", "Anonymous requests don't support this x-amz-content-sha256 value.", "")
	}
}

// TestNextHopV4A: what goes to the next hop shows nothing of SigV4A.
func TestNextHopV4A(t *testing.T) {
	t.Parallel()
	trailer := "x-amz-checksum-crc32:" + checksumOf("crc32", big+small)
	length := fmt.Sprint(len(big) + len(small))
	tests := []struct {
		payload, trailer, forwarded, body string
		fields                            map[string]string
	}{
		{plainSignedV4A, "", "UNSIGNED-PAYLOAD", big + small,
			map[string]string{"content-encoding": "", "x-amz-decoded-content-length": "", "content-length": length}},
		{trailerSignedV4A, trailer, trailerOnly, encodeUnsigned(trailer, big, small),
			map[string]string{"content-encoding": "", "x-amz-decoded-content-length": length, "x-amz-trailer": "x-amz-checksum-crc32"}},
	}
	for _, tt := range tests {
		name, _, _ := strings.Cut(tt.trailer, ":")
		req, v := streaming(t, tt.payload, length, name, func(c *chunkChain) string { return encodeSigned(c, tt.trailer, big, small) })
		body, refusal := sigv4.NewBody(req, v, 0)
		if refusal != nil {
			t.Fatal(refusal)
		}
		req.Fields.Set("content-length", fmt.Sprint(req.BodySize))
		body.Fields(&req.Fields)
		for name, want := range tt.fields {
			if got := req.Fields.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", tt.payload, name, got, want)
			}
		}
		yielded, err := readAll(body, 0)
		if err != nil || string(yielded) != tt.body || body.Size() != int64(len(tt.body)) || body.Payload() != tt.forwarded {
			t.Errorf("%s: %d of %d bytes as %s, %v", tt.payload, len(yielded), body.Size(), body.Payload(), err)
		}
		sigv4.NewSigner().Sign(req, exampleCredentials, "s3", "us-east-1", body.Payload(), exampleNow)
		if left := fmt.Sprint(req.Fields); strings.Contains(left, "ECDSA") || strings.Contains(left, "region-set") {
			t.Errorf("%s: went out as %s", tt.payload, left)
		}
	}
	req := presignV4A(t, "&X-Amz-Region-Set=%2A")
	sigv4.StripAuthentication(req)
	if req.HasQuery && req.RawQuery != "" {
		t.Errorf("the query went out as %s", req.RawQuery)
	}
}
