//go:build unix

package e2e_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestPostBoto3 uploads by forms that boto3 signs: what the store has then is
// the file, with what the fields said of it.
func TestPostBoto3(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	script, err := filepath.Abs(filepath.Join("testdata", "python", "boto3_post.py"))
	if err != nil {
		t.Fatal(err)
	}
	for name, door := range pythonDoors(t) {
		door.path, door.before, door.dir = pythonTool(t, "python"), []string{script}, t.TempDir()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := bucket(t)
			as := func(user, what string) {
				door.place.key = shared.keys[user]
				if out := door.run(t, door.place.endpoint, bucket, what); out != "ok\n" {
					t.Errorf("%s: printed %q", what, out)
				}
			}
			as(admin, "allowed")
			as(limited, "denied")
			as(admin, "version2")
			if text, ok := stored(t, bucket, "home/été 1+1.jpg"); !ok || text != "hello" {
				t.Errorf("the store has %q (there: %t)", text, ok)
			}
			for _, key := range []string{"refused", "another"} {
				if _, ok := stored(t, bucket, key); ok {
					t.Errorf("the store has %s, which was refused", key)
				}
			}
		})
	}
}

// TestPostAnonymous: an unsigned form is nobody's, whom nothing allows here.
func TestPostAnonymous(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("key", "anonymous")
	file, err := w.CreateFormFile("file", "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(bytes.Repeat([]byte("x"), 1<<20))
	_ = w.Close()
	status, text := fetch(t, http.MethodPost, at(admin).endpoint+"/"+bucket, bytes.NewReader(body.Bytes()), http.Header{"Content-Type": {w.FormDataContentType()}})
	if status != http.StatusForbidden || !strings.Contains(text, "<Message>Access Denied</Message>") {
		t.Errorf("%d %s", status, text)
	}
	listed, err := shared.store.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(listed.Contents) != 0 {
		t.Errorf("the store has %v, %v", listed, err)
	}
}
