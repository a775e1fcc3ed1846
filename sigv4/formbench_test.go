package sigv4_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// BenchmarkForm reads and verifies a whole form, beside the same file as an
// unsigned body: small ones show the cost of fields and policy, large ones that
// of looking for the boundary.
func BenchmarkForm(b *testing.B) {
	verifier, buffer := sigv4.NewVerifier(sigv4.Options{}), make([]byte, 64<<10)
	fields := signPolicy(policyOf(`, ["starts-with", "$key", "user/"], {"acl": "private"}, ["content-length-range", 0, 1000000000]`), field{"key", "user/${filename}"}, field{"acl", "private"})
	random := make([]byte, 8<<20)
	_, _ = rand.Read(random)
	for _, tt := range []struct {
		name    string
		content []byte
	}{
		{"small", random[:100]},
		{"random", random},
		{"dashes", bytes.Repeat([]byte("-"), 8<<20)},
	} {
		body := []byte(formOf(fields, filePart("f", string(tt.content))))
		b.Run(tt.name+"/form", func(b *testing.B) {
			req := formRequest(b, "")
			req.BodySize = int64(len(body))
			b.SetBytes(int64(len(tt.content)))
			b.ReportAllocs()
			for b.Loop() {
				req.Body = io.NopCloser(bytes.NewReader(body))
				form, refusal := sigv4.ReadForm(req, formBucket)
				if refusal == nil {
					_, refusal = verifier.VerifyForm(form, formParams())
				}
				if refusal != nil {
					b.Fatal(refusal)
				}
				file, refusal := form.Body(0)
				if refusal != nil {
					b.Fatal(refusal)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(tt.name+"/body", func(b *testing.B) {
			req := newRequest(b, "PUT", exampleHost, "/object", string(tt.content))
			b.SetBytes(int64(len(tt.content)))
			b.ReportAllocs()
			for b.Loop() {
				req.Body = io.NopCloser(bytes.NewReader(tt.content))
				file, refusal := sigv4.NewBody(req, nil, 0)
				if refusal != nil {
					b.Fatal(refusal)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
