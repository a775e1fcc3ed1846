//go:build unix

package e2e_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestVirtualHosts: the SDK puts the bucket into the host's name, as it does
// with Amazon S3; the store behind has it in the path.
func TestVirtualHosts(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	// Whatever the name, it is that door.
	everywhere := alwaysAt(shared.hostsAddress)
	p := place{"http://s3.example.com", shared.keys[admin]}
	var hosts []string
	c := p.client(t, once, func(o *s3.Options) {
		o.HTTPClient = clientFunc(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return everywhere.Do(r)
		})
	})
	key := "a b/é+1"
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("by host")}); err != nil {
		t.Fatal(err)
	}
	if got, _ := stored(t, bucket, key); got != "by host" {
		t.Errorf("the store holds %q", got)
	}
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if got := text(t, out, err); got != "by host" {
		t.Errorf("got %q", got)
	}
	_, err = c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("copy"), CopySource: aws.String(bucket + "/a%20b/%C3%A9%2B1")})
	if err != nil {
		t.Error(err)
	}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(list.Contents) != 2 {
		t.Errorf("the listing has %v, %v", list, err)
	}
	if _, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil { // no bucket: the bare host
		t.Error(err)
	}
	for _, host := range hosts[:len(hosts)-1] {
		if host != bucket+".s3.example.com" {
			t.Errorf("the SDK asked %s, want the bucket in front", host)
		}
	}

	stranger := place{"http://other.example.com", shared.keys[admin]}
	_, err = stranger.client(t, once, func(o *s3.Options) { o.HTTPClient = everywhere }).
		GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if status := httpStatus(err); status < 400 || status > 499 {
		t.Errorf("a host that no route has: %v, want a 4xx", err)
	}

	if status, _ := fetch(t, http.MethodGet, "http://"+shared.hostsAddress+"/-/healthy", nil, nil); status != http.StatusOK {
		t.Errorf("the health path answers %d", status)
	}
}

// alwaysAt is a client that connects to one address, whatever the host.
func alwaysAt(address string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
