package sigv4_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// clientRequest is a GET as an SDK sends it.
func clientRequest(t testing.TB) *wire.Request {
	req := newRequest(t, "GET", "bucket.s3.us-east-1.amazonaws.com", "/some/key/with/parts.txt?x-id=GetObject", "",
		"accept-encoding", "identity", "user-agent", "aws-sdk-go-v2/1.45.1 os/linux lang/go#1.26 md/GOOS#linux md/GOARCH#amd64 api/s3#1.109",
		"amz-sdk-invocation-id", "8e3d2f1c-37b8-4c1f-9a65-30a6bca5b0f0", "amz-sdk-request", "attempt=1; max=3",
		"x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-checksum-mode", "ENABLED", "range", "bytes=0-1048575")
	signLike(t, req, "accept-encoding;amz-sdk-invocation-id;amz-sdk-request;host;range;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date")
	return req
}

func BenchmarkVerifyHeader(b *testing.B) {
	v, req, p := sigv4.NewVerifier(sigv4.Options{}), clientRequest(b), s3Params(exampleNow)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := v.Verify(req, p); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkVerifyHeaderV4A is the same with SigV4A, its key remembered.
func BenchmarkVerifyHeaderV4A(b *testing.B) {
	v, req, p := sigv4.NewVerifier(sigv4.Options{}), requestV4A(b, "/some/key/with/parts.txt", "us-east-1"), s3Params(exampleNow)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := v.Verify(req, p); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkVerifyHeaderV4AUnknown is what a client without a key can cost: a
// derivation and a verification.
func BenchmarkVerifyHeaderV4AUnknown(b *testing.B) {
	v, req, p := sigv4.NewVerifier(sigv4.Options{}), requestV4A(b, "/some/key/with/parts.txt", "us-east-1"), s3Params(exampleNow)
	p.Keys = keys{}
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := v.Verify(req, p); refusal == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkVerifyHeaderParallel(b *testing.B) {
	v, req, p := sigv4.NewVerifier(sigv4.Options{}), clientRequest(b), s3Params(exampleNow)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, refusal := v.Verify(req, p); refusal != nil {
				b.Fatal(refusal)
			}
		}
	})
}

func BenchmarkVerifyQuery(b *testing.B) {
	v, req, p := sigv4.NewVerifier(sigv4.Options{}), vectors()[4].request(b), s3Params(exampleNow)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := v.Verify(req, p); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

func BenchmarkRecognise(b *testing.B) {
	req := clientRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := sigv4.Recognise(req); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkHashFloor is what no verifier can go below: SHA-256 of the
// canonical request and one HMAC.
func BenchmarkHashFloor(b *testing.B) {
	canonical, toSign, key := make([]byte, 560), make([]byte, 135), make([]byte, 32)
	h := hmac.New(sha256.New, key)
	var sum [32]byte
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(canonical)
		h.Reset()
		h.Write(toSign)
		h.Sum(sum[:0])
	}
}

func BenchmarkSign(b *testing.B) {
	signer, req := sigv4.NewSigner(), clientRequest(b)
	credentials := sigv4.Credentials{AccessKeyID: exampleID, SecretAccessKey: secret.New(exampleSecret)}
	template := req.Fields
	fields := make(wire.Fields, 0, len(template)+8)
	b.ReportAllocs()
	for b.Loop() {
		req.Fields = append(fields[:0], template...)
		signer.Sign(req, credentials, "s3", "us-east-1", emptyHash, exampleNow)
	}
}

func BenchmarkBody(b *testing.B) {
	const size = 8 << 20
	data := strings.Repeat("sallyport", size/9+1)[:size]
	pieces := make([]string, 0, size/(64<<10))
	for i := 0; i < size; i += 64 << 10 {
		pieces = append(pieces, data[i:i+64<<10])
	}
	buffer := make([]byte, 64<<10)
	run := func(name string, req *wire.Request, v *sigv4.Verified) {
		raw, _ := io.ReadAll(req.Body)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				req.Body = io.NopCloser(bytes.NewReader(raw))
				body, refusal := sigv4.NewBody(req, v, 0)
				if refusal != nil {
					b.Fatal(refusal)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, buffer); err != nil {
					b.Fatal(err)
				}
				body.Close()
			}
		})
	}
	b.Run("floor/sha256", func(b *testing.B) {
		b.SetBytes(size)
		raw := []byte(data)
		for b.Loop() {
			sha256.Sum256(raw)
		}
	})
	for _, payload := range []string{"UNSIGNED-PAYLOAD", hashOf(data)} {
		req := newRequest(b, "PUT", exampleHost, "/object", data, "x-amz-date", exampleTime, "x-amz-content-sha256", payload)
		signLike(b, req, "host;x-amz-content-sha256;x-amz-date")
		v, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
		if refusal != nil {
			b.Fatal(refusal)
		}
		run(payload[:8], req, v)
	}
	length := fmt.Sprint(size)
	req, v := streaming(b, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", length, "", func(c *chunkChain) string { return encodeSigned(c, "", pieces...) })
	run("signed-chunks", req, v)
	req, v = streaming(b, plainSignedV4A, length, "", func(c *chunkChain) string { return encodeSigned(c, "", pieces...) })
	run("signed-chunks-v4a", req, v)
	for _, name := range []string{"crc32", "crc64nvme"} {
		trailer := "x-amz-checksum-" + name
		req, v = streaming(b, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", length, trailer, func(*chunkChain) string {
			return encodeUnsigned(trailer+":"+checksumOf(name, data), data)
		})
		run("unsigned-trailer-"+name, req, v)
	}
}

// BenchmarkResign is each way to send a body verified only, and verified and
// signed for the next hop, beside SHA-256 of its bytes.
func BenchmarkResign(b *testing.B) {
	const size = 8 << 20
	data := strings.Repeat("sallyport", size/9+1)[:size]
	buffer, signer := make([]byte, sigv4.ReadSize), sigv4.NewSigner()
	b.Run("floor/sha256", func(b *testing.B) {
		b.SetBytes(size)
		raw := []byte(data)
		for b.Loop() {
			sha256.Sum256(raw)
		}
	})
	for _, c := range clients() {
		req, v := c.request(b, data)
		raw, _ := io.ReadAll(req.Body)
		for name, signing := range map[string]sigv4.PayloadSigning{"verified": sigv4.PayloadUnsigned, "signed": sigv4.PayloadSigned} {
			b.Run(strings.ReplaceAll(c.name, " ", "-")+"/"+name, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					req.Body = io.NopCloser(bytes.NewReader(raw))
					body, refusal := sigv4.NewBody(req, v, 0)
					if refusal == nil {
						refusal = body.Resign(signing)
					}
					if refusal != nil {
						b.Fatal(refusal)
					}
					signer.SignBody(clone(req), body, exampleCredentials, "s3", "us-east-1", exampleNow)
					if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, buffer); err != nil {
						b.Fatal(err)
					}
					body.Close()
				}
			})
		}
	}
}
