package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/secret"
)

// TestDeriveKey compares the keys of secrets of all lengths, longer than a block too,
// with those that Go's HMAC makes of them.
func TestDeriveKey(t *testing.T) {
	t.Parallel()
	text := []byte("to sign")
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	for n := range 3 * blockSize {
		s := strings.Repeat("k", n)
		want := []byte("AWS4" + s)
		for _, part := range []string{"20260302", "us-east-1", "s3", "aws4_request", string(text)} {
			want = mac(want, part)
		}
		var key signingKey
		key.derive(secret.New(s), "20260302", "us-east-1", "s3")
		if got := key.sum(sha256.New(), text, nil); string(got) != string(want) {
			t.Fatalf("a secret of %d bytes: %x, want %x", n, got, want)
		}
	}
}
