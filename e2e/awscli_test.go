//go:build unix

package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cliVersion2 finds aws-cli version 2 on the machine.
var cliVersion2 = sync.OnceValue(func() string {
	for _, candidate := range []string{os.Getenv("SALLYPORT_E2E_AWS_CLI_V2"), "aws", "/usr/bin/aws", "/usr/local/bin/aws"} {
		path, err := exec.LookPath(candidate)
		if candidate == "" || err != nil {
			continue
		}
		if out, err := exec.Command(path, "--version").CombinedOutput(); err == nil && strings.HasPrefix(string(out), "aws-cli/2.") {
			return path
		}
	}
	return ""
})

func cliVersion2Tool(t testing.TB) string {
	t.Helper()
	path := cliVersion2()
	if path == "" {
		skip(t, "no aws-cli version 2 here: install it (Debian: apt-get install awscli) or name it in SALLYPORT_E2E_AWS_CLI_V2")
	}
	return path
}

// TestAWSCLI runs both versions of aws-cli as people use them.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	versions := map[string]func(testing.TB) string{
		"v1": func(t testing.TB) string { return pythonTool(t, "aws") },
		"v2": cliVersion2Tool,
	}
	for version, path := range versions {
		for name, door := range pythonDoors(t) {
			if version == "v2" && name == "tls" {
				continue // Debian's does there what it does in the clear
			}
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				door.path, door.dir = path(t), t.TempDir()
				door.before = []string{"--endpoint-url", door.place.endpoint}
				cliTour(t, door)
			})
		}
	}
}

func cliTour(t *testing.T, aws tool) {
	file := func(name, text string) string {
		path := filepath.Join(aws.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	contains := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("printed %q, want %q in it", out, want)
		}
	}
	bucket := bucket(t)
	url := "s3://" + bucket

	small := file("small.txt", "small")
	large := file("large.bin", strings.Repeat("0123456789abcdef", 20*mebibyte/16))
	aws.run(t, "s3", "cp", small, url+"/dir/small é.txt")
	aws.run(t, "s3", "cp", large, url+"/dir/large.bin") // in parts
	contains(aws.run(t, "s3", "ls", url+"/dir/"), "small é.txt")
	contains(aws.run(t, "s3", "ls"), bucket)

	aws.run(t, "s3", "cp", url+"/dir/large.bin", filepath.Join(aws.dir, "back.bin"))
	sent, _ := os.ReadFile(large)
	back, err := os.ReadFile(filepath.Join(aws.dir, "back.bin"))
	if err != nil || string(sent) != string(back) {
		t.Errorf("20 MiB came back as %d other bytes (%v)", len(back), err)
	}
	if got := aws.run(t, "s3", "cp", url+"/dir/small é.txt", "-"); got != "small" {
		t.Errorf("s3 cp to standard output printed %q", got)
	}

	// Version 1 presigns with Signature Version 2 unless told otherwise.
	presigner := aws
	presigner.env = append([]string{"AWS_CONFIG_FILE=" + file("config", "[default]\ns3 =\n  signature_version = s3v4\n")}, aws.env...)
	link := strings.TrimSpace(presigner.run(t, "s3", "presign", url+"/dir/large.bin"))
	contains(link, "X-Amz-Signature=")
	if strings.HasPrefix(link, "http:") {
		if status, body := fetch(t, "GET", link, nil, nil); status != 200 || body != string(sent) {
			t.Errorf("the presigned URL brings %d and %d bytes", status, len(body))
		}
	}

	file("tree/a.txt", "a")
	file("tree/b/c+d.txt", "c")
	aws.run(t, "s3", "sync", filepath.Join(aws.dir, "tree"), url+"/tree")
	aws.run(t, "s3", "sync", url+"/tree", filepath.Join(aws.dir, "tree-back"))
	if text, err := os.ReadFile(filepath.Join(aws.dir, "tree-back", "b", "c+d.txt")); err != nil || string(text) != "c" {
		t.Errorf("sync brought back %q, %v", text, err)
	}
	aws.run(t, "s3", "mv", url+"/tree/a.txt", url+"/moved.txt")
	if _, ok := stored(t, bucket, "tree/a.txt"); ok {
		t.Error("mv left the source behind")
	}
	aws.run(t, "s3", "cp", url+"/dir/large.bin", url+"/copied.bin") // a copy, in parts

	aws.run(t, "s3api", "put-object-tagging", "--bucket", bucket, "--key", "moved.txt", "--tagging", "TagSet=[{Key=team,Value=north}]")
	contains(aws.run(t, "s3api", "get-object-tagging", "--bucket", bucket, "--key", "moved.txt"), "north")
	var head struct{ ContentLength int }
	if err := json.Unmarshal([]byte(aws.run(t, "s3api", "head-object", "--bucket", bucket, "--key", "moved.txt", "--output", "json")), &head); err != nil || head.ContentLength != 1 {
		t.Errorf("head-object says %+v, %v", head, err)
	}
	aws.run(t, "s3api", "get-object", "--bucket", bucket, "--key", "moved.txt", "--range", "bytes=0-0", filepath.Join(aws.dir, "part"))
	aws.run(t, "s3api", "delete-objects", "--bucket", bucket, "--delete", "Objects=[{Key=moved.txt}]")

	aws.run(t, "s3", "rm", url+"/dir/large.bin")
	aws.run(t, "s3", "rm", "--recursive", url)
	if out := aws.run(t, "s3", "ls", url); out != "" {
		t.Errorf("after everything was removed there is %q", out)
	}
	aws.run(t, "s3", "rb", url)

	if direct() {
		return
	}
	denied := aws
	denied.place.key = shared.keys[limited]
	_, err = denied.try(t.Context(), "s3api", "create-bucket", "--bucket", "not-"+bucket)
	if err == nil {
		t.Fatal("a user without permission made a bucket")
	}
	contains(err.Error(), "(AccessDenied)")
	contains(err.Error(), "because no identity-based policy allows the s3:CreateBucket action")
}
