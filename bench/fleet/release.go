package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The flags that `make build` and the image build with, but for the version's
// value.
const (
	releaseVariable = "CGO_ENABLED=0"
	releaseFlags    = "-X main.version="
	strippedFlags   = "-s -w " + releaseFlags
)

// Release builds Sallyport as `make build` does, or stripped as the image has it,
// with further flags of go build.
func (f *Fleet) Release(ctx context.Context, stripped bool, flags ...string) (path string, err error) {
	name, linker := "sallyport-release", releaseFlags
	if stripped {
		name, linker = "sallyport-stripped", strippedFlags
	}
	return f.BuildRelease(ctx, name, append([]string{"-ldflags", linker + "bench"}, flags...)...)
}

// BuildRelease builds it under a name of its own, with flags of go build besides
// those that all releases have.
func (f *Fleet) BuildRelease(ctx context.Context, name string, flags ...string) (path string, err error) {
	path = filepath.Join(f.home, ".bin", name)
	args := append([]string{"build", "-C", f.Root(), "-buildvcs=false", "-trimpath", "-o", path}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/sallyport")...)
	cmd.Env = append(os.Environ(), "GOWORK=off", releaseVariable)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}
