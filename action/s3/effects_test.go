package s3_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
)

const (
	lockMode  = "x-amz-object-lock-mode: COMPLIANCE"
	lockUntil = "x-amz-object-lock-retain-until-date: 2026-07-11T12:00:00Z"
)

// triggers are the headers that ask for further actions, and on what.
var triggers = []struct {
	fields  []string
	on      []string // "METHOD target"
	actions []string
}{
	{[]string{"x-amz-acl: public-read"}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-acl: private"}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-grant-read: id=\"1\""}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-grant-write: id=\"1\""}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-grant-read-acp: id=\"1\""}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-grant-write-acp: id=\"1\""}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-grant-full-control: id=\"1\""}, writes, []string{"s3:PutObjectAcl"}},
	{[]string{"x-amz-tagging: a=1", "x-amz-tagging-directive: REPLACE"}, writes, []string{"s3:PutObjectTagging"}},
	{[]string{"x-amz-tagging: ", "x-amz-tagging-directive: REPLACE"}, writes, []string{"s3:PutObjectTagging"}},
	{[]string{lockMode, lockUntil}, writes, []string{"s3:PutObjectRetention"}},
	{[]string{"x-amz-object-lock-event-hold: ON"}, writes, []string{"s3:PutObjectRetention"}},
	{[]string{"x-amz-object-lock-event-hold-duration-days: 3"}, writes, []string{"s3:PutObjectRetention"}},
	{[]string{"x-amz-object-lock-event-hold-duration-years: 1"}, writes, []string{"s3:PutObjectRetention"}},
	{[]string{"x-amz-object-lock-legal-hold: OFF"}, writes, []string{"s3:PutObjectLegalHold"}},
	{[]string{"x-amz-website-redirect-location: /x"}, writes, nil},
	{[]string{"x-amz-server-side-encryption: aws:kms"}, writes, nil},
	{[]string{"x-amz-request-payer: requester"}, writes, nil},
	{[]string{"x-amz-bypass-governance-retention: true"}, []string{"DELETE /reports/k", "PUT /reports/k?retention", "DELETE /reports/k?annotation&annotationName=n"}, []string{"s3:BypassGovernanceRetention"}},
	{[]string{"x-amz-bypass-governance-retention: TRUE"}, []string{"DELETE /reports/k"}, []string{"s3:BypassGovernanceRetention"}},
	{[]string{"x-amz-bypass-governance-retention: false"}, []string{"DELETE /reports/k"}, nil},
	{[]string{"x-amz-acl: public-read"}, []string{"PUT /reports"}, []string{"s3:PutBucketAcl"}},
	{[]string{"x-amz-acl: private"}, []string{"PUT /reports"}, nil},
	{[]string{"x-amz-acl: private", "x-amz-grant-read: id=\"1\""}, []string{"PUT /reports"}, []string{"s3:PutBucketAcl"}},
	{[]string{"x-amz-acl: public-read"}, []string{"PUT /reports?acl", "PUT /reports/k?acl"}, nil},
	{[]string{"x-amz-bucket-object-lock-enabled: true"}, []string{"PUT /reports"}, []string{"s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"}},
	{[]string{"x-amz-bucket-object-lock-enabled: false"}, []string{"PUT /reports"}, nil},
	{[]string{"x-amz-object-ownership: ObjectWriter"}, []string{"PUT /reports"}, []string{"s3:PutBucketOwnershipControls"}},
}

var writes = []string{"PUT /reports/k", "PUT /reports/k copy", "POST /reports/k?uploads"}

// TestTriggers sends each trigger as a header and, as presigners do, in the
// query.
func TestTriggers(t *testing.T) {
	t.Parallel()
	for _, tt := range triggers {
		for _, on := range tt.on {
			method, target, _ := strings.Cut(on, " ")
			target, isCopy := strings.CutSuffix(target, " copy")
			var base []string
			if isCopy {
				base = []string{"x-amz-copy-source: archive/a", "x-amz-tagging-directive: REPLACE"}
			}
			plain := accesses(t, method, target, base...)
			resource := plain[0][strings.IndexByte(plain[0], '@'):]
			want := append([]string(nil), plain...)
			for _, a := range tt.actions {
				want = append(want, a+resource)
			}
			slices.Sort(want)

			fields := tt.fields
			if isCopy {
				fields = slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return strings.HasPrefix(f, "x-amz-tagging-directive") })
			}
			if got := accesses(t, method, target, append(base, fields...)...); !same(got, want) {
				t.Errorf("%s %v: %s", on, tt.fields, cmp.Diff(want, got))
			}
			hoisted := target
			for _, f := range fields {
				name, value, _ := strings.Cut(f, ": ")
				joint := "?"
				if strings.Contains(hoisted, "?") {
					joint = "&"
				}
				hoisted += joint + name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
			}
			if got := accesses(t, method, hoisted, base...); !same(got, want) {
				t.Errorf("hoisted %s: %s", hoisted, cmp.Diff(want, got))
			}
			upper := strings.ReplaceAll(hoisted, "x-amz-", "X-Amz-")
			if got := accesses(t, method, upper, base...); !same(got, want) {
				t.Errorf("hoisted %s: %s", upper, cmp.Diff(want, got))
			}
			if got := accesses(t, method, hoisted, append(base, fields...)...); !same(got, want) {
				t.Errorf("in both forms %s: %s", hoisted, cmp.Diff(want, got))
			}
		}
	}
}

func same(got, want []string) bool {
	got = slices.Clone(got)
	slices.Sort(got)
	return slices.Equal(got, want)
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target, value string
		want                  []string
		disclosure            bool
	}{
		{"PUT", "/reports/k", `"abc"`, []string{"s3:PutObject@reports/k", "s3:GetObject@reports/k"}, true},
		{"PUT", "/reports/k", `*`, []string{"s3:PutObject@reports/k"}, true},
		{"POST", "/reports/k?uploadId=u", `"abc"`, []string{"s3:PutObject@reports/k", "s3:GetObject@reports/k"}, true},
		{"DELETE", "/reports/k", `"abc"`, []string{"s3:DeleteObject@reports/k", "s3:GetObject@reports/k"}, true},
		{"DELETE", "/reports/k?versionId=v", `"abc"`, []string{"s3:DeleteObjectVersion@reports/k", "s3:GetObjectVersion@reports/k"}, true},
		{"GET", "/reports/k", `"abc"`, []string{"s3:GetObject@reports/k"}, true},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(mapper, request(t, tt.method, tt.target, "if-match: "+tt.value), place(), "")
		if refusal != nil {
			t.Fatalf("%s %s: %v", tt.method, tt.target, refusal)
		}
		if diff := cmp.Diff(tt.want, printed(mapped.Accesses)); diff != "" {
			t.Errorf("%s %s: %s", tt.method, tt.target, diff)
		}
		if (mapped.Disclosure != nil) != tt.disclosure {
			t.Errorf("%s %s: disclosure %v", tt.method, tt.target, mapped.Disclosure)
		}
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	tests := []struct{ source, want string }{ // want: the source's access, or a code
		{"archive/a", "s3:GetObject@archive/a"},
		{"/archive/a", "s3:GetObject@archive/a"},
		{"archive%2Fa", "s3:GetObject@archive/a"},
		{"/archive%2Fdir%2Fa", "s3:GetObject@archive/dir/a"},
		{"archive/a%20b", "s3:GetObject@archive/a b"},
		{"archive/a b", "s3:GetObject@archive/a b"},
		{"archive/a%2Bb", "s3:GetObject@archive/a+b"},
		{"archive/a,b", "s3:GetObject@archive/a,b"},
		{"archive/%25%32%46", "s3:GetObject@archive/%2F"},
		{"archive/%C3%A9", "s3:GetObject@archive/é"},
		{"archive/é", "s3:GetObject@archive/é"},
		{"archive//a", "s3:GetObject@archive//a"},
		{"archive/../reports/a", "s3:GetObject@archive/../reports/a"},
		{"archive/a?versionId=v1", "s3:GetObjectVersion@archive/a"},
		{"/archive/a?versionId=null", "s3:GetObjectVersion@archive/a"},
		{"archive/a%3Fb", "s3:GetObject@archive/a?b"},
		{"archive/a+b", "InvalidArgument"},
		{"archive/a%3FversionId=v1", "InvalidArgument"},
		{"archive/a%3FversionId=x?versionId=v1", "InvalidArgument"},
		{"archive/a?versionId=", "InvalidArgument"},
		{"archive/a?versionId=v1&x=1", "InvalidArgument"},
		{"archive/a?versionId=v1?versionId=v2", "InvalidArgument"},
		{"archive/a?versionId=v%31", "InvalidArgument"},
		{"archive/a?versionid=v1", "InvalidArgument"},
		{"archive/a?", "InvalidArgument"},
		{"archive/a?b", "InvalidArgument"},
		{"archive", "InvalidArgument"},
		{"archive/", "InvalidArgument"},
		{"/archive", "InvalidArgument"},
		{"", "InvalidArgument"},
		{"/", "InvalidArgument"},
		{"//archive/a", "InvalidBucketName"},
		{"/%2Farchive/a", "InvalidBucketName"},
		{"%2Farchive/a", "InvalidBucketName"},
		{"https://s3.example.com/archive/a", "InvalidBucketName"},
		{"archive/%zz", "InvalidArgument"},
		{"archive/%00", "InvalidURI"},
		{"archive/%FF", "InvalidURI"},
		{"archive/" + strings.Repeat("k", 1025), "KeyTooLongError"},
		{"arn:aws:s3:us-east-1:111122223333:accesspoint/prod/object/k", "NotImplemented"},
	}
	for _, tt := range tests {
		for _, target := range []string{"/reports/k", "/reports/k?uploadId=u&partNumber=1"} {
			_, mapped, refusal := mapWith(mapper, request(t, "PUT", target, "x-amz-copy-source: "+tt.source), place(), "")
			var got string
			if refusal != nil {
				got = refusal.Code
			} else {
				got = printed(mapped.Accesses)[1]
			}
			if got != tt.want {
				t.Errorf("%.60q: %s, want %s", tt.source, got, tt.want)
			}
		}
	}
}

func TestCopyTakesTagsAlong(t *testing.T) {
	t.Parallel()
	strict := s3.New(s3.Options{CopyTags: s3.CopyTagsChecked, StrictCopyAnnotations: true, Operations: all})
	tests := []struct {
		target string
		fields []string
		want   []string
	}{
		{"/reports/k", []string{"x-amz-copy-source: archive/a"}, []string{
			"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k", "s3:PutObjectAnnotation@reports/k",
			"s3:GetObject@archive/a", "s3:GetObjectTagging@archive/a", "s3:GetObjectAnnotation@archive/a"}},
		{"/reports/k", []string{"x-amz-copy-source: archive/a?versionId=v", "x-amz-tagging-directive: COPY", "x-amz-object-annotation-directive: EXCLUDE"}, []string{
			"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k", "s3:GetObjectVersion@archive/a", "s3:GetObjectVersionTagging@archive/a"}},
		{"/reports/k?x-amz-object-annotation-directive=COPY", []string{"x-amz-copy-source: archive/a?versionId=v", "x-amz-tagging-directive: REPLACE"}, []string{
			"s3:PutObject@reports/k", "s3:PutObjectAnnotation@reports/k", "s3:GetObjectVersion@archive/a", "s3:GetObjectVersionAnnotation@archive/a"}},
		{"/reports/k?uploadId=u&partNumber=1", []string{"x-amz-copy-source: archive/a"}, []string{"s3:PutObject@reports/k", "s3:GetObject@archive/a"}},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(strict, request(t, "PUT", tt.target, tt.fields...), place(), "")
		if refusal != nil {
			t.Fatalf("%v: %v", tt.fields, refusal)
		}
		if diff := cmp.Diff(tt.want, printed(mapped.Accesses)); diff != "" {
			t.Errorf("%s %v: %s", tt.target, tt.fields, diff)
		}
	}
}

// TestCopyTags_exact demands what tags take if the source has any, of whole copies
// that take them along, and of stores that can tell.
func TestCopyTags_exact(t *testing.T) {
	t.Parallel()
	archive := action.Object{Bucket: "archive", Key: "a"}
	version := action.Object{Bucket: "archive", Key: "a", Version: "v"}
	ifTagged := []string{"s3:PutObject@reports/k", "s3:GetObject@archive/a", "s3:GetObjectTagging@archive/a", "s3:PutObjectTagging@reports/k"}
	checked := []string{"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k", "s3:GetObject@archive/a", "s3:GetObjectTagging@archive/a"}
	unchecked := []string{"s3:PutObject@reports/k", "s3:GetObject@archive/a"}
	some := []string{"CopyObject", "UploadPartCopy"}
	tests := []struct {
		name    string
		options s3.Options
		target  string
		fields  []string
		want    []string
		tagsOf  *action.Object
	}{
		{"a copy", s3.Options{ObjectTags: true}, "/reports/k", nil, ifTagged, &archive},
		{"of a version", s3.Options{ObjectTags: true}, "/reports/k", []string{"x-amz-copy-source: archive/a?versionId=v", "x-amz-tagging-directive: COPY"},
			[]string{"s3:PutObject@reports/k", "s3:GetObjectVersion@archive/a", "s3:GetObjectVersionTagging@archive/a", "s3:PutObjectTagging@reports/k"}, &version},
		{"tags replaced", s3.Options{ObjectTags: true}, "/reports/k?x-amz-tagging-directive=REPLACE", nil, unchecked, nil},
		{"of a part", s3.Options{ObjectTags: true}, "/reports/k?uploadId=u&partNumber=1", nil, unchecked, nil},
		{"nobody reads tags", s3.Options{}, "/reports/k", nil, checked, nil},
		{"a store without tags", s3.Options{ObjectTags: true, Operations: some}, "/reports/k", nil, unchecked, nil},
	}
	for _, tt := range tests {
		tt.options.CopyTags = s3.CopyTagsExact
		if len(tt.fields) == 0 {
			tt.fields = []string{"x-amz-copy-source: archive/a"}
		}
		_, mapped, refusal := mapWith(s3.New(tt.options), request(t, "PUT", tt.target, tt.fields...), place(), "")
		if refusal != nil {
			t.Errorf("%s: %v", tt.name, refusal)
			continue
		}
		if diff := cmp.Diff(tt.want, printed(mapped.Accesses)) + cmp.Diff(tt.tagsOf, mapped.TagsOf); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
		if (mapped.TagsOf != nil) != (mapped.IfTagged == 2) || mapped.TagsOf == nil && mapped.IfTagged != 0 {
			t.Errorf("%s: %d accesses if it has tags", tt.name, mapped.IfTagged)
		}
		for i := range mapped.Accesses {
			a := &mapped.Accesses[i]
			for _, key := range []string{"s3:requestobjecttag/team", "s3:requestobjecttagkeys"} {
				writes := strings.HasPrefix(a.Action, "s3:Put") && tt.tagsOf != nil
				if unread := a.Keys.Unread(key) == action.RequestTags; unread != writes {
					t.Errorf("%s: %s of %s is unread: %t", tt.name, key, a.Action, unread)
				}
			}
			if _, set := a.Keys.Lookup("s3:versionid"); set != strings.Contains(a.Action, "Version") {
				t.Errorf("%s: s3:versionid of %s is set: %t", tt.name, a.Action, set)
			}
		}
	}
}

// TestRename decides a rename as what it does.
func TestRename(t *testing.T) {
	t.Parallel()
	exact := s3.New(s3.Options{Operations: all, ObjectTags: true, CopyTags: s3.CopyTagsExact})
	checked := s3.New(s3.Options{Operations: all, CopyTags: s3.CopyTagsChecked, StrictCopyAnnotations: true})
	tests := []struct {
		mapper *s3.Mapper
		target string
		fields []string
		want   []string // or a code
	}{
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a"}, []string{"s3:PutObject@reports/k", "s3:GetObject@reports/a", "s3:DeleteObject@reports/a"}},
		{mapper, "/reports/k?renameObject=", []string{"x-amz-rename-source: reports/a%2Fb%20c"}, []string{"s3:PutObject@reports/k", "s3:GetObject@reports/a/b c", "s3:DeleteObject@reports/a/b c"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a", `if-match: "e"`, "x-amz-client-token: t", "x-amz-rename-source-if-match: e"},
			[]string{"s3:PutObject@reports/k", "s3:GetObject@reports/k", "s3:GetObject@reports/a", "s3:DeleteObject@reports/a"}},
		{exact, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a"}, []string{"s3:PutObject@reports/k", "s3:GetObject@reports/a", "s3:DeleteObject@reports/a", "s3:GetObjectTagging@reports/a", "s3:PutObjectTagging@reports/k"}},
		{checked, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a"}, []string{
			"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k", "s3:PutObjectAnnotation@reports/k",
			"s3:GetObject@reports/a", "s3:DeleteObject@reports/a", "s3:GetObjectTagging@reports/a", "s3:GetObjectAnnotation@reports/a"}},
		{s3.New(s3.Options{}), "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a"}, []string{"NotImplemented"}},
		{mapper, "/reports/k?renameObject", nil, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-copy-source: /reports/a"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /archive/a"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a?versionId=v"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a+b"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject&x-amz-rename-source=/reports/a", nil, []string{"InvalidArgument"}},
		{mapper, "/reports/k?renameObject", []string{"x-amz-rename-source: /reports/a", "x-amz-tagging: a=b"}, []string{"InvalidArgument"}},
		{mapper, "/reports/k", []string{"x-amz-rename-source: /reports/a"}, []string{"NotImplemented"}},
		{mapper, "/reports/k?tagging", []string{"x-amz-rename-source: /reports/a"}, []string{"NotImplemented"}},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(tt.mapper, request(t, "PUT", tt.target, tt.fields...), place(), "")
		got := printed(mapped.Accesses)
		if refusal != nil {
			got = []string{refusal.Code}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %v: (-want +got)\n%s", tt.target, tt.fields, diff)
		}
	}
}

func TestDisclosure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		fields         []string
		want           string
	}{
		{"GET", "/reports/k", nil, "reports"},
		{"GET", "/reports/k?versionId=v", nil, "reports"},
		{"HEAD", "/reports/k?prefix=p", nil, "reports"},
		{"GET", "/reports/k?attributes", nil, "reports"},
		{"GET", "/reports/k?tagging", nil, "reports"},
		{"GET", "/reports/k?acl", nil, "reports"},
		{"PUT", "/reports/k?tagging", nil, "reports"},
		{"PUT", "/reports/k", []string{"x-amz-copy-source: archive/a"}, "archive"},
		{"PUT", "/reports/k", nil, ""},
		{"DELETE", "/reports/k", nil, ""},
		{"GET", "/reports/k?uploadId=u", nil, ""},
		{"GET", "/reports", nil, ""},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), place(), "")
		if refusal != nil {
			t.Fatalf("%s %s: %v", tt.method, tt.target, refusal)
		}
		d := mapped.Disclosure
		if d == nil {
			if tt.want != "" {
				t.Errorf("%s %s: no disclosure", tt.method, tt.target)
			}
			continue
		}
		if d.Action != "s3:ListBucket" || d.Resource != "arn:aws:s3:::"+tt.want {
			t.Errorf("%s %s: %s on %s", tt.method, tt.target, d.Action, d.Resource)
		}
		if d.Account == "" || keyOf(d, "s3:resourceaccount") != d.Account || keyOf(d, "s3:prefix") != "-" {
			t.Errorf("%s %s: keys of the disclosure", tt.method, tt.target)
		}
	}
}

// Two tags that differ in case alone have one condition key and two values: a
// Deny on the tag did not apply.
func TestTagsThatDifferInCaseAlone(t *testing.T) {
	t.Parallel()
	document := func(root, set, first, second string) string {
		tag := func(key string) string { return "<Tag><Key>" + key + "</Key><Value>v</Value></Tag>" }
		return "<" + root + "><" + set + ">" + tag(first) + tag(second) + "</" + set + "></" + root + ">"
	}
	for _, tt := range []struct {
		first, second string
		ok            bool
	}{
		{"class", "Class", false}, {"class", "class", false}, {"class", "CLASS", false}, {"k", "\u212a", false}, {"i", "\u0130", false}, {"\u00e9", "\u00c9", false},
		{"class", "classes", true}, {"e", "\u00e9", true},
	} {
		for _, r := range []struct {
			method, target, body string
			fields               []string
		}{
			{method: "PUT", target: "/reports/k", fields: []string{"x-amz-tagging: " + url.QueryEscape(tt.first) + "=v&" + url.QueryEscape(tt.second) + "=v"}},
			{method: "PUT", target: "/reports/k?x-amz-tagging=" + url.QueryEscape(url.QueryEscape(tt.first)+"=v&"+url.QueryEscape(tt.second)+"=v")},
			{method: "POST", target: "/reports/k?uploads", fields: []string{"x-amz-tagging: " + url.QueryEscape(tt.first) + "=v&" + url.QueryEscape(tt.second) + "=v"}},
			{method: "PUT", target: "/reports/k?tagging", body: document("Tagging", "TagSet", tt.first, tt.second)},
			{method: "PUT", target: "/reports", body: document("CreateBucketConfiguration", "Tags", tt.first, tt.second)},
		} {
			_, _, refusal := mapWith(mapper, request(t, r.method, r.target, r.fields...), place(), r.body)
			want := "InvalidTag"
			if r.body == "" { // S3 calls it an encoding of the header that is none
				want = "InvalidArgument"
			}
			if tt.ok != (refusal == nil) || refusal != nil && (refusal.Status != 400 || refusal.Code != want) {
				t.Errorf("%s %s of %q and %q: %v", r.method, r.target, tt.first, tt.second, refusal)
			}
		}
	}
}
