package proxy_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestMuseum_15_formCopySource: a form stores its file: it copies nothing, and
// its key is no source with a version.
func TestMuseum_15_formCopySource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, user := range []string{"alice", ""} {
		for _, name := range []string{"x-amz-copy-source", "X-Amz-Copy-Source", "x-amz-copy-source-range", "x-amz-metadata-directive"} {
			got := b.serve(form{fields: []wire.Field{field("key", "inbox/a"), field(name, "/reports/secret%2Fa?versionId=v")}}.by(t, user))
			if got.status != 400 || got.forwarded {
				t.Errorf("%s by %q: %+v", name, user, got)
			}
		}
		req := form{fields: []wire.Field{field("key", "inbox/a")}}.by(t, user)
		req.Fields.Add("x-amz-copy-source", "/reports/secret/a")
		if got := b.serve(req); got.status != 400 || got.forwarded {
			t.Errorf("a header by %q: %+v", user, got)
		}
	}
	if got := b.serve(form{fields: []wire.Field{field("key", "a?versionId=v&tagging")}}.by(t, "alice")); got.status != 204 {
		t.Fatalf("%+v", got)
	}
	if sent, _ := b.last(); sent.RequestURI != "/reports/a%3FversionId%3Dv%26tagging" {
		t.Errorf("the store got %s", sent.RequestURI)
	}
}

// TestMuseum_16_formFields: what a form asks for beside its file is each its
// own action, as in the header of PutObject.
func TestMuseum_16_formFields(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tests := []struct {
		fields []wire.Field
		action string
	}{
		{[]wire.Field{field("tagging", oneTag)}, "s3:PutObjectTagging"},
		{[]wire.Field{field("tagging", "<Tagging><TagSet/></Tagging>")}, "s3:PutObjectTagging"},
		{[]wire.Field{field("acl", "private")}, "s3:PutObjectAcl"},
		{[]wire.Field{field("ACL", "bucket-owner-full-control")}, "s3:PutObjectAcl"},
		{[]wire.Field{field("x-amz-object-lock-mode", "GOVERNANCE"), field("x-amz-object-lock-retain-until-date", "2027-01-01T00:00:00Z")}, "s3:PutObjectRetention"},
		{[]wire.Field{field("X-Amz-Object-Lock-Legal-Hold", "ON")}, "s3:PutObjectLegalHold"},
	}
	for _, tt := range tests {
		fields := append([]wire.Field{field("key", "uploads/a")}, tt.fields...)
		if got := b.serve(form{fields: fields}.by(t, "bob")); got.status != 403 || got.forwarded || !strings.Contains(got.body, tt.action) {
			t.Errorf("%v: %+v", tt.fields, got)
		}
		if got := b.serve(form{fields: fields}.by(t, "alice")); got.status != 204 || !got.forwarded {
			t.Errorf("%v of who may: %+v", tt.fields, got)
		}
	}
	for _, name := range []string{"x-amz-tagging", "x-amz-acl", "x-amz-grant-full-control", "x-amz-bypass-governance-retention"} {
		if got := b.serve(form{fields: []wire.Field{field("key", "uploads/a"), field(name, "true")}}.by(t, "alice")); got.status != 400 || got.forwarded {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestMuseum_17_formExtraction: no field of a form has a store unpack its file.
func TestMuseum_17_formExtraction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"x-amz-meta-snowball-auto-extract", "X-Amz-Meta-Minio-Snowball-Prefix", "x-minio-extract"} {
		if got := b.serve(form{fields: []wire.Field{field("key", "a.tar"), field(name, "true")}}.by(t, "alice")); got.status != 501 && got.status != 400 || got.forwarded {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestMuseum_19_formKeys: the key that was decided is the one that the store
// gets, byte for byte, in AWS's encoding.
func TestMuseum_19_formKeys(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		b := newBench(t)
		b.route.Mapper = s3.New(s3.Options{StrictKeys: strict})
		tests := []struct {
			key    string
			keeps  bool // with strict keys
			denied bool // by the policy of alice
		}{
			{"a+b", true, false}, {"a%2Bb", true, false}, {"a b", true, false}, {"é/ü", true, false}, {"a%2Fb", true, false}, {"%2e%2e/b", true, false},
			{"a%00b", true, false}, {"?acl", true, false}, {"#a", true, false}, {"%", true, false},
			{"a//b", false, false}, {"/a", false, false}, {"a/../b", false, false}, {"../reports/secret/a", false, false}, {"a/.", false, false}, {`a\b`, false, false},
			{"secret/../a", false, true}, {"secret%2Fa", true, false}, {"secret/a", true, true}, {"Secret/a", true, false}, {"./secret/a", false, false},
		}
		for _, tt := range tests {
			for _, host := range []string{"localhost", "reports.s3.example.com"} {
				target := "/reports"
				if host != "localhost" {
					target = "/"
				}
				got := b.serve(form{fields: []wire.Field{field("key", tt.key)}, host: host, target: target}.by(t, "alice"))
				status := 204
				switch {
				case strict && !tt.keeps:
					status = 400
				case tt.denied:
					status = 403
				}
				if got.status != status || got.forwarded != (status == 204) {
					t.Errorf("strict %v, %q: %+v, want %d", strict, tt.key, got, status)
					continue
				}
				if status != 204 {
					continue
				}
				sent, _ := b.last()
				key, ok := wire.Unescape(strings.TrimPrefix(sent.RequestURI, "/reports/"))
				if !ok || key != tt.key || sent.RequestURI != "/reports/"+sigv4.EscapePath(tt.key) {
					t.Errorf("%q: the store got %s", tt.key, sent.RequestURI)
				}
			}
		}
		for _, key := range []string{"a\x00b", "a\xff", "\xc0\xae\xc0\xae/b", strings.Repeat("a", 1025)} {
			for _, user := range []string{"alice", ""} {
				f := form{fields: []wire.Field{field("key", "inbox/"+key)}}
				if got := b.serve(f.by(t, user)); got.status != 400 || got.forwarded {
					t.Errorf("strict %v, %q by %q: %+v", strict, key, user, got)
				}
			}
		}
	}
}
