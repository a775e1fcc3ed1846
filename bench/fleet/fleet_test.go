package fleet_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
)

// TestWriteUsers checks that what each user has is what AWS lets a user have,
// also where numbers are long.
func TestWriteUsers(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := fleet.WriteUsers(directory, 1001); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "bundle", "accounts", fleet.Account, "users", "u1000", "own.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), `"Effect"`); got != 10 {
		t.Errorf("%d statements", got)
	}
	const quota = 2048 // characters of a user's inline policies
	if len(text) > quota {
		t.Errorf("%d characters", len(text))
	}
	if info, err := os.Stat(filepath.Join(directory, "keys.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of keys: %v, %v", info.Mode(), err)
	}
}

// TestRelease checks that what is measured is built as what is released.
func TestRelease(t *testing.T) {
	t.Parallel()
	for file, flags := range map[string]string{"Makefile": fleet.ReleaseFlags, "Dockerfile": fleet.StrippedFlags} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if want := fleet.ReleaseVariable + ` go build -trimpath -ldflags "` + flags; !strings.Contains(string(text), want) {
			t.Errorf("%s does not build with %s", file, want)
		}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the memory of others")
	}
	if now, peak := fleet.Resident(os.Getpid()), fleet.Peak(os.Getpid()); now <= 0 || peak <= 0 {
		t.Errorf("%d bytes, %d at the peak", now, peak)
	}
	if got := fleet.Resident(1 << 30); got != 0 {
		t.Errorf("a process that does not exist has %d bytes", got)
	}
}

func TestProcessorTime(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the processor time of others")
	}
	before := fleet.ProcessorTime(os.Getpid())
	for sum, until := 0, before+30*time.Millisecond; fleet.ProcessorTime(os.Getpid()) < until; sum++ {
		_ = sum // work until it is counted; a count that stands still ends with the test's time
	}
	if got := fleet.ProcessorTime(1 << 30); got != 0 {
		t.Errorf("a process that does not exist has spent %s", got)
	}
}
