package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// tagged makes the store answer GetObjectTagging of keys with their tags, and
// everything else as before.
func (b *bench) tagged(tags map[string]string) {
	next := b.answer
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("tagging") || r.Method != "GET" {
			next(w, r)
			return
		}
		value, ok := tags[r.URL.Path+r.URL.Query().Get("versionId")]
		switch {
		case !ok:
			w.WriteHeader(404)
			fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
		case value == "fail":
			w.WriteHeader(500)
		case value == "unknown":
			w.WriteHeader(501)
			fmt.Fprint(w, "<Error><Code>NotImplemented</Code></Error>")
		case value == "":
			fmt.Fprint(w, "<Tagging><TagSet></TagSet></Tagging>")
		default:
			fmt.Fprintf(w, "<Tagging><TagSet><Tag><Key>Class</Key><Value>%s</Value></Tag></TagSet></Tagging>", value)
		}
	}
}

// asked counts the requests for tags that the store saw.
func (b *bench) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.seen {
		if r.Method == "GET" && r.URL.Query().Has("tagging") {
			n++
		}
	}
	return n
}

// TestServeObjectTags reads the tags of objects where, and only where, a
// decision depends on them.
func TestServeObjectTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, method, target string
		fields                     []wire.Field
		status, asked              int
	}{
		{"a tag that allows", "erin", "GET", "/reports/open.csv", nil, 200, 1},
		{"a tag that does not", "erin", "GET", "/reports/closed.csv", nil, 403, 1},
		{"no such object", "erin", "GET", "/reports/gone.csv", nil, 403, 1},
		{"a version has tags of its own", "erin", "GET", "/reports/open.csv?versionId=v1", nil, 403, 1},
		{"tags that cannot be read", "erin", "GET", "/reports/fail.csv", nil, 503, 1},
		{"a store without tags", "erin", "GET", "/reports/unknown.csv", nil, 503, 1},
		{"an action that has no tags", "erin", "PUT", "/reports/open.csv", nil, 403, 0},
		{"a copy reads those of its source", "erin", "PUT", "/reports/out/a", []wire.Field{{Name: "x-amz-copy-source", Value: "/reports/open.csv"}}, 200, 1},
		{"a copy of what may not be read", "erin", "PUT", "/reports/out/a", []wire.Field{{Name: "x-amz-copy-source", Value: "/reports/closed.csv"}}, 403, 1},
		{"a Deny by tag", "frank", "GET", "/reports/secret.csv", nil, 403, 1},
		{"a Deny by tag, of another", "frank", "GET", "/reports/open.csv", nil, 200, 1},
		{"a Deny by tag that cannot be read", "frank", "GET", "/reports/fail.csv", nil, 503, 1},
		{"denied whatever the tags", "frank", "GET", "/reports/never/a", nil, 403, 0},
		{"allowed whatever the tags", "alice", "GET", "/reports/fail.csv", nil, 200, 0},
		{"anonymous", "", "GET", "/reports/open.csv", nil, 403, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
			}
			b.tagged(map[string]string{
				"/reports/open.csv": "open", "/reports/open.csvv1": "closed", "/reports/closed.csv": "closed",
				"/reports/secret.csv": "secret", "/reports/fail.csv": "fail", "/reports/unknown.csv": "unknown",
			})
			got := b.serve(request(t, tt.user, tt.method, "localhost", tt.target, "", tt.fields...))
			if got.status != tt.status || b.asked() != tt.asked {
				t.Errorf("status %d after %d look-ups, want %d and %d: %s", got.status, b.asked(), tt.status, tt.asked, got.body)
			}
			if tt.status == 503 && !strings.Contains(got.body, "ServiceUnavailable") {
				t.Errorf("answered %s", got.body)
			}
		})
	}
}

// TestServeObjectTags_observed lets pass what cannot be decided: a store that is
// slow to tell tags is no outage while policies are tried.
func TestServeObjectTags_observed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tagged(map[string]string{"/reports/fail.csv": "fail"})
	b.route.Observe = true
	if got := b.serve(request(t, "erin", "GET", "localhost", "/reports/fail.csv", "")); got.status != 200 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if counted := b.decisions(); counted["observed unavailable"] != 1 {
		t.Errorf("counted %v", counted)
	}
	// It is no denial by a policy, and looks like none.
	record := b.recorded()
	if !strings.Contains(record, `"decision":"undecided","unread":"s3:existingobjecttag/","enforced":false`) || strings.Contains(record, "implicit_deny") {
		t.Errorf("recorded %s", record)
	}
}

// TestServeObjectTags_undecided records what could not be decided as such where
// it is enforced, too.
func TestServeObjectTags_undecided(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tagged(map[string]string{"/reports/fail.csv": "fail"})
	if got := b.serve(request(t, "erin", "GET", "localhost", "/reports/fail.csv", "")); got.status != 503 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if counted := b.decisions(); counted["refused unavailable"] != 1 {
		t.Errorf("counted %v", counted)
	}
	if record := b.recorded(); !strings.Contains(record, `"decision":"undecided","unread":"s3:existingobjecttag/"}`) {
		t.Errorf("recorded %s", record)
	}
}

// TestServeObjectTags_many bounds what one request makes the store tell.
func TestServeObjectTags_many(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`)
	}
	tags := map[string]string{}
	var body strings.Builder
	body.WriteString("<Delete>")
	for i := range 70 {
		key := fmt.Sprintf("many/%d", i)
		tags["/reports/"+key] = "open"
		fmt.Fprintf(&body, "<Object><Key>%s</Key><ETag>e</ETag></Object>", key)
	}
	body.WriteString("</Delete>")
	b.tagged(tags)
	got := b.serve(request(t, "erin", "POST", "localhost", "/reports?delete", body.String()))
	if got.status != 200 || b.asked() != 64 {
		t.Errorf("status %d after %d look-ups, want 200 and 64", got.status, b.asked())
	}
	if n := strings.Count(got.body, "<Code>ServiceUnavailable</Code>"); n != 6 {
		t.Errorf("%d entries unavailable, want 6: %s", n, got.body)
	}
}
