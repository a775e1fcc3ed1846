package flood_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/flood"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// TestSection measures as briefly as can be: what must be refused is refused, in a
// flood too, and nothing else.
func TestSection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts Sallyport and a store, and takes seconds")
	}
	if _, err := wrk.Program(); err != nil {
		t.Skip(err)
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
	r, err := flood.Section(t.Context(), measure.Turns{Rounds: 1, Length: 100 * time.Millisecond}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| bad signature |", "| two `Host` fields |", "the control", "failed authentications limited, as by default, unknown key", "goal ≥ 1.00×", "goal ≤ 1.50×"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
}
