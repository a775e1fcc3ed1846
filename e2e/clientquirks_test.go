//go:build unix

package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestS3cmdPresigned: s3cmd signs URLs with Signature Version 2 alone.
func TestS3cmdPresigned(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	do := s3cmd(t, tool{place: at(admin), dir: t.TempDir()}, bucket(t))
	link, err := do(presignKey, "doc", "")
	if err != nil {
		t.Fatal(err)
	}
	if response, body := follow(t, link); response.StatusCode != 400 || !strings.Contains(body, "Please use AWS4-HMAC-SHA256") {
		t.Errorf("%s: %d %s, want that version 2 is refused", link, response.StatusCode, body)
	}
}

// TestCurlSigns tells what curl signs as Amazon S3 verifies it, and what version
// 7.88 does not, which later ones may: that is refused, and never taken for
// another request.
func TestCurlSigns(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	put(t, bucket, "a b+(c)@é", "text")
	const mismatch = "<Code>SignatureDoesNotMatch</Code>"
	sent := []string{"--header", "x-amz-content-sha256: " + unsigned}
	tests := []struct {
		name, target string
		options      []string
		// refusal is the answer where it is signed wrong; "" where every version
		// signs it right.
		refusal string
	}{
		{"a key as AWS encodes it", "/a%20b%2B%28c%29%40%C3%A9", sent, ""},
		{"a key encoded as little as a URL needs", "/a%20b+(c)@%C3%A9", sent, ""},
		{"a key in lower-case escapes", "/a%20b%2b(c)@%c3%a9", sent, mismatch},
		{"no x-amz-content-sha256", "/a%20b%2B%28c%29%40%C3%A9", nil, "x-amz-content-sha256</Message>"},
		{"a query in order", "?list-type=2&prefix=a", sent, ""},
		{"a query out of order", "?prefix=a&list-type=2", sent, mismatch},
		{"a query without values", "?uploads", sent, mismatch},
		{"a query with an empty value", "?uploads=", sent, ""},
		{"a slash in a query", "?list-type=2&prefix=a/b", sent, mismatch},
		{"a space in a query as +", "?list-type=2&prefix=a+b", sent, "<Code>InvalidURI</Code>"},
	}
	for _, tt := range tests {
		path, err := exec.LookPath("curl")
		if err != nil {
			skip(t, "no curl: "+err.Error())
		}
		p := at(admin)
		c := tool{path: path, place: p, dir: t.TempDir(), before: []string{
			"--silent", "--fail-with-body", "--path-as-is",
			"--aws-sigv4", "aws:amz:us-east-1:s3", "--user", p.key.AccessKeyID + ":" + p.key.SecretAccessKey,
		}}
		_, err = c.try(t.Context(), append(slices.Clone(tt.options), p.endpoint+"/"+bucket+tt.target)...)
		if err == nil {
			t.Logf("%s: signed right", tt.name)
			continue
		}
		t.Logf("%s: refused", tt.name)
		if tt.refusal == "" || !strings.Contains(err.Error(), tt.refusal) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestClientsPage: docs/clients.md tells the versions that are tested.
func TestClientsPage(t *testing.T) {
	t.Parallel()
	read := func(elements ...string) string {
		text, err := os.ReadFile(filepath.Join(elements...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page := read("..", "docs", "clients.md")
	want := map[string]string{}
	for line := range strings.Lines(read("testdata", "python", "requirements.txt")) {
		if name, version, ok := strings.Cut(strings.TrimSpace(line), "=="); ok {
			want[name] = version
		}
	}
	var packages struct{ Dependencies map[string]string }
	if err := json.Unmarshal([]byte(read("testdata", "node", "package.json")), &packages); err != nil {
		t.Fatal(err)
	}
	for name, version := range packages.Dependencies {
		want[name] = version
	}
	for module, file := range map[string]string{
		"github.com/restic/restic": filepath.Join("testdata", "restic", "go.mod"),
		"github.com/rclone/rclone": filepath.Join("testdata", "rclone", "go.mod"), "github.com/aws/aws-sdk-go-v2/service/s3": "go.mod",
	} {
		_, rest, found := strings.Cut(read(file), module+" v")
		if !found {
			t.Fatal(errors.New(file + " does not name " + module))
		}
		version, _, _ := strings.Cut(rest, "\n")
		version, _, _ = strings.Cut(version, " //")
		want[module] = strings.TrimSpace(version)
	}
	for name, version := range want {
		if !strings.Contains(page, version) {
			t.Errorf("docs/clients.md does not say that %s is tested in version %s", name, version)
		}
	}
	for _, u := range users {
		for _, payload := range []string{u.clear, u.tls} {
			if payload != "" && payload != "hash" && !strings.Contains(page, payload) {
				t.Errorf("docs/clients.md does not tell of %s, which %s sends", payload, u.name)
			}
		}
	}
}
