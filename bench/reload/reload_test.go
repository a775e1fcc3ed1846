package reload_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/reload"
)

// TestSection measures as briefly as can be: no request may fail.
func TestSection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts Sallyport and a store, and takes seconds")
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
	r, err := reload.Section(t.Context(), reload.Effort{
		Turns: measure.Turns{Rounds: 2, Length: 100 * time.Millisecond}, Users: 20, Edits: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a bundle of 200 statements", "| nothing |", "edited every second", "goal ≤ 0: held", "until it was in force", "Of 2 edits, 2 came into force",
	} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
	for _, g := range r.Guards {
		if err := g.Err(); err != nil {
			t.Error(err)
		}
	}
}
