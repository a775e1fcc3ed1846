package signature_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/signature"
)

// TestSection measures as briefly as can be: every request and body is checked
// before, those with a byte changed too.
func TestSection(t *testing.T) {
	t.Parallel()
	r, err := signature.Section(measure.Options{Rounds: 3, Sample: time.Microsecond, Budget: time.Microsecond}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"verify a header", "verify a presigned URL", "sign, aws-sdk-go-v2", "signed chunks", "SHA-256"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
}
