//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// TestS3FS works with files and folders of a bucket that is mounted: what is
// written is an object of that name, and what is in the store is a file.
func TestS3FS(t *testing.T) {
	t.Parallel()
	s3fsTool(t)
	bucket := bucket(t)
	relay := newRelay(t, at(admin).endpoint)
	root := mountS3FS(t, place{relay.endpoint, at(admin).key}, bucket)
	path := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }

	large := randomBytes(3, 25*mebibyte) // in parts
	names := []string{"plain", "a b+c%2Fd é.txt", "it's(a)!*=&;:@,$ #?.txt", "日本語 キー", "e\u0301"}
	if err := os.Mkdir(path("dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"large.bin": large, "empty": {}}
	for _, name := range names {
		files["dir/"+name] = []byte("I am " + name)
	}
	for name, text := range files {
		if err := os.WriteFile(path(name), text, 0o640); err != nil {
			t.Errorf("writing %q: %v", name, err)
		}
	}
	for name, text := range files {
		if got, ok := stored(t, bucket, name); !ok || got != string(text) {
			t.Errorf("%q is an object of %d other bytes (there: %t)", name, len(got), ok)
		}
		if got, err := os.ReadFile(path(name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q reads as %d other bytes (%v)", name, len(got), err)
		}
	}
	if info, err := os.Stat(path("large.bin")); err != nil || info.Size() != int64(len(large)) || info.Mode().Perm() != 0o640 {
		t.Errorf("the large file is %v (%v)", info, err)
	}

	// Another client's object is a file.
	put(t, bucket, "dir/of others", "another's")
	if got, err := os.ReadFile(path("dir/of others")); err != nil || string(got) != "another's" {
		t.Errorf("another's object reads as %q (%v)", got, err)
	}
	entries, err := os.ReadDir(path("dir"))
	var listed []string
	for _, e := range entries {
		listed = append(listed, e.Name())
	}
	want := append(names, "of others")
	slices.Sort(listed)
	slices.Sort(want)
	if err != nil || !slices.Equal(listed, want) {
		t.Errorf("the folder has %q (%v), want %q", listed, err, want)
	}

	// Appending, changing metadata, renaming files and folders: copies, in parts
	// for what is large.
	f, err := os.OpenFile(path("dir/plain"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(", and more")
		err = errors.Join(err, f.Close())
	}
	if got, _ := stored(t, bucket, "dir/plain"); err != nil || got != "I am plain, and more" {
		t.Errorf("appended: the store has %q (%v)", got, err)
	}
	if err := os.Chmod(path("dir/plain"), 0o600); err != nil {
		t.Errorf("chmod: %v", err)
	}
	for from, to := range map[string]string{"dir/a b+c%2Fd é.txt": "moved é+.txt", "large.bin": "dir/large %.bin"} {
		if err := os.Rename(path(from), path(to)); err != nil {
			t.Errorf("renaming %q to %q: %v", from, to, err)
		}
	}
	if err := os.Rename(path("dir"), path("other dir")); err != nil {
		t.Errorf("renaming a folder: %v", err)
	}
	if got, _ := stored(t, bucket, "moved é+.txt"); got != "I am a b+c%2Fd é.txt" {
		t.Errorf("renamed: the store has %q", got)
	}
	if got, _ := stored(t, bucket, "other dir/large %.bin"); got != string(large) {
		t.Errorf("renamed twice: the store has %d other bytes", len(got))
	}
	if _, ok := stored(t, bucket, "large.bin"); ok {
		t.Error("the old name of what was renamed is there")
	}

	if err := os.Remove(path("moved é+.txt")); err != nil {
		t.Errorf("removing: %v", err)
	}
	if err := os.RemoveAll(path("other dir")); err != nil {
		t.Errorf("removing a folder: %v", err)
	}
	if left := keysBelow(t, bucket, ""); !slices.Equal(left, []string{"empty"}) {
		t.Errorf("after everything but one file was removed there is %q", left)
	}
	if _, err := os.ReadFile(path("other dir/plain")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was removed: %v", err)
	}
	if got := relay.payloads(); !slices.Equal(got, []string{"hash"}) {
		t.Errorf("objects were put with x-amz-content-sha256 %q, want hashes", got)
	}
}

// TestS3FSDenied: what policies deny fails as the file system's own permissions
// would, and leaves the store as it was.
func TestS3FSDenied(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	s3fsTool(t)
	const some = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads"], "Resource": "*"},
  {"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::*/mine/*"},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/secret"}]}`
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		if err := os.WriteFile(site.Path(limitedPolicy...), []byte(some), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	bucket := bucket(t)
	for _, key := range []string{"doc", "secret", "mine/", "mine/old"} {
		text := "as it was"
		if strings.HasSuffix(key, "/") {
			text = ""
		}
		put(t, bucket, key, text)
	}
	unlisted, _ := startS3FS(t, at(limited), bucket, "-o", "dbglevel=err")
	t.Cleanup(unlisted.Kill)
	select {
	case <-unlisted.Done():
		if tail := unlisted.Tail(); !strings.Contains(tail, "is not authorized to perform: s3:ListBucket") {
			t.Errorf("mounting what may not be listed says %s", tail)
		}
	case <-time.After(time.Minute):
		t.Error("what may not be listed is being mounted")
	}

	root := mountS3FS(t, door.at(limited), bucket)
	path := func(name string) string { return filepath.Join(root, name) }
	denied := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, syscall.EACCES) && !errors.Is(err, syscall.EPERM) {
			t.Errorf("%s: %v, want EACCES or EPERM", what, err)
		}
	}
	if got, err := os.ReadFile(path("doc")); err != nil || string(got) != "as it was" {
		t.Errorf("reading: %q, %v", got, err)
	}
	denied("overwriting", os.WriteFile(path("doc"), []byte("overwritten"), 0o644))
	denied("creating", os.WriteFile(path("new"), []byte("new"), 0o644))
	denied("removing", os.Remove(path("doc")))
	denied("renaming out of what is mine", os.Rename(path("mine/old"), path("old")))
	denied("making a folder", os.Mkdir(path("folder"), 0o755))
	// Of what may not be read s3fs shows a file without permissions, which root
	// reads as empty.
	if info, err := os.Stat(path("secret")); err != nil || info.Mode() != 0 || info.Size() != 0 {
		t.Errorf("what may not be read is %v (%v), want a file of mode 0 and no bytes", info, err)
	}
	if got, err := os.ReadFile(path("secret")); len(got) > 0 {
		t.Errorf("what may not be read reads as %q (%v)", got, err)
	}
	if err := os.WriteFile(path("mine/new"), []byte("mine"), 0o644); err != nil {
		t.Errorf("writing what is mine: %v", err)
	}
	for key, want := range map[string]string{"doc": "as it was", "secret": "as it was", "mine/old": "as it was", "mine/new": "mine"} {
		if got, ok := stored(t, bucket, key); !ok || got != want {
			t.Errorf("the store has %q of %s (there: %t), want %q", got, key, ok, want)
		}
	}
	for _, key := range []string{"new", "old", "folder/"} {
		if _, ok := stored(t, bucket, key); ok {
			t.Errorf("%s is in the store", key)
		}
	}
}

// s3fsTool finds s3fs. Without the device of FUSE there is nothing to test with.
func s3fsTool(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no file systems in user space on this machine: " + err.Error())
	}
	path, err := exec.LookPath("s3fs")
	if err != nil {
		skip(t, "no s3fs here: install it (Debian: apt-get install s3fs)")
	}
	return path
}

// startS3FS starts to mount a bucket, and returns where.
func startS3FS(t testing.TB, p place, bucket string, options ...string) (s3fs *process.Process, root string) {
	t.Helper()
	tool := s3fsTool(t)
	dir := t.TempDir()
	root = filepath.Join(dir, "bucket")
	passwords := filepath.Join(dir, "passwd")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(passwords, []byte(p.key.AccessKeyID+":"+p.key.SecretAccessKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s3fs, err := process.Start(process.Spec{
		Path: tool,
		Args: append([]string{
			bucket, root, "-f", // in the foreground
			"-o", "url=" + p.endpoint, "-o", "use_path_request_style", "-o", "passwd_file=" + passwords, "-o", "endpoint=" + store.Region,
		}, options...),
		Dir:    dir,
		Env:    []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8"},
		Output: output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s3fs, root
}

// mountS3FS mounts a bucket and returns where.
func mountS3FS(t testing.TB, p place, bucket string) string {
	t.Helper()
	s3fs, root := startS3FS(t, p, bucket)
	before := device(t, filepath.Dir(root))
	t.Cleanup(func() {
		defer s3fs.Kill()
		if t.Failed() {
			t.Logf("s3fs's last words:\n%s", s3fs.Tail())
		}
		var problems error
		for _, unmount := range [][]string{{"fusermount", "-u", "-z", root}, {"fusermount3", "-u", "-z", root}, {"umount", "-l", root}} {
			// The test's own context is over.
			out, err := exec.CommandContext(context.Background(), unmount[0], unmount[1:]...).CombinedOutput()
			if err == nil {
				return
			}
			problems = errors.Join(problems, fmt.Errorf("%s: %w: %s", unmount[0], err, out))
		}
		if device(t, root) != before {
			t.Error(problems)
		}
	})
	for within := within(t, time.Minute); device(t, root) == before; {
		select {
		case <-s3fs.Done():
			if tail := s3fs.Tail(); strings.Contains(tail, "mount failed") || strings.Contains(tail, "failed to open /dev/fuse") {
				skip(t, "this machine lets nobody mount: "+tail)
			}
			t.Fatalf("s3fs ended before it had mounted: %s", s3fs.Ending())
		case <-within.Done():
			t.Fatalf("s3fs has not mounted in time:\n%s", s3fs.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return root
}

// device tells which file system a folder is of.
func device(t testing.TB, folder string) uint64 {
	t.Helper()
	var stat syscall.Stat_t
	if err := syscall.Stat(folder, &stat); err != nil {
		return 0 // of one that has just been unmounted, or is not ready yet
	}
	return uint64(stat.Dev) //nolint:unconvert // of another type elsewhere
}
