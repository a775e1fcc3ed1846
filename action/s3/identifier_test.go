package s3_test

import (
	"strings"
	"testing"
)

// uploadId=../../../../other was joined by a store into the path of its files:
// parts were written, and folders deleted, anywhere.
func TestUploadIDIsNoPath(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 1024)
	bad := []string{"..", ".", "../../../../outside", "a/b", "%2e%2e", "..%2f..%2foutside", "%2Fetc", "a%5Cb", "a%00", "a%0A", "a%20b", "%C3%A9", "a%2Bb", "a%25", "a:b", "*", long + "a"}
	good := []string{
		"VXBsb2FkIElE.bHk_-~", "2~nfDpqVCBDcFqE5fr4ZZrhVKi2xvIWpZ", "3HL4kqCxf3vjVBH40Nr8X8gdRQBpUMLUo", "null", "...", "a..b",
		"01JBZ3K9V1WQ7E8Z5X3R2M6N4P", "6dcf7d4d-4b9c-4e3c-8b0a-5f4d3c2b1a09", "ZGE4ZjI5YWQ=", long,
	}
	targets := []struct{ method, target string }{
		{"PUT", "/reports/k?partNumber=1&uploadId="}, {"GET", "/reports/k?uploadId="}, {"DELETE", "/reports/k?uploadId="}, {"POST", "/reports/k?uploadId="},
		{"GET", "/reports/k?versionId="}, {"HEAD", "/reports/k?versionId="}, {"DELETE", "/reports/k?versionId="}, {"GET", "/reports/k?tagging&versionId="},
		{"PUT", "/reports/k?legal-hold&versionId="},
		{"GET", "/reports?uploads&key-marker=k&upload-id-marker="}, {"GET", "/reports?versions&key-marker=k&version-id-marker="},
		{"GET", "/reports?analytics&id="}, {"DELETE", "/reports?metrics&id="}, {"GET", "/reports/k?annotation&annotationName="},
	}
	for _, tt := range targets {
		for _, id := range bad {
			want := "InvalidArgument"
			if strings.HasSuffix(tt.target, "uploadId=") && id != "a%00" { // what no parameter may hold
				want = "NoSuchUpload"
			}
			if got := refused(t, tt.method, tt.target+id); got != want {
				t.Errorf("%s %s%.40s: %s", tt.method, tt.target, id, got)
			}
		}
		for _, id := range good {
			accesses(t, tt.method, tt.target+id)
		}
	}
	for _, id := range bad {
		if got := refused(t, "PUT", "/reports/k", "x-amz-copy-source: archive/k?versionId="+id); got != "InvalidArgument" {
			t.Errorf("copy source of version %.40s: %s", id, got)
		}
	}
	for _, id := range good {
		accesses(t, "PUT", "/reports/k", "x-amz-copy-source: archive/k?versionId="+id)
	}
	for id, ok := range map[string]bool{"v1": true, "null": true, "..": false, "../../x": false, "a/b": false, "a b": false, "a+b": false} {
		_, refusal := mapDelete(t, "<Delete><Object><Key>k</Key></Object><Object><Key>k</Key><VersionId>"+id+"</VersionId></Object></Delete>")
		if ok != (refusal == nil) || refusal != nil && refusal.Code != "InvalidArgument" {
			t.Errorf("an entry of version %q: %v", id, refusal)
		}
	}
	// A marker may be empty: there is none.
	accesses(t, "GET", "/reports?uploads&upload-id-marker=&key-marker=")
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target string
		good   bool
	}{
		{"PUT /reports/k?uploadId=u&partNumber=1", true}, {"PUT /reports/k?uploadId=u&partNumber=10000", true}, {"GET /reports/k?partNumber=3", true},
		{"PUT /reports/k?uploadId=u&partNumber=0", false}, {"PUT /reports/k?uploadId=u&partNumber=10001", false}, {"PUT /reports/k?uploadId=u&partNumber=01", false},
		{"PUT /reports/k?uploadId=u&partNumber=%2B1", false}, {"PUT /reports/k?uploadId=u&partNumber=..", false}, {"GET /reports/k?partNumber=1/../2", false},
		{"GET /reports/k?uploadId=u&part-number-marker=3&max-parts=2", true}, {"GET /reports/k?uploadId=u&part-number-marker=../3", false},
		{"GET /reports/k?uploadId=u&max-parts=-1", false}, {"GET /reports?uploads&max-uploads=7", true}, {"GET /reports?uploads&max-uploads=x", false},
		{"GET /?max-buckets=10", true}, {"GET /?max-buckets=..", false},
	} {
		method, target, _ := strings.Cut(tt.target, " ")
		_, _, refusal := mapWith(mapper, request(t, method, target), place(), "")
		if tt.good != (refusal == nil) || refusal != nil && refusal.Code != "InvalidArgument" {
			t.Errorf("%s: %v", tt.target, refusal)
		}
	}
}
