//go:build unix

package e2e_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestObjectTags decides by tags that only the store knows: of the object, of a
// copy's source, of those that a copy takes along, and as they are after a change.
func TestObjectTags(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const byTag = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectTagging"], "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/class": "open"}}},
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/free/*"},
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/out/*"},
  {"Effect": "Allow", "Action": "s3:PutObjectTagging", "Resource": "arn:aws:s3:::*/out/*",
   "Condition": {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["class"]}}}]}`
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		if err := os.WriteFile(site.Path(limitedPolicy...), []byte(byTag), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	bucket := bucket(t)
	full, few := door.at(admin).client(t, once), door.at(limited).client(t, once)
	for key, tagging := range map[string]*string{"open ä": aws.String("class=open"), "closed": aws.String("class=closed"), "untagged": nil,
		"two tags": aws.String("class=open&secret=1"), "free/closed": aws.String("class=closed"), "free/untagged": nil} {
		if _, err := full.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Tagging: tagging}); err != nil {
			t.Fatal(err)
		}
	}
	get := func(key string) error {
		out, err := few.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err == nil {
			out.Body.Close()
		}
		return err
	}
	copied := func(key string) error {
		_, err := few.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("out/" + key), CopySource: aws.String(bucket + "/" + url.PathEscape(key))})
		return err
	}
	if err := get("open ä"); err != nil {
		t.Errorf("with the tag: %v", err)
	}
	if err := copied("open ä"); err != nil {
		t.Errorf("a copy of what has the tag: %v", err)
	}
	if err := copied("free/untagged"); err != nil {
		t.Errorf("a copy of what has no tags: %v", err)
	}
	wantDenied(t, copied("free/closed"), "s3:GetObjectTagging")
	wantDenied(t, copied("two tags"), "s3:PutObjectTagging")
	if out, err := full.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &bucket, Key: aws.String("out/open ä")}); err != nil || len(out.TagSet) != 1 {
		t.Errorf("the copy has the tags %v (%v)", out, err)
	}
	for _, key := range []string{"closed", "untagged", "not there"} {
		wantDenied(t, get(key), "s3:GetObject")
		wantDenied(t, copied(key), "s3:GetObject")
	}

	// Another tag counts once what was read of the old one is forgotten.
	_, err := full.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{
		Bucket: &bucket, Key: aws.String("closed"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("class"), Value: aws.String("open")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for limit := within(t, time.Minute); get("closed") != nil; {
		if limit.Err() != nil {
			t.Fatal("the new tag does not count")
		}
	}
}
