package s3_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
)

// Keys after the first denied one were deleted without authorisation: here
// every entry has accesses of its own, and the request that goes on holds the
// kept ones alone.
func TestMuseum_14_multiDeleteLaterKeys(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteString("<Delete>")
	keys := []string{"public/a", "secret/b", "public/c", "secret/d", "secret/b"}
	for _, k := range keys {
		body.WriteString("<Object><Key>" + k + "</Key></Object>")
	}
	body.WriteString("</Delete>")
	mapped, refusal := mapDelete(t, body.String())
	if refusal != nil {
		t.Fatal(refusal)
	}
	refusals := make([]*wire.Refusal, mapped.PerItem.Items())
	for i, a := range mapped.Accesses {
		if got, want := a.Resource, "arn:aws:s3:::reports/"+keys[mapped.PerItem.Item(i)]; got != want {
			t.Fatalf("access %d is to %s, want %s", i, got, want)
		}
		if strings.Contains(a.Resource, "/secret/") {
			refusals[mapped.PerItem.Item(i)] = denied
		}
	}
	sent := mapped.PerItem.Request(func(item int) bool { return refusals[item] == nil })
	again, refusal := mapDelete(t, string(sent))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if diff := cmp.Diff([]string{"s3:DeleteObject@reports/public/a", "s3:DeleteObject@reports/public/c"}, printed(again.Accesses)); diff != "" {
		t.Error(diff)
	}
}

// A source with %2F, a leading slash or a version was authorised as another
// object than the one copied.
func TestMuseum_15_copySourceDecodedOnce(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"archive/dir/a", "/archive/dir/a", "archive%2Fdir%2Fa", "/archive%2fdir/a", "archive/dir%2Fa", "archive/%64ir/a"} {
		got := accesses(t, "PUT", "/reports/k", "x-amz-copy-source: "+source)
		if got[1] != "s3:GetObject@archive/dir/a" {
			t.Errorf("%s: %v", source, got)
		}
		got = accesses(t, "PUT", "/reports/k", "x-amz-copy-source: "+source+"?versionId=v1")
		if got[1] != "s3:GetObjectVersion@archive/dir/a" {
			t.Errorf("%s with a version: %v", source, got)
		}
	}
	if got := accesses(t, "PUT", "/reports/k", "x-amz-copy-source: archive/%252F"); got[1] != "s3:GetObject@archive/%2F" {
		t.Errorf("decoded twice: %v", got)
	}
}

// Tags, ACL, retention and legal hold came along with PutObject unchecked.
func TestMuseum_16_headersOfPutObject(t *testing.T) {
	t.Parallel()
	got := accesses(t, "PUT", "/reports/k", "x-amz-acl: public-read", "x-amz-tagging: a=1", lockMode, lockUntil, "x-amz-object-lock-legal-hold: ON")
	for _, want := range []string{"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:PutObjectRetention", "s3:PutObjectLegalHold"} {
		if !slices.Contains(got, want+"@reports/k") {
			t.Errorf("%s is not demanded: %v", want, got)
		}
	}
}

// One PutObject of an archive wrote many keys.
func TestMuseum_17_archiveExtraction(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"x-amz-meta-snowball-auto-extract: true", "x-amz-meta-snowball-auto-extract: false", "x-amz-meta-minio-snowball-prefix: a",
		"x-minio-extract: true", "x-minio-snowball-prefix: a",
	} {
		if got := refused(t, "PUT", "/reports/k.tar", field); got != "NotImplemented" {
			t.Errorf("%s: %s", field, got)
		}
		name, value, _ := strings.Cut(field, ": ")
		for _, n := range []string{name, strings.ToUpper(name)} {
			if got := refused(t, "PUT", "/reports/k.tar?"+n+"="+value); got != "NotImplemented" {
				t.Errorf("hoisted %s: %s", n, got)
			}
		}
	}
}

// ?policy= or ?policy&x=1 hid the sub-resource, and a listing was authorised.
func TestMuseum_18_hiddenSubresource(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/reports?policy", "/reports?policy=", "/reports?policy=1", "/reports?policy&x-a=1", "/reports?x-a=1&policy=", "/reports?prefix=&policy", "/reports/?policy"} {
		if got := accesses(t, "GET", target); len(got) != 1 || got[0] != "s3:GetBucketPolicy@reports" {
			t.Errorf("%s: %v", target, got)
		}
	}
	for _, target := range []string{"/reports?policy&x=1", "/reports?polic%79", "/reports?Policy", "/reports?policy;x", "/reports?policy&policy", "/reports?list-type=2&policy"} {
		if req, refusal := parse("GET", target); refusal == nil {
			if _, mapped, refusal := mapWith(mapper, req, place(), ""); refusal == nil {
				t.Errorf("%s: %v", target, printed(mapped.Accesses))
			}
		}
	}
}

// One name was authorised and another forwarded: every key that is mapped is
// the one that its raw path says, decoded once and otherwise untouched.
func TestMuseum_19_keysAreNotCleaned(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, key string }{
		{"a+b", "a+b"}, {"a%2Bb", "a+b"}, {"a%20b", "a b"}, {"a//b", "a//b"}, {"/a", "/a"}, {"a/../b", "a/../b"}, {"..%2Fb", "../b"},
		{"%2e%2e/b", "../b"}, {"a/%2E/b", "a/./b"}, {"a%252Fb", "a%2Fb"}, {"a;b", "a;b"}, {"a%3Fb", "a?b"}, {"a%23b", "a#b"}, {"a%0Ab", "a\nb"},
	}
	for _, tt := range tests {
		op, mapped, refusal := mapWith(mapper, request(t, "GET", "/reports/"+tt.raw), place(), "")
		if refusal != nil {
			t.Errorf("%s: %v", tt.raw, refusal)
			continue
		}
		if op.Key != tt.key || mapped.Accesses[0].Resource != "arn:aws:s3:::reports/"+tt.key {
			t.Errorf("%s: key %q, resource %q", tt.raw, op.Key, mapped.Accesses[0].Resource)
		}
	}
	for _, raw := range []string{"%00", "a%00", "%FF", "a%C3", "%C0%AF"} {
		if got := refused(t, "GET", "/reports/"+raw); got != "InvalidURI" {
			t.Errorf("%s: %s", raw, got)
		}
	}
}

// A host with a port, a trailing dot, or another name was taken for another
// bucket: here the route alone says whether the host names one.
func TestMuseum_20_hosts(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"archive.s3.example.com", "archive.s3.example.com:9000", "archive.s3.example.com.", "ARCHIVE.s3.example.com", "archive", "[::1]:9000", ""} {
		req := request(t, "GET", "/reports/k")
		req.Host = host
		_, mapped, refusal := mapWith(mapper, req, place(), "")
		if refusal != nil || printed(mapped.Accesses)[0] != "s3:GetObject@reports/k" {
			t.Errorf("path style, host %q: %v, %v", host, printed(mapped.Accesses), refusal)
		}
		at := place()
		at.Bucket = "reports"
		req = request(t, "GET", "/archive/k")
		req.Host = host
		_, mapped, refusal = mapWith(mapper, req, at, "")
		if refusal != nil || printed(mapped.Accesses)[0] != "s3:GetObject@reports/archive/k" {
			t.Errorf("virtual host, host %q: %v, %v", host, printed(mapped.Accesses), refusal)
		}
	}
	for _, bucket := range []string{"reports.", ".reports", "Reports", "reports:9000", "[::1]", "192.0.2.1"} {
		at := place()
		at.Bucket = bucket
		if _, _, refusal := mapWith(mapper, request(t, "GET", "/k"), at, ""); refusal == nil || refusal.Code != "InvalidBucketName" {
			t.Errorf("bucket %q: %v", bucket, refusal)
		}
	}
}

// With ?versionId= appended, a Deny on the key of a copy's source no longer
// matched.
func TestMuseum_35_copySourceVersion(t *testing.T) {
	t.Parallel()
	_, mapped, refusal := mapWith(mapper, request(t, "PUT", "/reports/k", "x-amz-copy-source: archive/secret?versionId=v1"), place(), "")
	if refusal != nil {
		t.Fatal(refusal)
	}
	source := mapped.Accesses[1]
	if source.Action != "s3:GetObjectVersion" || source.Resource != "arn:aws:s3:::archive/secret" || keyOf(&source, "s3:versionid") != "v1" {
		t.Errorf("%+v", source)
	}
	if got := keyOf(&mapped.Accesses[0], "s3:x-amz-copy-source"); got != "archive/secret" {
		t.Errorf("s3:x-amz-copy-source is %q", got)
	}
	// Where stores differ on whether a version is named, nothing is decided.
	for _, source := range []string{"archive/secret%3FversionId=v1", "archive/secret%3fversionId%3Dv1", "archive%2Fsecret%3FversionId%3Dv1"} {
		if got := refused(t, "PUT", "/reports/k", "x-amz-copy-source: "+source); got != "InvalidArgument" {
			t.Errorf("%s: %s", source, got)
		}
	}
}
