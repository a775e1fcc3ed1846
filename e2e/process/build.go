package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the first line of this module's go.mod, by which Root knows it.
const module = "module github.com/sallyport-iam/sallyport/e2e"

// Module finds the folder of the e2e module from the working directory
// upwards, or in an e2e folder on the way.
func Module() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for from := dir; ; {
		for _, candidate := range []string{dir, filepath.Join(dir, "e2e")} {
			text, err := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if err == nil && bytes.HasPrefix(text, []byte(module+"\n")) {
				return candidate, nil
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no checkout of sallyport holds %s: run this inside one", from)
		}
		dir = parent
	}
}

// Binary is a Go program to build.
type Binary struct {
	// Name is the file's name in the e2e module's .bin folder.
	Name string
	// Module is the folder of the module to build in.
	Module string
	// Package is the import path, or one relative to Module.
	Package string
	// Flags are further flags of go build.
	Flags []string
}

// Store is versitygw at the version that the e2e module pins; home is the
// module's folder.
func Store(home string) Binary {
	return Binary{Name: "versitygw", Module: home, Package: "github.com/versity/versitygw/cmd/versitygw"}
}

// Sallyport is the product, of the checkout at root.
func Sallyport(root string) Binary {
	return Binary{Name: "sallyport", Module: root, Package: "./cmd/sallyport"}
}

// Build builds b with the go command, reports its progress and returns the
// path of the executable. Go's build cache makes a second build quick.
func Build(ctx context.Context, progress *Progress, b Binary) (path string, err error) {
	home, err := Module()
	if err != nil {
		return "", err
	}
	path = filepath.Join(home, ".bin", b.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	step := progress.Step("Building " + b.Name)
	defer func() { step.Done(err) }()

	// Without the state of the checkout, which git may refuse to tell.
	args := append([]string{"build", "-C", b.Module, "-buildvcs=false", "-o", path}, b.Flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, b.Package)...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting go build: %w", err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if line, ok := strings.CutPrefix(lines.Text(), "go: downloading "); ok {
			step.Note("downloading " + line)
			continue
		}
		step.Note("")
		said.WriteString(lines.Text() + "\n")
	}
	if err := cmd.Wait(); err != nil {
		return "", errors.Join(fmt.Errorf("go build %s in %s: %w", b.Package, b.Module, err), errors.New(said.String()))
	}
	return path, nil
}
