package proxy_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/proxy"
)

// TestServeBucketTags decides by the tags that the bundle gives to a bucket.
func TestServeBucketTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		want           int
	}{
		{"GET", "/reports/a", 200},
		{"GET", "/reports", 200},
		{"PUT", "/reports/a", 200},
		{"DELETE", "/reports/a", 403}, // the tag that the Deny names
		{"GET", "/untagged/a", 403},   // absent is not equal
		{"DELETE", "/untagged/a", 403},
		{"GET", "/", 403},        // of no bucket
		{"PUT", "/reports", 403}, // of none that is there yet
	}
	b := newBench(t)
	for _, tt := range tests {
		if got := b.serve(request(t, "dave", tt.method, "localhost", tt.target, "")); got.status != tt.want {
			t.Errorf("%s %s: status %d, want %d: %s", tt.method, tt.target, got.status, tt.want, got.body)
		}
	}
}

func TestFillsBucketTag(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action, key string
		want        bool
	}{
		{"s3:GetObject", "aws:resourcetag/team", true},
		{"s3:ListBucket", "s3:buckettag/team", true},
		{"s3:GetObject", "aws:resourcetag/", false},
		{"s3:GetObject", "aws:resourcetag", false},
		{"s3:GetObject", "aws:requesttag/team", false},
		{"s3:CreateBucket", "aws:resourcetag/team", false},
		{"s3:ListAllMyBuckets", "aws:resourcetag/team", false},
		{"sqs:SendMessage", "aws:resourcetag/team", false},
	}
	for _, tt := range tests {
		if got := proxy.FillsBucketTag(tt.action, tt.key); got != tt.want {
			t.Errorf("%s on %s: %t, want %t", tt.key, tt.action, got, tt.want)
		}
	}
}
