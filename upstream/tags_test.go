package upstream_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// tagging is a document of GetObjectTagging.
func tagging(tags ...upstream.Tag) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>`)
	for _, t := range tags {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", t.Key, t.Value)
	}
	return b.String() + "</TagSet></Tagging>"
}

// tagStore answers every request alike, and keeps what it was asked.
type tagStore struct {
	status int
	fields map[string]string
	body   string

	mu    sync.Mutex
	asked []string
}

func (s *tagStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.Host+" "+r.RequestURI)
	for name, value := range s.fields {
		w.Header().Set(name, value)
	}
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

// serveTags starts the store and tells its endpoint.
func serveTags(t *testing.T, s *tagStore) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *tagStore) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func TestObjectTags(t *testing.T) {
	t.Parallel()
	const notFound = "<Error><Code>%s</Code><Message>m</Message></Error>"
	const invalidVersion = "<Error><Code>InvalidArgument</Code><Message>m</Message><ArgumentName>versionId</ArgumentName></Error>"
	tests := []struct {
		name    string
		version string
		store   *tagStore
		want    []upstream.Tag
		refusal string // of its cause; empty if the tags are known, or that there are none
	}{
		{"two", "", &tagStore{status: 200, body: tagging(upstream.Tag{Key: "team", Value: "a &amp; b"}, upstream.Tag{Key: "é", Value: ""})},
			[]upstream.Tag{{Key: "team", Value: "a & b"}, {Key: "é", Value: ""}}, ""},
		{"none", "", &tagStore{status: 200, body: tagging()}, nil, ""},
		{"no object", "", &tagStore{status: 404, body: fmt.Sprintf(notFound, "NoSuchKey")}, nil, ""},
		{"no version", "", &tagStore{status: 404, body: fmt.Sprintf(notFound, "NoSuchVersion")}, nil, ""},
		{"no bucket", "", &tagStore{status: 404, body: fmt.Sprintf(notFound, "NoSuchBucket")}, nil, ""},
		{"a store without tags", "", &tagStore{status: 404, body: fmt.Sprintf(notFound, "NoSuchTagSet")}, nil, ""},
		{"a delete marker", "", &tagStore{status: 405, fields: map[string]string{"x-amz-delete-marker": "true"}, body: fmt.Sprintf(notFound, "MethodNotAllowed")}, nil, ""},
		{"the method is not allowed", "", &tagStore{status: 405, body: fmt.Sprintf(notFound, "MethodNotAllowed")}, nil, "405 MethodNotAllowed"},
		{"a page that is not there", "", &tagStore{status: 404, body: "<html>404</html>"}, nil, "404"},
		{"a 404 of another kind", "", &tagStore{status: 404, body: fmt.Sprintf(notFound, "NoSuchConfiguration")}, nil, "404 NoSuchConfiguration"},
		{"not implemented", "", &tagStore{status: 501, body: fmt.Sprintf(notFound, "NotImplemented")}, nil, ""},
		{"a 501 of another kind", "", &tagStore{status: 501, body: "<html>501</html>"}, nil, "501"},
		{"an id that no version has", "v", &tagStore{status: 400, body: invalidVersion}, nil, ""},
		{"the same, and none was asked for", "", &tagStore{status: 400, body: invalidVersion}, nil, "400 InvalidArgument"},
		{"another argument", "v", &tagStore{status: 400, body: fmt.Sprintf(notFound, "InvalidArgument")}, nil, "400 InvalidArgument"},
		{"forbidden", "", &tagStore{status: 403, body: fmt.Sprintf(notFound, "AccessDenied")}, nil, "403 AccessDenied"},
		{"busy", "", &tagStore{status: 503, body: fmt.Sprintf(notFound, "SlowDown")}, nil, "503 SlowDown"},
		{"the object itself", "", &tagStore{status: 200, body: "hello"}, nil, "no Tagging document"},
		{"another document", "", &tagStore{status: 200, body: "<ListBucketResult/>"}, nil, "no Tagging document"},
		{"half a document", "", &tagStore{status: 200, body: "<Tagging><TagSet><Tag><Key>a</Key>"}, nil, "no Tagging document"},
		{"no tag set", "", &tagStore{status: 200, body: "<Tagging/>"}, nil, "no TagSet"},
		{"a tag without value", "", &tagStore{status: 200, body: "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"}, nil, "without key or value"},
		{"eleven", "", &tagStore{status: 200, body: tagging(make([]upstream.Tag, 11)...)}, nil, "11 tags"},
		{"far too much", "", &tagStore{status: 200, body: tagging(upstream.Tag{Key: "a", Value: strings.Repeat("x", 70_000)})}, nil, "over 65536 bytes"},
		{"partial", "", &tagStore{status: 206, body: tagging()}, nil, "206"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, _ := open(t, serveTags(t, tt.store), nil)
			tags, kept, refusal := u.ObjectTags(t.Context(), upstream.Object{Bucket: "reports", Key: "k", Version: tt.version}, now, "R")
			if want := refusal == nil && tt.store.status != 501; kept != want {
				t.Errorf("kept is %t, want %t", kept, want)
			}
			switch {
			case tt.refusal == "":
				if refusal != nil {
					t.Fatalf("refused: %v (%s)", refusal, refusal.Cause)
				}
				if !slices.Equal(tags, tt.want) {
					t.Errorf("tags %q, want %q", tags, tt.want)
				}
			case refusal == nil:
				t.Errorf("tags %q, want a refusal", tags)
			case refusal.Status != 503 || !refusal.Retryable || !strings.Contains(refusal.Cause, tt.refusal):
				t.Errorf("refused %d (%s), want 503 and %q", refusal.Status, refusal.Cause, tt.refusal)
			}
		})
	}
}

// TestObjectTags_request checks that what is asked for is the very object, and
// in our name.
func TestObjectTags_request(t *testing.T) {
	t.Parallel()
	tests := []struct {
		object     upstream.Object
		addressing upstream.Addressing
		want       string
	}{
		{upstream.Object{Bucket: "reports", Key: "2026/q1.csv"}, upstream.Path, "GET %s /reports/2026/q1.csv?tagging="},
		{upstream.Object{Bucket: "reports", Key: "a b+c?d#é/../%2F"}, upstream.Path, "GET %s /reports/a%%20b%%2Bc%%3Fd%%23%%C3%%A9/../%%252F?tagging="},
		{upstream.Object{Bucket: "reports", Key: "k", Version: "a&versionId=b"}, upstream.Path, "GET %s /reports/k?tagging=&versionId=a%%26versionId%%3Db"},
		{upstream.Object{Bucket: "reports", Key: "//k"}, upstream.VirtualHosted, "GET reports.%s ///k?tagging="},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			store := &tagStore{status: 200, body: tagging()}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				req, refusal := nethttp.Request(r, "http", netip.AddrPort{})
				if refusal != nil {
					t.Error(refusal)
					return
				}
				if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, sigv4.Params{Now: now, Service: "s3", Regions: []string{"us-east-1"}, Keys: keys{}}); refusal != nil {
					t.Error(refusal)
				}
				store.ServeHTTP(w, r)
			}))
			t.Cleanup(server.Close)
			_, authority, _ := strings.Cut(server.URL, "//")
			authority = strings.Replace(authority, "127.0.0.1", "localhost", 1)
			u, _ := open(t, "http://"+authority, func(o *upstream.Options) { o.Addressing = tt.addressing })
			if _, _, refusal := u.ObjectTags(t.Context(), tt.object, now, "R"); refusal != nil {
				t.Fatal(refusal, refusal.Cause)
			}
			if got, want := store.requests(), []string{fmt.Sprintf(tt.want, authority)}; !slices.Equal(got, want) {
				t.Errorf("asked %q, want %q", got, want)
			}
		})
	}
}

// TestObjectTags_remembered reads tags again when a lifetime is over, and never
// those of another object.
func TestObjectTags_remembered(t *testing.T) {
	t.Parallel()
	store := &tagStore{status: 200, body: tagging(upstream.Tag{Key: "a", Value: "1"})}
	u, _ := open(t, serveTags(t, store), func(o *upstream.Options) { o.TagLifetime = time.Second })
	steps := []struct {
		object upstream.Object
		after  time.Duration
		asked  int // in all
	}{
		{upstream.Object{Bucket: "reports", Key: "k"}, 0, 1},
		{upstream.Object{Bucket: "reports", Key: "k"}, 999 * time.Millisecond, 1},
		{upstream.Object{Bucket: "reports", Key: "k", Version: "v"}, 999 * time.Millisecond, 2},
		{upstream.Object{Bucket: "reportsk", Key: ""}, 999 * time.Millisecond, 3},
		{upstream.Object{Bucket: "reports", Key: "k"}, time.Second, 4},
		{upstream.Object{Bucket: "reports", Key: "k", Version: "v"}, 1500 * time.Millisecond, 4},
		{upstream.Object{Bucket: "reports", Key: "k"}, 0, 5}, // the clock was set back
		{upstream.Object{Bucket: "reports", Key: "k"}, time.Hour, 6},
	}
	for i, step := range steps {
		tags, _, refusal := u.ObjectTags(t.Context(), step.object, now.Add(step.after), "R")
		if refusal != nil || len(tags) != 1 {
			t.Fatalf("step %d: tags %v, refusal %v", i, tags, refusal)
		}
		if asked := len(store.requests()); asked != step.asked {
			t.Errorf("step %d: asked %d times, want %d", i, asked, step.asked)
		}
	}
	// What is remembered is bounded: the first of many is forgotten.
	before := len(store.requests())
	const many = 8200
	for i := range many + 1 {
		if _, _, refusal := u.ObjectTags(t.Context(), upstream.Object{Bucket: "many", Key: fmt.Sprint(i % many)}, now, "R"); refusal != nil {
			t.Fatal(refusal)
		}
	}
	if asked := len(store.requests()) - before; asked != many+1 {
		t.Errorf("asked %d times, want %d", asked, many+1)
	}
}
