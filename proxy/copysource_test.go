package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// With ?versionId= appended to a copy's source, a Deny on its key no longer
// matched: what is decided is the key and the version that the store is sent.
func TestMuseum_35_copySourceVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source string
		status int
		denied string // the action
	}{
		{"/reports/secret/a", 403, "s3:GetObject"},
		{"/reports/secret/a?versionId=v1", 403, "s3:GetObjectVersion"},
		{"reports/secret%2Fa?versionId=null", 403, "s3:GetObjectVersion"},
		{"reports%2Fsecret/a?versionId=v1", 403, "s3:GetObjectVersion"},
		{"/reports/secret/a?versionId=", 400, ""},
		{"/reports/secret/a?versionid=v1", 400, ""},
		{"/reports/secret/a?x=1&versionId=v1", 400, ""},
		{"/reports/secret/a%3FversionId=v1", 400, ""},
		{"/reports/a?versionId=v1", 200, ""},
		{"reports/a%20b%2Fc?versionId=v1", 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
			}
			got := b.serve(request(t, "alice", "PUT", "localhost", "/reports/k", "", wire.Field{Name: "x-amz-copy-source", Value: tt.source}))
			if got.status != tt.status || got.forwarded != (tt.status == 200) {
				t.Errorf("status %d, forwarded: %t: %s", got.status, got.forwarded, got.body)
			}
			if tt.denied != "" && !strings.Contains(got.body, "perform: "+tt.denied+" on resource: &quot;arn:aws:s3:::reports/secret/a&quot; with an explicit deny") {
				t.Errorf("answered %s, want an explicit denial of %s", got.body, tt.denied)
			}
			if got.forwarded && b.seen[0].Header.Get("X-Amz-Copy-Source") != tt.source {
				t.Errorf("the store got the source %q", b.seen[0].Header.Get("X-Amz-Copy-Source"))
			}
		})
	}
}
