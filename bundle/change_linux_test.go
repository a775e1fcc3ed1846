package bundle_test

import (
	"os"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestQuietSince: what was changed lately is not taken for settled, whatever time its
// writer gave it, and a reading without texts tells the same state as one with them.
func TestQuietSince(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	quiet := func(since time.Time) bool {
		t.Helper()
		with, quiet := bundle.Reading(o, since, true)
		without, same := bundle.Reading(o, since, false)
		if with != without || quiet != same {
			t.Error("a reading with texts differs from one without")
		}
		return quiet
	}
	if !quiet(future) || quiet(past) {
		t.Error("what was just written")
	}
	for _, file := range append([]string{directory + "/bundle/bundle.yaml"}, o.KeyFiles...) {
		if err := os.Chtimes(file, past, past.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if quiet(past) {
		t.Error("what was just written, with times of an original")
	}
	o.Directory += "/nowhere"
	if quiet(future) {
		t.Error("what cannot be read")
	}
}
