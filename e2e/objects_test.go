//go:build unix

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// text is the body of an object the client got.
func text(t testing.TB, out *s3.GetObjectOutput, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	return string(b)
}

func TestPutGetHeadDelete(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	key := aws.String("a/b.txt")
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: key, Body: strings.NewReader("hello"), ContentType: aws.String("text/x-greeting"),
		Metadata: map[string]string{"colour": "green"},
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if *head.ContentLength != 5 || *head.ContentType != "text/x-greeting" || head.Metadata["colour"] != "green" {
		t.Errorf("HEAD says %d bytes of %s, metadata %v", *head.ContentLength, *head.ContentType, head.Metadata)
	}
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key})
	if got := text(t, out, err); got != "hello" {
		t.Errorf("got %q", got)
	}
	if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: key}); err != nil {
		t.Fatal(err)
	}
	if _, ok := stored(t, bucket, *key); ok {
		t.Error("the deleted object is still there")
	}
	if _, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key}); code(err) != "NoSuchKey" {
		t.Errorf("getting what was deleted: %v, want NoSuchKey", err)
	}
	if _, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &bucket}); err != nil {
		t.Error(err)
	}
}

func TestEmptyObject(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	for _, body := range []io.Reader{nil, strings.NewReader("")} {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("empty"), Body: body}); err != nil {
			t.Fatal(err)
		}
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("empty")})
		if got := text(t, out, err); got != "" {
			t.Errorf("got %q", got)
		}
	}
}

func TestListing(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	want := []string{"a 1", "dir/b+2", "dir/c", "z"}
	for _, key := range want {
		put(t, bucket, key, key)
	}
	var v1, v2 []string
	var marker *string
	for { // pages of three
		out, err := c.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: &bucket, MaxKeys: aws.Int32(3), Marker: marker})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out.Contents {
			v1 = append(v1, *o.Key)
		}
		if !aws.ToBool(out.IsTruncated) {
			break
		}
		marker = aws.String(v1[len(v1)-1])
	}
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(3)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out.Contents {
			v2 = append(v2, *o.Key)
		}
	}
	if !slices.Equal(v1, want) || !slices.Equal(v2, want) {
		t.Errorf("version 1 lists %q, version 2 %q, want %q", v1, v2, want)
	}
	out, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("dir/b+"), Delimiter: aws.String("/")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Contents) != 1 || *out.Contents[0].Key != "dir/b+2" {
		t.Errorf("a prefix with a plus lists %v", out.Contents)
	}
	buckets, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(buckets.Buckets, func(b types.Bucket) bool { return *b.Name == bucket }) {
		t.Errorf("ListBuckets does not show %s", bucket)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	_, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, bucket, "doc", "one")
	put(t, bucket, "doc", "two")
	list, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Versions) != 2 {
		t.Fatalf("%d versions, want 2", len(list.Versions))
	}
	for _, v := range list.Versions {
		want := "one"
		if *v.IsLatest {
			want = "two"
		}
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId})
		if got := text(t, out, err); got != want {
			t.Errorf("version %s holds %q, want %q", *v.VersionId, got, want)
		}
	}
	for _, v := range list.Versions {
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId}); err != nil {
			t.Error(err)
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	put(t, bucket, "from here/é+1", "payload")
	_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: &bucket, Key: aws.String("to"), CopySource: aws.String(bucket + "/from%20here/%C3%A9%2B1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := stored(t, bucket, "to"); got != "payload" {
		t.Errorf("the copy holds %q", got)
	}
}

// TestMuseum_14_multiDeleteLaterKeys: each key of a multi-delete is decided by
// itself, whatever came before it.
func TestMuseum_14_multiDeleteLaterKeys(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	keys := []string{"scratch/1", "kept/2", "scratch/3", "kept/4 <&>", "scratch/5"}
	for _, key := range keys {
		put(t, bucket, key, key)
	}
	out, err := at(limited).client(t).DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &bucket, Delete: identifiers(keys...)})
	if err != nil {
		t.Fatal(err)
	}
	var deleted, denied []string
	for _, d := range out.Deleted {
		deleted = append(deleted, *d.Key)
	}
	for _, e := range out.Errors {
		denied = append(denied, *e.Key)
		if *e.Code != "AccessDenied" {
			t.Errorf("%s: %s", *e.Key, *e.Code)
		}
	}
	slices.Sort(deleted)
	slices.Sort(denied)
	if want := []string{"scratch/1", "scratch/3", "scratch/5"}; !slices.Equal(deleted, want) {
		t.Errorf("deleted %q, want %q", deleted, want)
	}
	if want := []string{"kept/2", "kept/4 <&>"}; !slices.Equal(denied, want) {
		t.Errorf("denied %q, want %q", denied, want)
	}
	for _, key := range keys {
		if _, ok := stored(t, bucket, key); ok != strings.HasPrefix(key, "kept/") {
			t.Errorf("%s is in the store: %t", key, ok)
		}
	}
}

func TestMultiDeleteOfAll(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	var keys []string
	for i := range 50 {
		keys = append(keys, fmt.Sprintf("k/%02d", i))
		put(t, bucket, keys[i], "x")
	}
	out, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &bucket, Delete: identifiers(keys...)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Deleted) != len(keys) || len(out.Errors) != 0 {
		t.Errorf("%d deleted, %d errors", len(out.Deleted), len(out.Errors))
	}
}

func identifiers(keys ...string) *types.Delete {
	d := &types.Delete{}
	for _, key := range keys {
		d.Objects = append(d.Objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	return d
}

func TestTagging(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	put(t, bucket, "tagged", "x")
	want := []types.Tag{{Key: aws.String("project"), Value: aws.String("north + south @ 1")}}
	_, err := c.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{
		Bucket: &bucket, Key: aws.String("tagged"), Tagging: &types.Tagging{TagSet: want},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &bucket, Key: aws.String("tagged")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.TagSet) != 1 || *out.TagSet[0].Key != "project" || *out.TagSet[0].Value != "north + south @ 1" {
		t.Errorf("tags %v", out.TagSet)
	}
	if _, err := c.DeleteObjectTagging(t.Context(), &s3.DeleteObjectTaggingInput{Bucket: &bucket, Key: aws.String("tagged")}); err != nil {
		t.Error(err)
	}
	_, err = c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("born tagged"), Body: strings.NewReader("x"), Tagging: aws.String("project=north"),
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	put(t, bucket, "digits", "0123456789")
	tests := []struct{ asked, want string }{
		{"bytes=0-3", "0123"},
		{"bytes=4-", "456789"},
		{"bytes=-2", "89"},
	}
	for _, tt := range tests {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("digits"), Range: &tt.asked})
		if got := text(t, out, err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.asked, got, tt.want)
		}
		if out.ContentRange == nil {
			t.Errorf("%s: no content-range", tt.asked)
		}
	}
	_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("digits"), Range: aws.String("bytes=20-")})
	if httpStatus(err) != 416 {
		t.Errorf("a range past the end: %v, want 416", err)
	}
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	key := aws.String("doc")
	first, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: strings.NewReader("one"), IfNoneMatch: aws.String("*")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: strings.NewReader("two"), IfNoneMatch: aws.String("*")})
	if httpStatus(err) != 412 {
		t.Errorf("a second create: %v, want 412", err)
	}
	if got, _ := stored(t, bucket, *key); got != "one" {
		t.Errorf("the store holds %q", got)
	}
	if _, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key, IfNoneMatch: first.ETag}); httpStatus(err) != 304 {
		t.Errorf("get if changed: %v, want 304", err)
	}
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key, IfMatch: first.ETag})
	if got := text(t, out, err); got != "one" {
		t.Errorf("get if the same: %q", got)
	}
	if _, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key, IfMatch: aws.String(`"0"`)}); httpStatus(err) != 412 {
		t.Errorf("get if another: %v, want 412", err)
	}
}

// TestChecksums: what the SDK was asked to send and check arrives and holds,
// in the clear (checksum in a header) and over TLS (checksum in a trailer).
func TestChecksums(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	body := bytes.Repeat([]byte("sallyport "), 20_000)
	for _, algorithm := range []types.ChecksumAlgorithm{
		types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme,
		types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
	} {
		for name, c := range doors(t) {
			t.Run(fmt.Sprintf("%s/%s", name, algorithm), func(t *testing.T) {
				key := aws.String(name + "-" + string(algorithm))
				_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: bytes.NewReader(body), ChecksumAlgorithm: algorithm})
				if err != nil {
					t.Fatal(err)
				}
				out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled})
				if got := text(t, out, err); got != string(body) {
					t.Errorf("got %d other bytes", len(got))
				}
				if out.ChecksumType == "" {
					t.Error("the store kept no checksum")
				}
			})
		}
	}
}

// doors are clients at both doors, by what the door is.
func doors(t testing.TB) map[string]*s3.Client {
	t.Helper()
	all := map[string]*s3.Client{"clear": at(admin).client(t)}
	if !direct() {
		tls := place{shared.tlsEndpoint, shared.keys[admin]}
		all["tls"] = tls.client(t, func(o *s3.Options) { o.HTTPClient = shared.certificates.client() })
	}
	return all
}
