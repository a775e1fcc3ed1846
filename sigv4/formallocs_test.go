//go:build !race

package sigv4_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// TestFormMemory: what a form takes does not grow with its file. The race
// detector makes pools forget, so allocations are counted without it.
func TestFormMemory(t *testing.T) {
	count := func(size int) float64 {
		body := []byte(formOf([]field{{"key", "a"}}, filePart("f", string(bytes.Repeat([]byte("\r\n--"), size/4)))))
		req, buffer := formRequest(t, ""), make([]byte, 64<<10)
		return testing.AllocsPerRun(20, func() {
			req.Body, req.BodySize = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			form, refusal := sigv4.ReadForm(req, formBucket)
			if refusal != nil {
				t.Fatal(refusal)
			}
			file, refusal := form.Body(0)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buffer); n != int64(size) || err != nil {
				t.Fatal(n, err)
			}
		})
	}
	if small, large := count(4), count(8<<20); large != small {
		t.Errorf("%v allocations for 4 bytes, %v for 8 MiB", small, large)
	}
}
