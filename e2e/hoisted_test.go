//go:build unix

package e2e_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/store"
)

// presigned is a request that the query alone authenticates.
func (p place) presigned(t testing.TB, method, target string) *message {
	t.Helper()
	u, err := url.Parse(p.endpoint + target)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("X-Amz-Expires", "300")
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	req := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	credentials := aws.Credentials{AccessKeyID: p.key.AccessKeyID, SecretAccessKey: p.key.SecretAccessKey}
	link, _, err := signer.PresignHTTP(context.Background(), credentials, req, unsigned, "s3", store.Region, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	return &message{method: method, target: strings.TrimPrefix(link, p.endpoint), fields: []string{"Host: " + u.Host}}
}

// TestHoistedFieldsReachTheStore: ?x-amz-tagging= satisfied a policy that wants
// tags, and the store, which overlooks it in the query, stored the object
// without. It reads the header alone, which is where it gets them.
func TestHoistedFieldsReachTheStore(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	p := at(admin)
	const query = "?x-amz-tagging=class%3Dpublic%26team%3Da%2520b&x-amz-meta-colour=dark%20blue"
	header := p.signed(t, "PUT", "/"+bucket+"/header"+query, sum256("x"), "Content-Length: 1").carrying("x")
	link := p.presigned(t, "PUT", "/"+bucket+"/link"+query).with("Content-Length: 1").carrying("x")
	both := p.signed(t, "PUT", "/"+bucket+"/both"+query, sum256("x"), "Content-Length: 1", "x-amz-tagging: class=public&team=a%20b").carrying("x")
	for key, m := range map[string]*message{"header": header, "link": link, "both": both} {
		if response, answer := exchange(t, p.endpoint, m.String()); response.StatusCode != 200 {
			t.Errorf("%s: %d %s", key, response.StatusCode, answer)
			continue
		}
		tags, err := shared.store.Client().GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &bucket, Key: aws.String(key)})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		got := map[string]string{}
		for _, tag := range tags.TagSet {
			got[*tag.Key] = *tag.Value
		}
		if len(got) != 2 || got["class"] != "public" || got["team"] != "a b" {
			t.Errorf("%s: the store has the tags %v", key, got)
		}
		head, err := shared.store.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String(key)})
		if err != nil || head.Metadata["colour"] != "dark blue" {
			t.Errorf("%s: the store has the metadata %v (%v)", key, head, err)
		}
	}
	for _, query := range []string{"?x-amz-meta-a=1%0D%0Ax-amz-acl%3Apublic-read", "?x-amz-acl=%20public-read"} {
		m := p.signed(t, "PUT", "/"+bucket+"/evil"+query, sum256("x"), "Content-Length: 1").carrying("x")
		if response, answer := exchange(t, p.endpoint, m.String()); response.StatusCode != 400 {
			t.Errorf("%s: %d %s", query, response.StatusCode, answer)
		}
		if _, ok := stored(t, bucket, "evil"); ok {
			t.Errorf("%s: the object is in the store", query)
		}
	}
}
