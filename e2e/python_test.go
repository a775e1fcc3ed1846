//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// skip skips a test for want of a tool; where CI is set that is a failure, so
// that a client cannot go untested without anybody noticing.
func skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s (CI is set, so that nothing may be skipped)", reason)
	}
	t.Skip(reason)
}

// python makes the virtual environment of testdata/python/requirements.txt
// once, in the user's cache, and returns its bin folder.
var python = sync.OnceValues(func() (bin string, err error) {
	requirements := filepath.Join("testdata", "python", "requirements.txt")
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		return "", err
	}
	return process.Environment("python", interpreter, requirements)
})

// pythonTool is a program of the virtual environment.
func pythonTool(t testing.TB, name string) string {
	t.Helper()
	bin, err := python()
	if err != nil {
		skip(t, "no Python clients: "+err.Error())
	}
	return filepath.Join(bin, name)
}

// tool is a client program as a user runs it: keys and region in the
// environment, nothing else set.
type tool struct {
	path string
	// before comes before the arguments.
	before []string
	place  place
	dir    string
	env    []string
}

// run runs the tool and fails the test if it fails.
func (c tool) run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := c.try(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// try runs the tool; the error holds what it printed.
func (c tool) try(ctx context.Context, args ...string) (stdout string, err error) {
	cmd := c.command(ctx, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), errors.Join(fmt.Errorf("%s %s: %w", filepath.Base(c.path), strings.Join(args, " "), err),
			errors.New(problems.String()+out.String()))
	}
	return out.String(), nil
}

// command is the tool with arguments, not yet started.
func (c tool) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, slices.Concat(c.before, args)...)
	cmd.Dir = c.dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + c.dir, // no configuration of the user's own
		"LANG=C.UTF-8",
		"AWS_ACCESS_KEY_ID=" + c.place.key.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.place.key.SecretAccessKey,
		"AWS_DEFAULT_REGION=" + store.Region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_PAGER=",
	}, c.env...)
	return cmd
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs(filepath.Join("testdata", "python", "boto3_default.py"))
	if err != nil {
		t.Fatal(err)
	}
	for name, door := range pythonDoors(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			door.path, door.before, door.dir = pythonTool(t, "python"), []string{script}, t.TempDir()
			if out := door.run(t, door.place.endpoint, bucket(t)); out != "ok\n" {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// pythonDoors are the doors as a Python client finds them.
func pythonDoors(t testing.TB) map[string]tool {
	t.Helper()
	all := map[string]tool{"clear": {place: at(admin)}}
	if !direct() {
		all["tls"] = tool{
			place: place{shared.tlsEndpoint, shared.keys[admin]},
			env:   []string{"AWS_CA_BUNDLE=" + shared.certificates.file(t)},
		}
	}
	return all
}

// TestBoto3Presigned: boto3 presigns with Signature Version 2 for a custom
// endpoint in us-east-1 unless told otherwise; the refusal names the setting.
func TestBoto3Presigned(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	put(t, bucket, "doc", "presigned by boto3")
	script, err := filepath.Abs(filepath.Join("testdata", "python", "boto3_presign.py"))
	if err != nil {
		t.Fatal(err)
	}
	boto3 := tool{path: pythonTool(t, "python"), before: []string{script}, place: at(admin), dir: t.TempDir()}
	presigned := func(version string) string {
		return strings.TrimSpace(boto3.run(t, boto3.place.endpoint, bucket, "doc", version))
	}
	if status, body := fetch(t, "GET", presigned("s3v4"), nil, nil); status != 200 || body != "presigned by boto3" {
		t.Errorf("signature version s3v4: %d %s", status, body)
	}
	url := presigned("s3")
	if !strings.Contains(url, "AWSAccessKeyId=") {
		t.Fatalf("%s is not presigned with Signature Version 2", url)
	}
	if status, body := fetch(t, "GET", url, nil, nil); status != 400 || !strings.Contains(body, "s3v4") {
		t.Errorf("signature version 2: %d %s, want 400 and the setting to change", status, body)
	}
	switch status, body := fetch(t, "GET", presigned("default"), nil, nil); {
	case status == 200 && body == "presigned by boto3": // boto3 has come to presign with version 4
	case status == 400 && strings.Contains(body, "s3v4"):
	default:
		t.Errorf("as boto3 presigns by default: %d %s", status, body)
	}
}
