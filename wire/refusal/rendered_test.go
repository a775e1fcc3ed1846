package refusal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// TestFreedAnswers: what is made in the memory of another answer has nothing of it.
func TestFreedAnswers(t *testing.T) {
	t.Parallel()
	one := &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "m"}
	other := &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: "n", Close: true, Retryable: true, Fields: wire.Fields{{Name: "x-other", Value: "1"}}}
	facts := refusal.Facts{RequestID: "1", HostID: "h", Head: true}
	want := refusal.Render(refusal.S3, one, facts) // which stays
	for range 100 {
		mixed := refusal.Render(refusal.RestJSON, other, refusal.Facts{RequestID: "2"})
		mixed.Fields.Add("x-later", "1")
		if err := mixed.Body.Close(); err != nil {
			t.Fatal(err)
		}
		mixed.Free()
		got := refusal.Render(refusal.S3, one, facts)
		if diff := cmp.Diff(want.Fields, got.Fields); diff != "" || got.Status != want.Status || got.Body != nil {
			t.Fatalf("%d, %v: %s", got.Status, got.Body, diff)
		}
		got.Free()
	}
}
