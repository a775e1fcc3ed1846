package sidecar_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/sidecar"
)

// TestSection measures as briefly as can be.
func TestSection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds Sallyport twice and starts it, and takes seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the memory of others")
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
	r, err := sidecar.Section(t.Context(), sidecar.Effort{Starts: 1, Idle: time.Millisecond, Users: []int{10, 50}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Sallyport |", "Start to ready", "goal ≤ 30.0 MiB", "| 50 |", "stripped", "idle again"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
	if len(r.Guards) == 0 {
		t.Error("nothing is guarded")
	}
}
