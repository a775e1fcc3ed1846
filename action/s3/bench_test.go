package s3_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
)

func BenchmarkMap(b *testing.B) {
	signed := []string{
		"accept-encoding: identity", "user-agent: aws-cli/2.30.0 md/awscrt#0.27 ua/2.1", "x-amz-date: 20260701T120000Z",
		"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260701/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
		"amz-sdk-invocation-id: 1", "amz-sdk-request: attempt=1", "content-length: 0",
	}
	tests := []struct {
		name, method, target string
		fields               []string
	}{
		{"GetObject", "GET", "/reports/2026/07/01/part-00017.parquet", nil},
		{"GetObject-tags", "GET", "/reports/2026/07/01/part-00017.parquet", nil}, // to be read
		{"GetObject-escaped", "GET", "/reports/2026/07/01/part%2000017.parquet?versionId=v1", nil},
		{"GetObject-presigned", "GET", "/reports/2026/q1.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=s", nil},
		{"PutObject", "PUT", "/reports/2026/07/01/part-00017.parquet?x-id=PutObject", []string{"x-amz-checksum-crc32: AAAAAA==", "x-amz-sdk-checksum-algorithm: CRC32"}},
		{"PutObject-tags", "PUT", "/reports/2026/q1.csv", []string{"x-amz-tagging: team=a&project=b", "x-amz-acl: private"}},
		{"CopyObject", "PUT", "/reports/2026/q1.csv", []string{"x-amz-copy-source: archive/2026/q1.csv"}},
		{"ListObjectsV2", "GET", "/reports?list-type=2&prefix=2026%2F&delimiter=%2F&max-keys=1000", nil},
	}
	for _, bb := range tests {
		b.Run(bb.name, func(b *testing.B) {
			fields := append(signed[:len(signed):len(signed)], bb.fields...)
			if bb.name == "GetObject-presigned" {
				fields = signed[:2]
			}
			mapper := mapper
			if bb.name == "GetObject-tags" {
				mapper = s3.New(s3.Options{ObjectTags: true})
			}
			req := request(b, bb.method, bb.target, fields...)
			at := place()
			b.ReportAllocs()
			for b.Loop() {
				op, refusal := mapper.Recognise(req, at)
				if refusal != nil {
					b.Fatal(refusal)
				}
				if _, refusal = mapper.Map(req, &op, at, nil); refusal != nil {
					b.Fatal(refusal)
				}
				op.Release() // as the enforcement point does
			}
		})
	}
}
