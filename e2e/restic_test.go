//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// resticBinary builds restic at the version that testdata/restic pins.
var resticBinary = sync.OnceValues(func() (path string, err error) {
	home, err := process.Module()
	if err != nil {
		return "", err
	}
	return process.Build(context.Background(), process.NewProgress(os.Stderr),
		process.Binary{Name: "restic", Module: filepath.Join(home, "testdata", "restic"), Package: "github.com/restic/restic/cmd/restic"})
})

// restic is the client with a repository in a bucket.
func restic(t testing.TB, c tool, bucket string) tool {
	t.Helper()
	path, err := resticBinary()
	if err != nil {
		skip(t, "no restic: "+err.Error())
	}
	c.path, c.dir = path, t.TempDir()
	c.before = []string{"--repo", "s3:" + c.place.endpoint + "/" + bucket + "/backups", "--no-cache"}
	for _, variable := range c.env {
		if file, ok := strings.CutPrefix(variable, "AWS_CA_BUNDLE="); ok {
			c.before = append(c.before, "--cacert", file)
		}
	}
	c.env = append(c.env, "RESTIC_PASSWORD=secret", "TMPDIR="+c.dir, "RESTIC_PROGRESS_FPS=0.01")
	return c
}

// TestRestic keeps backups through both doors: what is restored is what was
// backed up, byte for byte, and what is forgotten is removed from the store.
func TestRestic(t *testing.T) {
	t.Parallel()
	for name, door := range pythonDoors(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := bucket(t)
			relay := newRelay(t, door.place.endpoint)
			door.place.endpoint = relay.endpoint
			restic := restic(t, door, bucket)
			source := filepath.Join(restic.dir, "source")
			files := resticTree(t, source)
			restic.run(t, "init")
			restic.run(t, "backup", source)
			resticRestores(t, restic, files)

			// Another snapshot shares what did not change; the first one's own is
			// removed with it.
			large := filepath.Join(source, "large.bin")
			files["large.bin"] = randomBytes(7, 9*mebibyte)
			if err := os.WriteFile(large, files["large.bin"], 0o644); err != nil {
				t.Fatal(err)
			}
			restic.run(t, "backup", source)
			before := len(keysBelow(t, bucket, "backups/data/"))
			restic.run(t, "forget", "--keep-last", "1", "--prune")
			if after := len(keysBelow(t, bucket, "backups/data/")); after >= before {
				t.Errorf("%d packs are left of %d after what was forgotten is pruned", after, before)
			}
			restic.run(t, "check", "--read-data")
			var snapshots []struct{ ID string }
			if out := restic.run(t, "snapshots", "--json"); json.Unmarshal([]byte(out), &snapshots) != nil || len(snapshots) != 1 {
				t.Errorf("there are the snapshots %s, want one", out)
			}
			resticRestores(t, restic, files)
			if locks := keysBelow(t, bucket, "backups/locks/"); len(locks) > 0 {
				t.Errorf("the locks %q are left", locks)
			}
			want := []string{unsigned}
			if name == "clear" {
				want = []string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
			}
			if got := relay.payloads(); !slices.Equal(got, want) {
				t.Errorf("objects were put with x-amz-content-sha256 %q, want %q", got, want)
			}
		})
	}
}

// TestResticDenied: who may only read restores, and is told what is missing for
// everything else.
func TestResticDenied(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const mayRead = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"], "Resource": "*"}]}`
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		if err := os.WriteFile(site.Path(limitedPolicy...), []byte(mayRead), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	bucket := bucket(t)
	full, few := restic(t, tool{place: door.at(admin)}, bucket), restic(t, tool{place: door.at(limited)}, bucket)
	source := filepath.Join(full.dir, "source")
	files := resticTree(t, source)
	full.run(t, "init")
	full.run(t, "backup", source)

	few.before = append(few.before, "--no-lock")
	resticRestores(t, few, files)
	few.before = few.before[:len(few.before)-1]
	began := time.Now()
	for _, denied := range []struct {
		args   []string
		action string
	}{
		{[]string{"backup", source}, "s3:PutObject"},
		{[]string{"forget", "--keep-last", "1", "--prune"}, "s3:PutObject"}, // of its lock
	} {
		_, err := few.try(t.Context(), denied.args...)
		if want := "is not authorized to perform: " + denied.action + ` on resource: "arn:aws:s3:::` + bucket + "/backups/"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("restic %s: %v, want %s", denied.args[0], err, want)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s until restic told: it tries again what is denied", took)
	}
	nobody := restic(t, tool{place: at(limited)}, bucket)
	if _, err := nobody.try(t.Context(), "snapshots", "--no-lock"); err == nil || !strings.Contains(err.Error(), "Access Denied") && !strings.Contains(err.Error(), "not authorized") {
		t.Errorf("restic snapshots of one who may not read: %v", err)
	}
}

// resticTree writes files to back up, and returns them by name.
func resticTree(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		"empty":                    {},
		"small.txt":                []byte("small"),
		"large.bin":                randomBytes(1, 20*mebibyte),
		"odd names/a b+c%2Fd é.md": []byte("odd"),
		"deep/er/and/deeper":       randomBytes(2, 100_000),
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// randomBytes are n bytes that do not compress.
func randomBytes(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// resticRestores compares the last snapshot with the files.
func resticRestores(t testing.TB, restic tool, files map[string][]byte) {
	t.Helper()
	target := t.TempDir()
	restic.run(t, "restore", "latest", "--target", target)
	var found string
	restored := 0
	err := filepath.WalkDir(target, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "small.txt" {
			found = filepath.Dir(path)
		}
		if err == nil && d.Type().IsRegular() {
			restored++
		}
		return err
	})
	if err != nil || found == "" || restored != len(files) {
		t.Fatalf("%d files were restored of %d (%v)", restored, len(files), err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(found, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is restored as %d other bytes (%v)", name, len(got), err)
		}
	}
}
