package inprocess_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/inprocess"
	"github.com/sallyport-iam/sallyport/bench/measure"
)

// TestSection measures as briefly as can be: how many accesses each request
// amounts to is checked before, and what must be refused.
func TestSection(t *testing.T) {
	t.Parallel()
	r, err := inprocess.Section(measure.Options{Rounds: 3, Sample: time.Microsecond, Budget: time.Microsecond}, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GetObject", "DeleteObjects of 1,000 keys", "verify the signature", "the whole", "20 users in turn", "a session token", "a bearer token", "AssumeRole"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
}
