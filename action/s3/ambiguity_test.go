package s3_test

import (
	"testing"
)

func TestSelectorsByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, target, want string }{ // want: first access, or a code
		{"GET", "/reports?versioning=1", "s3:GetBucketVersioning@reports"},
		{"GET", "/reports?policy=", "s3:GetBucketPolicy@reports"},
		{"GET", "/reports?prefix=a&policy&delimiter=%2F", "s3:GetBucketPolicy@reports"},
		{"GET", "/reports?Versioning", "NotImplemented"},
		{"GET", "/reports?POLICY=1", "NotImplemented"},
		{"GET", "/reports?p%6Flicy", "InvalidArgument"},
		{"GET", "/reports?policy%20", "InvalidArgument"},
		{"GET", "/reports?&&policy&", "s3:GetBucketPolicy@reports"},
		{"GET", "/reports?events=s3:ObjectCreated:*", "NotImplemented"},
		{"GET", "/reports?replication-metrics", "NotImplemented"},
		{"GET", "/reports?metadata=true", "NotImplemented"},
		{"GET", "/reports/k?lambdaArn=arn:minio:s3-object-lambda::f:webhook", "NotImplemented"},
		{"PUT", "/reports/k?append&position=0", "NotImplemented"},
		{"GET", "/reports?usage", "NotImplemented"},
		{"GET", "/reports?futureFeature", "NotImplemented"},
		{"GET", "/reports?=x", "NotImplemented"},
		{"GET", "/reports/k?x-oss-process=image", "NotImplemented"},
		{"GET", "/reports/k?x-minio-extract=true", "NotImplemented"},
		{"GET", "/reports/k?x-trace=7", "s3:GetObject@reports/k"},
		{"GET", "/reports/k?x-trace", "NotImplemented"},
		{"GET", "/reports/k?x-trace=", "NotImplemented"},
		{"GET", "/reports/k?x-id=GetObject", "s3:GetObject@reports/k"},
		{"GET", "/reports/k?response-content-type=text%2Fplain", "s3:GetObject@reports/k"},
		{"GET", "/reports/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=s&X-Amz-Security-Token=t", "s3:GetObject@reports/k"},
		{"GET", "/reports?list-type=2", "s3:ListBucket@reports"},
		{"GET", "/reports?list-type=1", "InvalidArgument"},
		{"GET", "/reports?list-type", "InvalidArgument"},
		{"GET", "/reports?website=1", "InvalidArgument"},
		{"GET", "/?acl", "InvalidArgument"},
		{"GET", "/?max-buckets=5&prefix=r", "s3:ListAllMyBuckets@*"},
		{"GET", "/reports/k?cors", "InvalidArgument"},
		{"PUT", "/reports/k?cors", "InvalidArgument"},
		{"POST", "/reports/k?delete", "InvalidArgument"},
		{"GET", "/reports?retention", "InvalidArgument"},
		{"GET", "/reports?uploadId=u", "InvalidArgument"},
		{"PUT", "/reports?uploadId=u&partNumber=1", "InvalidArgument"},
		{"GET", "/reports?partNumber=1", "InvalidArgument"},
		{"GET", "/reports?versionId=v", "InvalidArgument"},
		{"POST", "/reports?delete&versionId=v", "InvalidArgument"},
		{"PUT", "/reports/k?versionId=v", "InvalidArgument"},
		{"PUT", "/reports/k?uploadId=u&partNumber=1&versionId=v", "InvalidArgument"},
		{"GET", "/reports/k?versionId=", "InvalidArgument"},
		{"GET", "/reports/k?versionId", "InvalidArgument"},
		{"DELETE", "/reports/k?versionId=null", "s3:DeleteObjectVersion@reports/k"},
		{"GET", "/reports/k?versionid=v", "NotImplemented"},
		{"GET", "/reports/k?versionId=a%00b", "InvalidArgument"},
		{"GET", "/reports/k?versionId=%FF", "InvalidArgument"},
		{"GET", "/reports/k?partNumber=1", "s3:GetObject@reports/k"},
		{"GET", "/reports/k?partNumber=0", "InvalidArgument"},
		{"GET", "/reports/k?partNumber=10001", "InvalidArgument"},
		{"GET", "/reports/k?partNumber=", "InvalidArgument"},
		{"PUT", "/reports/k?partNumber=1", "InvalidArgument"},
		{"PUT", "/reports/k?uploadId=u", "InvalidArgument"},
		{"PUT", "/reports/k?uploadId=&partNumber=1", "InvalidArgument"},
		{"PUT", "/reports/k?uploadId&partNumber=1", "InvalidArgument"},
		{"GET", "/reports/k?uploadId=u&partNumber=1", "InvalidArgument"},
		{"PUT", "/reports?analytics", "InvalidArgument"},
		{"GET", "/reports?analytics&id=", "InvalidArgument"},
		{"GET", "/reports?cors&id=a", "InvalidArgument"},
		{"POST", "/reports/k?select", "InvalidArgument"},
		{"POST", "/reports/k?select&select-type=3", "InvalidArgument"},
		{"PUT", "/reports/k?annotation", "InvalidArgument"},
		{"GET", "/reports/k?annotationName=n", "InvalidArgument"},
		{"GET", "/reports?max-keys=ten", "InvalidArgument"},
		{"GET", "/reports?max-keys=", "InvalidArgument"},
		{"GET", "/reports?max-keys=-1", "InvalidArgument"},
		{"GET", "/reports?prefix=%FF", "InvalidArgument"},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(mapper, request(t, tt.method, tt.target), place(), "")
		var got string
		if refusal != nil {
			got = refusal.Code
		} else {
			got = printed(mapped.Accesses)[0]
		}
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.method, tt.target, got, tt.want)
		}
	}
}

func TestConflictMessage(t *testing.T) {
	t.Parallel()
	_, _, refusal := mapWith(mapper, request(t, "GET", "/reports?policy&acl"), place(), "")
	if refusal == nil || refusal.Status != 400 || refusal.Message != "Conflicting query string parameters: acl, policy" {
		t.Fatalf("%v", refusal)
	}
	if refusal.Detail[0].Value != "ResourceType" || refusal.Detail[1].Value != "acl" {
		t.Errorf("detail %v", refusal.Detail)
	}
}

func TestRepeatedParameters(t *testing.T) {
	t.Parallel()
	tests := []string{
		"/reports?prefix=a&prefix=b", "/reports?prefix=a&prefix=a", "/reports?list-type=2&list-type=2", "/reports?policy&policy",
		"/reports?delimiter=%2F&delimiter", "/reports?max-keys=1&max-keys=1", "/reports/k?versionId=a&versionId=b",
		"/reports/k?uploadId=a&uploadId=a", "/reports/k?partNumber=1&partNumber=2", "/reports?marker=a&marker=b",
		"/reports/k?response-content-type=a&response-content-type=b", "/reports/k?x-amz-request-payer=a&X-Amz-Request-Payer=a",
		"/reports/k?X-Amz-Date=a&x-amz-date=b",
	}
	for _, target := range tests {
		if got := refused(t, "GET", target); got != "InvalidArgument" {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestHeadersThatAreNotDecided(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		fields         []string
		code           string
	}{
		{"PUT", "/reports/k", []string{"x-amz-tagging: a=1", "x-amz-tagging: b=2"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-copy-source: archive/a", "x-amz-copy-source: archive/b"}, "InvalidArgument"},
		{"GET", "/reports/k", []string{"if-match: a", "if-match: b"}, "InvalidArgument"},
		{"PUT", "/reports/k?x-amz-acl=private", []string{"x-amz-acl: public-read"}, "InvalidArgument"},
		{"PUT", "/reports/k?x-amz-copy-source=archive%2Fa", nil, "InvalidArgument"},
		{"PUT", "/reports/k?X-Amz-Copy-Source=archive%2Fa", nil, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-new-effect: 1"}, "NotImplemented"},
		{"PUT", "/reports/k?x-amz-new-effect=1", nil, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-amz-replication-status: REPLICA"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-minio-source-mtime: 1"}, "NotImplemented"},
		{"DELETE", "/reports", []string{"x-minio-force-delete: true"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-goog-copy-source: archive/a"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-tigris-rename: true", "x-amz-copy-source: archive/a"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"cf-create-bucket-if-missing: true"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"cf-copy-destination-if-none-match: *"}, "NotImplemented"},
		{"PUT", "/reports/k?cf-create-bucket-if-missing=true", nil, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-amz_acl: public-read"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x_amz_acl: public-read"}, "NotImplemented"},
		{"GET", "/reports/k", []string{"x-http-method-override: DELETE"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-amz-rename-source: /reports/a"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-amz-write-offset-bytes: 5"}, "NotImplemented"},
		{"GET", "/reports/k", []string{"x-amz-copy-source: archive/a"}, "InvalidArgument"},
		{"POST", "/reports/k?uploads", []string{"x-amz-copy-source: archive/a"}, "InvalidArgument"},
		{"PUT", "/reports/k?tagging", []string{"x-amz-copy-source: archive/a"}, "InvalidArgument"},
		{"PUT", "/reports", []string{"x-amz-copy-source: archive/a"}, "InvalidArgument"},
		{"PUT", "/reports/k?uploadId=u&partNumber=1", []string{"x-amz-tagging: a=1"}, "InvalidArgument"},
		{"PUT", "/reports/k?uploadId=u&partNumber=1", []string{"x-amz-acl: public-read"}, "InvalidArgument"},
		{"POST", "/reports/k?uploadId=u", []string{"x-amz-object-lock-legal-hold: ON"}, "InvalidArgument"},
		{"GET", "/reports/k", []string{"x-amz-grant-read: id=1"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-bypass-governance-retention: true"}, "InvalidArgument"},
		{"DELETE", "/reports/k", []string{"x-amz-bypass-governance-retention: 1"}, "InvalidArgument"},
		{"PUT", "/reports", []string{"x-amz-bucket-object-lock-enabled: yes"}, "InvalidArgument"},
		{"PUT", "/reports/k?tagging", []string{"if-match: abc"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"if-none-match: \"abc\""}, "NotImplemented"},
		{"DELETE", "/reports/k", []string{"x-amz-if-match-size: 3"}, "NotImplemented"},
		{"PUT", "/reports/k", []string{"x-amz-trailer: x-amz-tagging"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-trailer: x-amz-checksum-crc32, x-amz-tagging"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-object-lock-mode: GOVERNANCE"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-object-lock-mode: governance", "x-amz-object-lock-retain-until-date: 2027-01-01T00:00:00Z"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: tomorrow"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-object-lock-legal-hold: on"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-tagging: a=1&a=2"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-tagging: a=%zz"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-tagging: =1"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-tagging: a&b&c&d&e&f&g&h&i&j&k"}, "BadRequest"},
		{"PUT", "/reports/k", []string{"x-amz-copy-source: archive/a", "x-amz-tagging: a=1"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-copy-source: archive/a", "x-amz-tagging-directive: replace"}, "InvalidArgument"},
		{"PUT", "/reports/k", []string{"x-amz-storage-class: \xff"}, "InvalidArgument"},
	}
	for _, tt := range tests {
		if got := refused(t, tt.method, tt.target, tt.fields...); got != tt.code {
			t.Errorf("%s %s %q: %s, want %s", tt.method, tt.target, tt.fields, got, tt.code)
		}
	}
}

func TestHeadersThatPass(t *testing.T) {
	t.Parallel()
	got := accesses(t, "GET", "/reports/k", "authorization: AWS4-HMAC-SHA256 …", "x-amz-date: 20260701T120000Z", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
		"x-amz-security-token: t", "x-amzn-trace-id: Root=1", "x-forwarded-for: 192.0.2.1", "x-amz-meta-a: 1", "x-amz-meta-a: 2", "if-match: abc",
		"if-none-match: def", "range: bytes=0-1", "amz-sdk-request: attempt=1", "user-agent: aws-cli", "if: x", "cf-ray: 1", "x-amz-checksum-mode: ENABLED",
		"x-amz-optional-object-attributes: RestoreStatus", "x-amz-optional-object-attributes: Other")
	if len(got) != 1 || got[0] != "s3:GetObject@reports/k" {
		t.Errorf("%v", got)
	}
	got = accesses(t, "PUT", "/reports/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-amz-user-agent=js", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
	if len(got) != 1 || got[0] != "s3:PutObject@reports/k" {
		t.Errorf("%v", got)
	}
}
