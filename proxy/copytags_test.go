package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestServeCopyTags_exact demands what tags take of copies whose source has any,
// and of no others: the tags that come along are those that the request gives.
func TestServeCopyTags_exact(t *testing.T) {
	t.Parallel()
	replace := wire.Field{Name: "x-amz-tagging-directive", Value: "REPLACE"}
	tests := []struct {
		name, user, source string
		target             string // or reports/out/a
		fields             []wire.Field
		status, asked      int
		denied             string // the action
	}{
		{name: "tags that may be written", user: "gina", source: "open.csv", status: 200, asked: 1},
		{name: "tags that may not be written", user: "gina", source: "closed.csv", status: 403, asked: 1, denied: "s3:PutObjectTagging"},
		{name: "the version's tags", user: "gina", source: "open.csv?versionId=v1", status: 403, asked: 1, denied: "s3:PutObjectTagging"},
		{name: "no tags", user: "gina", source: "untagged.csv", status: 200, asked: 1},
		{name: "no source", user: "gina", source: "gone.csv", status: 200, asked: 1}, // the store's to say
		{name: "tags that cannot be read", user: "gina", source: "fail.csv", status: 503, asked: 1},
		{name: "a store without tags", user: "gina", source: "unknown.csv", status: 200, asked: 1},
		{name: "tags that are replaced", user: "gina", source: "closed.csv", fields: []wire.Field{replace}, status: 200},
		{name: "a directive that is none", user: "gina", source: "closed.csv", fields: []wire.Field{{Name: "x-amz-tagging-directive", Value: "replace"}}, status: 400},
		{name: "tags beside those that come along", user: "gina", source: "open.csv", fields: []wire.Field{{Name: "x-amz-tagging", Value: "class=open"}}, status: 400},
		{name: "a part", user: "gina", source: "closed.csv", target: "/reports/out/a?uploadId=u&partNumber=1", status: 200},
		{name: "a target that may not be written", user: "gina", source: "open.csv", target: "/reports/a", status: 403, denied: "s3:PutObject"},
		{name: "no right to write tags", user: "erin", source: "open.csv", status: 403, asked: 1, denied: "s3:PutObjectTagging"},
		{name: "no right to write tags, and none come", user: "frank", source: "untagged.csv", target: "/reports/frank/a", status: 200, asked: 1},
		{name: "no right to read tags", user: "frank", source: "open.csv", target: "/reports/frank/a", status: 403, asked: 1, denied: "s3:GetObjectTagging"},
		{name: "a Deny by tags of what may not be read", user: "hal", source: "unread/secret.csv", status: 403, asked: 1, denied: "s3:GetObject"},
		{name: "a Deny by tags that may not be read", user: "hal", source: "untold/secret.csv", status: 403, asked: 1, denied: "s3:GetObjectTagging"},
		{name: "the same of writing them", user: "hal", source: "untold/closed.csv", status: 403, asked: 1, denied: "s3:GetObjectTagging"},
		{name: "the same of tags that cannot be read", user: "hal", source: "unread/fail.csv", status: 403, asked: 1, denied: "s3:GetObject"},
		{name: "a Deny of writing what has a tag", user: "hal", source: "secret.csv", status: 403, asked: 1, denied: "s3:PutObject"},
		{name: "the same, of other tags", user: "hal", source: "open.csv", status: 200, asked: 2},
		{name: "the same, of what cannot be read", user: "hal", source: "fail.csv", status: 503, asked: 1},
		{name: "the same, of a store without tags", user: "hal", source: "unknown.csv", status: 200, asked: 1},
		{name: "a Deny of tags of the target", user: "hal", source: "open.csv", target: "/reports/secret.csv", status: 403, asked: 2, denied: "s3:PutObjectTagging"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.route.Mapper = s3.New(s3.Options{ObjectTags: true, CopyTags: s3.CopyTagsExact})
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
			}
			b.tagged(map[string]string{
				"/reports/open.csv": "open", "/reports/open.csvv1": "closed", "/reports/closed.csv": "closed", "/reports/untagged.csv": "",
				"/reports/secret.csv": "secret", "/reports/fail.csv": "fail", "/reports/unknown.csv": "unknown",
				"/reports/unread/secret.csv": "secret", "/reports/unread/fail.csv": "fail", "/reports/untold/secret.csv": "secret", "/reports/untold/closed.csv": "closed",
			})
			if tt.target == "" {
				tt.target = "/reports/out/a"
			}
			fields := append(tt.fields, wire.Field{Name: "x-amz-copy-source", Value: "/reports/" + tt.source})
			got := b.serve(request(t, tt.user, "PUT", "localhost", tt.target, "", fields...))
			if got.status != tt.status || b.asked() != tt.asked {
				t.Errorf("status %d after %d look-ups, want %d and %d: %s", got.status, b.asked(), tt.status, tt.asked, got.body)
			}
			if tt.denied != "" && !strings.Contains(got.body, "perform: "+tt.denied+" on") {
				t.Errorf("answered %s, want a denial of %s", got.body, tt.denied)
			}
			if record := b.recorded(); tt.status == 503 && !strings.Contains(record, `"decision":"undecided","unread":"s3:requestobjecttag"`) {
				t.Errorf("recorded %s", record)
			}
		})
	}
}

// TestServeCopyTags_remembered: what tags of the source were a moment ago does not
// count, whatever is remembered of them.
func TestServeCopyTags_remembered(t *testing.T) {
	t.Parallel()
	b := newBenchAt(t, func(o *upstream.Options) { o.TagLifetime = time.Minute })
	b.route.Mapper = s3.New(s3.Options{ObjectTags: true, CopyTags: s3.CopyTagsExact})
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
	}
	copied := func(tag string) reply {
		b.tagged(map[string]string{"/reports/in.csv": tag})
		return b.serve(request(t, "gina", "PUT", "localhost", "/reports/out/a", "", wire.Field{Name: "x-amz-copy-source", Value: "/reports/in.csv"}))
	}
	for _, tt := range []struct {
		tag    string
		status int
	}{{"", 200}, {"closed", 403}, {"open", 200}, {"closed", 403}} {
		if got := copied(tt.tag); got.status != tt.status {
			t.Errorf("with the tag %q: %d %s", tt.tag, got.status, got.body)
		}
	}
}

// TestServeCopyTags_observed lets pass a copy of which nobody can tell whether it
// takes tags along, and records that nothing was decided.
func TestServeCopyTags_observed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.Mapper, b.route.Observe = s3.New(s3.Options{ObjectTags: true, CopyTags: s3.CopyTagsExact}), true
	b.tagged(map[string]string{"/reports/fail.csv": "fail"})
	got := b.serve(request(t, "gina", "PUT", "localhost", "/reports/out/a", "", wire.Field{Name: "x-amz-copy-source", Value: "/reports/fail.csv"}))
	if got.status != 200 || b.asked() != 1 {
		t.Errorf("status %d after %d look-ups: %s", got.status, b.asked(), got.body)
	}
	const undecided = `"decision":"undecided","unread":"s3:requestobjecttag","enforced":false`
	if record := b.recorded(); strings.Count(record, undecided) != 2 {
		t.Errorf("recorded %s, want two of %s", record, undecided)
	}
}
