//go:build unix

package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// limitedPolicy is the file of limited's policy in the tests' bundle.
var limitedPolicy = []string{"bundle", "accounts", "111122223333", "users", "limited", "little.json"}

// allowing is a policy that allows one action on everything.
func allowing(action string) []byte {
	b, _ := json.MarshalIndent(map[string]any{
		"Version":   "2012-10-17",
		"Statement": []any{map[string]any{"Effect": "Allow", "Action": action, "Resource": "*"}},
	}, "", "  ")
	return b
}

// TestHotReload: an edit is in force once /status shows its revision, a broken
// one never, and no request fails meanwhile.
func TestHotReload(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	door := serve(t, "sallyport.yaml", upstream(shared.store))
	bucket := bucket(t)
	put(t, bucket, "private", "x")
	c := door.at(limited).client(t, once)
	get := func() error {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
		if err == nil {
			out.Body.Close()
		}
		return err
	}
	status := func() sallyport.Status {
		t.Helper()
		s, err := door.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	await := func(what string, holds func(sallyport.Status) bool) sallyport.Status {
		t.Helper()
		s, err := door.Await(within(t, time.Minute), holds)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return s
	}
	wantDenied(t, get(), "s3:GetObject")

	// Somebody is always asking.
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		everything := door.at(admin).client(t, once)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := everything.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("private")}); err != nil {
				t.Errorf("a request failed during a reload: %v", err)
				return
			}
		}
	})
	defer asking.Wait()
	defer close(stop)

	file := door.site.Path(limitedPolicy...)
	original, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edits := []struct {
		how   string
		write func(text []byte) error
	}{
		{"written in place", func(text []byte) error { return os.WriteFile(file, text, 0o644) }},
		{"renamed into place", func(text []byte) error { return replace(file, text) }},
		{"removed and made again", func(text []byte) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.WriteFile(file, text, 0o644)
		}},
	}
	for _, edit := range edits {
		before := status().Bundle.Revision
		if err := edit.write(allowing("s3:GetObject")); err != nil {
			t.Fatal(err)
		}
		after := await(edit.how, func(s sallyport.Status) bool { return s.Bundle.Revision != before })
		if err := get(); err != nil {
			t.Errorf("%s, at revision %s: %v", edit.how, after.Bundle.Revision, err)
		}
		if err := edit.write(original); err != nil {
			t.Fatal(err)
		}
		await(edit.how+", back", func(s sallyport.Status) bool { return s.Bundle.Revision == before })
		wantDenied(t, get(), "s3:GetObject")
	}

	before := status().Bundle
	broken := strings.Replace(string(allowing("s3:*")), `"Effect"`, `"Efect"`, 1)
	if err := replace(file, []byte(broken)); err != nil {
		t.Fatal(err)
	}
	failed := await("a broken edit", func(s sallyport.Status) bool { return s.Bundle.LastError != "" })
	if failed.Bundle.Revision != before.Revision || failed.Bundle.Generation != before.Generation {
		t.Errorf("a broken edit went from revision %s to %s", before.Revision, failed.Bundle.Revision)
	}
	if where := "accounts/111122223333/users/limited/little.json:5:"; !strings.Contains(failed.Bundle.LastError, where) {
		t.Errorf("/status says %q, which does not name the place %s", failed.Bundle.LastError, where)
	}
	wantDenied(t, get(), "s3:GetObject")
	if err := replace(file, original); err != nil {
		t.Fatal(err)
	}
	await("the broken edit undone", func(s sallyport.Status) bool { return s.Bundle.LastError == "" })
}

// TestMuseum_24_symlinkSwap: a bundle that is a symbolic link to a version of it
// is taken up when the link is swapped, as Kubernetes and deployment tools do.
func TestMuseum_24_symlinkSwap(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	link := func(site *sallyport.Site, version string) {
		next := site.Path("bundle.next")
		if err := os.Symlink(version, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, site.Path("bundle")); err != nil {
			t.Fatal(err)
		}
	}
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		if err := os.Rename(site.Path("bundle"), site.Path("version-1")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(site.Path("version-2"), os.DirFS(site.Path("version-1"))); err != nil {
			t.Fatal(err)
		}
		file := append([]string{"version-2"}, limitedPolicy[1:]...)
		if err := os.WriteFile(site.Path(file...), allowing("s3:GetObject"), 0o644); err != nil {
			t.Fatal(err)
		}
		link(site, "version-1")
	})
	bucket := bucket(t)
	put(t, bucket, "private", "x")
	c := door.at(limited).client(t, once)
	input := &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")}
	_, err := c.GetObject(t.Context(), input)
	wantDenied(t, err, "s3:GetObject")
	before, err := door.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link(door.site, "version-2")
	if _, err := door.Await(within(t, time.Minute), func(s sallyport.Status) bool { return s.Bundle.Revision != before.Bundle.Revision }); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetObject(t.Context(), input); err != nil {
		t.Errorf("under version 2: %v", err)
	}
	link(door.site, "version-1")
	if _, err := door.Await(within(t, time.Minute), func(s sallyport.Status) bool { return s.Bundle.Revision == before.Bundle.Revision }); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetObject(t.Context(), input)
	wantDenied(t, err, "s3:GetObject")
}

// TestNewKey: a key that is made while Sallyport runs is good without a restart.
func TestNewKey(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	door := serve(t, "sallyport.yaml", upstream(shared.store))
	bucket := bucket(t)
	before, err := door.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := door.site.CreateKey(t.Context(), account, admin)
	if err != nil {
		t.Fatal(err)
	}
	after, err := door.Await(within(t, time.Minute), func(s sallyport.Status) bool { return s.Bundle.Generation > before.Bundle.Generation })
	if err != nil {
		t.Fatal(err)
	}
	if after.Bundle.Revision != before.Bundle.Revision {
		t.Errorf("a key changed the bundle's revision from %s to %s", before.Bundle.Revision, after.Bundle.Revision)
	}
	if _, err := (place{door.Endpoint, key}).client(t, once).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		t.Error(err)
	}
}

// TestConstantMemory: half a gibibyte up and down leaves no trace in the
// process's memory.
func TestConstantMemory(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	if runtime.GOOS != "linux" {
		skip(t, "reads the process's memory from /proc, which only Linux has")
	}
	const size, most = 512 * mebibyte, 64 * mebibyte
	door := serve(t, "sallyport.yaml", upstream(shared.store))
	bucket := bucket(t)
	p := door.at(admin)
	body := newNoise(4, mebibyte)
	if status, text := stream(t, p, bucket+"/warm", body, mebibyte); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	before := peakMemory(t, door.PID())

	body = newNoise(5, size)
	if status, text := stream(t, p, bucket+"/large", body, size); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	t.Cleanup(func() {
		key := "large"
		_, _ = shared.store.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	})
	up := peakMemory(t, door.PID())
	out, err := p.client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("large")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, n := digest(t, out.Body); got != body.digest() || n != size {
		t.Errorf("%d bytes came back with SHA-256 %s, want %s", n, got, body.digest())
	}
	down := peakMemory(t, door.PID())
	t.Logf("peak memory: %d MiB at rest, %d after the upload, %d after the download", before/mebibyte, up/mebibyte, down/mebibyte)
	if down-before > most {
		t.Errorf("the peak rose by %d MiB, want at most %d", (down-before)/mebibyte, int64(most/mebibyte))
	}
}

// peakMemory is the greatest resident size that a process has had, in bytes.
func peakMemory(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}

// TestDrain: SIGTERM lets what is on its way arrive, takes nothing new, and
// ends with exit code 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const size = 32 * mebibyte
	door := serve(t, "sallyport.yaml", upstream(shared.store))
	bucket := bucket(t)
	body := newNoise(6, size)
	if status, text := stream(t, at(admin), bucket+"/large", body, size); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	out, err := door.at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("large")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	got := newNoise(0, 0)
	if _, err := io.CopyN(got.sum, out.Body, mebibyte); err != nil {
		t.Fatal(err)
	}
	if err := door.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refused := time.Now().Add(time.Minute)
	for {
		conn, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(door.Endpoint)
		if err != nil {
			break
		}
		conn.Body.Close()
		if time.Now().After(refused) {
			t.Fatal("a minute after SIGTERM the door still takes connections")
		}
		time.Sleep(20 * time.Millisecond)
	}
	select {
	case <-door.Done():
		t.Fatal("it ended with a download on its way")
	default:
	}
	if _, err := io.Copy(got.sum, out.Body); err != nil {
		t.Fatalf("the download was cut: %v", err)
	}
	if got.digest() != body.digest() {
		t.Error("the download is not what was uploaded")
	}
	out.Body.Close()
	select {
	case <-door.Done():
		if err := door.Err(); err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("a minute after the last byte it still runs")
	}
}

// TestCertificateReload: a renewed certificate is served without a restart,
// and one that cannot be read does not take the good one's place.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	door := serve(t, "sallyport.yaml", upstream(shared.store))
	status, err := door.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(shared.certificates.certificate)
	serving := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", status.Doors[1].Address, &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := serving(); got != "first" {
		t.Fatalf("the certificate served is %q", got)
	}
	if err := shared.certificates.issue(door.site.Path("tls.crt"), door.site.Path("tls.key"), "second"); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(time.Minute); serving() != "second"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("a minute after the renewal the old certificate is served")
		}
	}
	if err := replace(door.site.Path("tls.crt"), []byte("not a certificate")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if got := serving(); got != "second" {
		t.Errorf("after a broken renewal the certificate served is %q", got)
	}
}
