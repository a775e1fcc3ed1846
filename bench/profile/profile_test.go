package profile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/profile"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// TestCollect checks that a profile tells of the product's own functions.
func TestCollect(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds and starts Sallyport, and takes seconds")
	}
	if _, err := wrk.Program(); err != nil {
		t.Skip(err)
	}
	requireNginx(t)
	file := filepath.Join(t.TempDir(), "default.pgo")
	if err := profile.Collect(t.Context(), time.Second, file); err != nil {
		t.Fatal(err)
	}
	top, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", "-cum", "-nodecount=500", file).CombinedOutput()
	if err != nil || !strings.Contains(string(top), "sallyport/proxy") {
		t.Errorf("%v: %s", err, top)
	}
}

func requireNginx(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
}
