//go:build unix

package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestUploadIDIsNoPath: the store joins an upload's id into a path of its
// files, so that uploadId=../../../../../x wrote parts into any folder and
// aborting such an upload deleted it.
func TestUploadIDIsNoPath(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	p := at(admin)
	outside := filepath.Join(filepath.Dir(shared.store.Objects), "outside-"+random(6))
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	// From the folder of the key's uploads, in the bucket's private one.
	id := "../../../../../" + filepath.Base(outside)
	for _, query := range []string{"uploadId=" + id, "uploadId=" + url.QueryEscape(id), "uploadId=.."} {
		part := p.signed(t, "PUT", "/"+bucket+"/k?"+query+"&partNumber=1", sum256("x"), "Content-Length: 1").carrying("x")
		abort := p.signed(t, "DELETE", "/"+bucket+"/k?"+query, emptyHash)
		list := p.signed(t, "GET", "/"+bucket+"/k?"+query, emptyHash)
		for _, m := range []*message{part, list, abort} {
			if response, answer := exchange(t, p.endpoint, m.String()); response.StatusCode != 404 || !strings.Contains(answer, "<Code>NoSuchUpload</Code>") {
				t.Errorf("%s %s: %d %s", m.method, query, response.StatusCode, answer)
			}
		}
	}
	files, err := os.ReadDir(outside)
	if err != nil || len(files) > 0 {
		t.Errorf("the folder outside holds %v (%v)", files, err)
	}
}

// TestPrivateFolderIsClosed: the parts of an upload are files in a folder of the
// store's own in the bucket, which was read and written as keys like others.
func TestPrivateFolderIsClosed(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	p := at(admin)
	client := shared.store.Client()
	upload, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("secret")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &bucket, Key: aws.String("secret"), UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader(probeText)})
	if err != nil {
		t.Fatal(err)
	}
	folder := ".sgwtmp/multipart/" + sum256("secret") + "/" + *upload.UploadId
	if _, err := os.Stat(filepath.Join(shared.store.Objects, bucket, filepath.FromSlash(folder))); err != nil {
		t.Fatalf("the store keeps parts elsewhere now: %v", err)
	}
	part := "/" + bucket + "/" + folder + "/1"
	for _, m := range []*message{
		p.signed(t, "GET", part, emptyHash),
		p.signed(t, "PUT", part, sum256("x"), "Content-Length: 1").carrying("x"),
		p.signed(t, "DELETE", part, emptyHash),
		p.signed(t, "PUT", "/"+bucket+"/copy", emptyHash, "x-amz-copy-source: "+part),
		p.signed(t, "GET", "/"+bucket+"?prefix="+url.QueryEscape(folder), emptyHash),
		p.signed(t, "GET", "/"+bucket+"?list-type=2&prefix=.sgwtmp%2Fmultipart%2F", emptyHash),
	} {
		if response, answer := exchange(t, p.endpoint, m.String()); response.StatusCode != 400 || strings.Contains(answer, probeText) {
			t.Errorf("%s %s: %d %s", m.method, m.target, response.StatusCode, answer)
		}
	}
	out, err := client.ListParts(t.Context(), &s3.ListPartsInput{Bucket: &bucket, Key: aws.String("secret"), UploadId: upload.UploadId})
	if err != nil || len(out.Parts) != 1 || *out.Parts[0].Size != int64(len(probeText)) {
		t.Errorf("the part is another now: %v %v", out, err)
	}
}
