package datapath_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/datapath"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// needs skips a test where a program that it is about is missing.
func needs(t *testing.T, withWrk bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a store and proxies, and takes seconds")
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
	if _, err := wrk.Program(); withWrk && err != nil {
		t.Skip(err)
	}
}

// TestSmall measures as briefly as can be: every answer must be a success, and
// Sallyport must refuse what it must before.
func TestSmall(t *testing.T) {
	t.Parallel()
	needs(t, true)
	r, err := datapath.Small(t.Context(), measure.Turns{Rounds: 1, Length: time.Second}, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	tells(t, r.Text, "GET, versitygw behind", "PUT, hash of the body signed", "| Sallyport |", "`auth_request`", "100 users", "goal")
}

// TestLarge compares what is read with what was written.
func TestLarge(t *testing.T) {
	t.Parallel()
	needs(t, false)
	const mebibyte = 1 << 20
	r, err := datapath.Large(t.Context(), 1, [2]int64{mebibyte, 4 * mebibyte})
	if err != nil {
		t.Fatal(err)
	}
	tells(t, r.Text, "Objects of 4 MiB", "a store behind that keeps nothing", "| relay, no check |", "| Sallyport |", "Memory of Sallyport", "goal")
}

// TestOpenLoop checks that all answer what is asked at a rate.
func TestOpenLoop(t *testing.T) {
	t.Parallel()
	needs(t, false)
	r, err := datapath.OpenLoop(t.Context(), measure.Turns{Rounds: 1, Length: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	tells(t, r.Text, "Saturation", "30 % of Sallyport's saturation", "70 % of Sallyport's saturation", "| Sallyport |", "`auth_request`", "p99.9")
}

func tells(t *testing.T, text string, what ...string) {
	t.Helper()
	for _, want := range what {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, text)
		}
	}
}
