//go:build unix

package e2e_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const mebibyte = 1 << 20

// noise reads size bytes that no compression shortens: a random page again and
// again, numbered so that no two places are alike.
type noise struct {
	page  []byte
	used  int // of page
	pages uint64
	left  int64
	sum   hash.Hash
}

func newNoise(seed uint64, size int64) *noise {
	n := &noise{page: make([]byte, 256<<10), left: size, sum: sha256.New()}
	n.used = len(n.page)
	random := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = random.Read(n.page)
	return n
}

func (n *noise) Read(p []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	if n.used == len(n.page) {
		n.pages++
		binary.LittleEndian.PutUint64(n.page, n.pages)
		n.used = 0
	}
	if int64(len(p)) > n.left {
		p = p[:n.left]
	}
	c := copy(p, n.page[n.used:])
	n.used += c
	n.left -= int64(c)
	n.sum.Write(p[:c])
	return c, nil
}

// digest is the SHA-256 of what was read.
func (n *noise) digest() string { return hex.EncodeToString(n.sum.Sum(nil)) }

// digest reads body to its end.
func digest(t testing.TB, body io.Reader) (sha string, size int64) {
	t.Helper()
	h := sha256.New()
	size, err := io.Copy(h, body)
	if err != nil {
		t.Fatalf("reading the body after %d bytes: %v", size, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size
}

// TestMultipart100MiB: what the transfer manager sends in parts comes back,
// in parts, with the checksum equal; at both doors.
func TestMultipart100MiB(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	for name, c := range doors(t) {
		t.Run(name, func(t *testing.T) {
			manager := transfermanager.New(c)
			body := newNoise(1, 100*mebibyte)
			up, err := manager.UploadObject(t.Context(), &transfermanager.UploadObjectInput{
				Bucket: &bucket, Key: aws.String("large-" + name), Body: body,
			})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(aws.ToString(up.ETag), "-") {
				t.Errorf("ETag %s: that was no multipart upload", aws.ToString(up.ETag))
			}
			file, err := os.Create(filepath.Join(t.TempDir(), "down"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			_, err = manager.DownloadObject(t.Context(), &transfermanager.DownloadObjectInput{
				Bucket: &bucket, Key: aws.String("large-" + name), WriterAt: file,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, size := digest(t, file)
			if got != body.digest() || size != 100*mebibyte {
				t.Errorf("%d bytes came back with SHA-256 %s, want %s", size, got, body.digest())
			}
			whole, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("large-" + name)})
			if err != nil {
				t.Fatal(err)
			}
			defer whole.Body.Close()
			if got, _ := digest(t, whole.Body); got != body.digest() {
				t.Errorf("a plain GET brings SHA-256 %s, want %s", got, body.digest())
			}
		})
	}
}

// TestUnknownLength: an upload whose length nobody knows beforehand.
func TestUnknownLength(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	for _, size := range []int64{0, 10, 20 * mebibyte} {
		for name, c := range doors(t) {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				body := newNoise(uint64(size), size)
				reader, writer := io.Pipe()
				go func() {
					_, err := io.Copy(writer, body)
					writer.CloseWithError(err)
				}()
				key := aws.String(fmt.Sprintf("%s-%d", name, size))
				_, err := transfermanager.New(c).UploadObject(t.Context(), &transfermanager.UploadObjectInput{Bucket: &bucket, Key: key, Body: reader})
				if err != nil {
					t.Fatal(err)
				}
				out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key})
				if err != nil {
					t.Fatal(err)
				}
				defer out.Body.Close()
				if got, n := digest(t, out.Body); got != body.digest() || n != size {
					t.Errorf("%d bytes came back with SHA-256 %s, want %d with %s", n, got, size, body.digest())
				}
			})
		}
	}
}

// TestMultipartByHand: the operations of a multipart upload one by one, with a
// part that is copied, a listing, and an abort.
func TestMultipartByHand(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	ctx, key := t.Context(), aws.String("parts/é +1")
	source := strings.Repeat("s", 5*mebibyte)
	put(t, bucket, "source", source)
	upload, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String(bucket + "/source"),
	})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := c.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(2), Body: strings.NewReader("end"),
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: &bucket, Key: key, UploadId: upload.UploadId})
	if err != nil || len(parts.Parts) != 2 {
		t.Fatalf("ListParts: %v, %v", parts, err)
	}
	uploads, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil || len(uploads.Uploads) != 1 {
		t.Fatalf("ListMultipartUploads: %v, %v", uploads, err)
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
			{PartNumber: aws.Int32(1), ETag: copied.CopyPartResult.ETag},
			{PartNumber: aws.Int32(2), ETag: sent.ETag},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := stored(t, bucket, *key); got != source+"end" {
		t.Errorf("the store holds %d bytes, want %d", len(got), len(source)+3)
	}

	upload, err = c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: key, UploadId: upload.UploadId}); err != nil {
		t.Error(err)
	}
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	ctx := t.Context()
	sign := s3.NewPresignClient(at(admin).client(t))
	upload, err := sign.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("by url/é")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, upload.Method, upload.URL, strings.NewReader("sent by URL"), upload.SignedHeader); status != 200 {
		t.Fatalf("presigned PUT: %d %s", status, body)
	}
	download, err := sign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &bucket, Key: aws.String("by url/é"), ResponseContentDisposition: aws.String(`attachment; filename="a b.txt"`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, download.Method, download.URL, nil, download.SignedHeader); status != 200 || body != "sent by URL" {
		t.Errorf("presigned GET: %d %s", status, body)
	}
	if direct() {
		return
	}
	other, err := s3.NewPresignClient(at(limited).client(t)).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("by url/é")})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, other.Method, other.URL, nil, nil); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("a URL signed by somebody who may not: %d %s", status, body)
	}
	tests := []struct{ name, url, code string }{
		{"another key", strings.Replace(download.URL, "by%20url", "my%20url", 1), "SignatureDoesNotMatch"},
		{"longer life", strings.Replace(download.URL, "X-Amz-Expires=900", "X-Amz-Expires=901", 1), "SignatureDoesNotMatch"},
		{"an unsigned parameter", download.URL + "&versionId=null", "SignatureDoesNotMatch"},
	}
	for _, tt := range tests {
		if tt.url == download.URL {
			t.Fatalf("%s: the URL was not changed: %s", tt.name, tt.url)
		}
		if status, body := fetch(t, http.MethodGet, tt.url, nil, nil); status != 403 || !strings.Contains(body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: %d %s, want %s", tt.name, status, body, tt.code)
		}
	}
}

// fetch is what somebody does with a URL: no SDK, no credentials.
func fetch(t testing.TB, method, url string, body io.Reader, fields http.Header) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range fields {
		if name != "Host" {
			req.Header[name] = values
		}
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}
