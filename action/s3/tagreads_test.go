package s3_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz"
)

var reading = s3.New(s3.Options{Operations: all, ForwardACLs: true, StrictCopyTags: true, ObjectTags: true, BucketTags: true})

// TestUnreadTags: the accesses whose actions have keys of stored tags say that
// nobody has read them, and of what they are.
func TestUnreadTags(t *testing.T) {
	t.Parallel()
	const object, bucket = "s3:existingobjecttag/team", "s3:buckettag/team"
	k := action.Object{Bucket: "reports", Key: "k"}
	k2 := action.Object{Bucket: "reports", Key: "k", Version: "v2"}
	tests := []struct {
		method, target string
		fields         []string
		body           string
		objects        []action.Object
		ofObject       []string // actions whose object's tags are unread
	}{
		{method: "GET", target: "/reports/k", objects: []action.Object{k}, ofObject: []string{"s3:GetObject"}},
		{method: "GET", target: "/reports/k?versionId=v2", objects: []action.Object{k2}, ofObject: []string{"s3:GetObjectVersion"}},
		{method: "GET", target: "/reports/k?attributes&versionId=v2", objects: []action.Object{k2, k2}, ofObject: []string{"s3:GetObjectVersion", "s3:GetObjectVersionAttributes"}},
		{method: "PUT", target: "/reports/k?encryption&versionId=v2", objects: []action.Object{k2}, ofObject: []string{"s3:UpdateObjectEncryption"}},
		{method: "PUT", target: "/reports/k?tagging", objects: []action.Object{k}, ofObject: []string{"s3:PutObjectTagging"}},
		{method: "DELETE", target: "/reports/k?tagging&versionId=v2", objects: []action.Object{k2}, ofObject: []string{"s3:DeleteObjectVersionTagging"}},
		{method: "PUT", target: "/reports/k", objects: []action.Object{k}},
		{method: "PUT", target: "/reports/k", fields: []string{"if-match: e", "x-amz-acl: private"}, objects: []action.Object{k, k, k}, ofObject: []string{"s3:PutObjectAcl", "s3:GetObject"}},
		{method: "DELETE", target: "/reports/k", objects: []action.Object{k}},
		{method: "POST", target: "/reports/k?restore&versionId=v2", objects: []action.Object{k2}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-copy-source: archive/a%20b?versionId=v7"},
			objects:  []action.Object{k, k, {Bucket: "archive", Key: "a b", Version: "v7"}, {Bucket: "archive", Key: "a b", Version: "v7"}},
			ofObject: []string{"s3:PutObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"}},
		{method: "PUT", target: "/reports/k?partNumber=1&uploadId=u", fields: []string{"x-amz-copy-source: archive/a"},
			objects: []action.Object{k, {Bucket: "archive", Key: "a"}}, ofObject: []string{"s3:GetObject"}},
		{method: "POST", target: "/reports?delete", body: "<Delete><Object><Key>a</Key><ETag>e</ETag></Object><Object><Key>k</Key><VersionId>v2</VersionId><Size>1</Size></Object></Delete>",
			objects:  []action.Object{{Bucket: "reports", Key: "a"}, {Bucket: "reports", Key: "a"}, k2, k2},
			ofObject: []string{"s3:GetObject", "s3:GetObjectVersion"}},
		{method: "GET", target: "/reports?prefix=a", objects: []action.Object{{Bucket: "reports"}}},
		{method: "PUT", target: "/reports?replication", objects: []action.Object{{Bucket: "reports"}, {}}},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(reading, request(t, tt.method, tt.target, tt.fields...), place(), tt.body)
		if refusal != nil {
			t.Errorf("%s %s: %v", tt.method, tt.target, refusal)
			continue
		}
		if diff := cmp.Diff(tt.objects, mapped.Objects); diff != "" {
			t.Errorf("%s %s: objects (-want +got):\n%s", tt.method, tt.target, diff)
		}
		for i := range mapped.Accesses {
			a := &mapped.Accesses[i]
			if got, want := a.Keys.Unread(object) != "", slices.Contains(tt.ofObject, a.Action); got != want {
				t.Errorf("%s %s: %s: the object's tags are unread: %v", tt.method, tt.target, a.Action, got)
			}
			if got, want := a.Keys.Unread(bucket) != "", a.Action != "iam:PassRole"; got != want || (a.Keys.Unread("aws:resourcetag/team") != "") != want {
				t.Errorf("%s %s: %s: the bucket's tags are unread: %v", tt.method, tt.target, a.Action, got)
			}
		}
		if d := mapped.Disclosure; d != nil {
			if d.Keys.Unread(object) != "" || d.Keys.Unread(bucket) == "" || d.Resource != "arn:aws:s3:::"+mapped.Hidden.Bucket || mapped.Hidden.Key != "" {
				t.Errorf("%s %s: disclosure of %v", tt.method, tt.target, mapped.Hidden)
			}
		}
		_, mapped, refusal = mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), place(), tt.body)
		if refusal != nil || mapped.Objects != nil || mapped.Accesses[0].Keys.Unread(object) != "" || mapped.Accesses[0].Keys.Unread(bucket) != "" {
			t.Errorf("%s %s: unread although nobody reads", tt.method, tt.target)
		}
	}
	// What is not there yet has no tags.
	for _, target := range []string{"GET /", "PUT /reports"} {
		_, mapped, refusal := mapWith(reading, request(t, target[:3], target[4:]), place(), "")
		if refusal != nil || mapped.Accesses[0].Keys.Unread(bucket) != "" {
			t.Errorf("%s: %v", target, refusal)
		}
	}
}

// TestObjectTagsOfActions: the actions that have s3:ExistingObjectTag, by the
// service authorization reference.
func TestObjectTagsOfActions(t *testing.T) {
	t.Parallel()
	want := []string{
		"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging",
		"s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectAttributes", "s3:GetObjectTagging",
		"s3:GetObjectVersion", "s3:GetObjectVersionAcl", "s3:GetObjectVersionAttributes", "s3:GetObjectVersionTagging",
		"s3:PutObjectAcl", "s3:PutObjectTagging", "s3:PutObjectVersionAcl", "s3:PutObjectVersionTagging",
		"s3:UpdateObjectEncryption",
	}
	var got []string
	for _, a := range reading.Actions() {
		if reading.Fills(a, "s3:ExistingObjectTag/team") {
			got = append(got, a)
		}
		if mapper.Fills(a, "s3:ExistingObjectTag/team") || mapper.Fills(a, "aws:ResourceTag/team") {
			t.Errorf("%s has tags that nobody reads", a)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTagsRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		of     action.Object
		target string
		want   string
	}{
		{action.Object{Bucket: "reports"}, "/reports?tagging", "s3:GetBucketTagging@reports"},
		{action.Object{Bucket: "reports", Key: "a//b/../é +%?#"}, "/reports/a//b/../%C3%A9%20%2B%25%3F%23?tagging", "s3:GetObjectTagging@reports/a//b/../é +%?#"},
		{action.Object{Bucket: "reports", Key: "k", Version: "v2"}, "/reports/k?tagging&versionId=v2", "s3:GetObjectVersionTagging@reports/k"},
	}
	for _, tt := range tests {
		req := s3.TagsRequest(tt.of)
		if req.Method != "GET" || req.Target() != tt.target {
			t.Errorf("%v: %s %s", tt.of, req.Method, req.Target())
		}
		_, mapped, refusal := mapWith(mapper, req, place(), "")
		if refusal != nil || printed(mapped.Accesses)[0] != tt.want {
			t.Errorf("%v: %v, %v", tt.of, printed(mapped.Accesses), refusal)
		}
	}
}

func TestSetTags(t *testing.T) {
	t.Parallel()
	const answer = `<?xml version="1.0"?><Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>` +
		`<Tag><Key>Team</Key><Value>a&amp;b</Value></Tag><Tag><Key>class</Key><Value>x</Value></Tag><Tag><Key>CLASS</Key><Value>y</Value></Tag></TagSet></Tagging>`
	unread := func() *authz.Context {
		var keys authz.Context
		for _, f := range []string{"s3:existingobjecttag/", "s3:buckettag/", "aws:resourcetag/"} {
			keys.SetUnread(f)
		}
		return &keys
	}
	keys := unread()
	if err := s3.SetTags(keys, false, []byte(answer)); err != nil {
		t.Fatal(err)
	}
	if v, ok := keys.Lookup("s3:existingobjecttag/team"); !ok || v.Usable() == false {
		t.Errorf("team: %v %v", v, ok)
	} else if text, _ := v.Single(); text != "a&b" {
		t.Errorf("team is %q", text)
	}
	if v, ok := keys.Lookup("s3:existingobjecttag/class"); !ok || v.Usable() {
		t.Error("two tags that differ in case alone are usable")
	}
	if keys.Unread("s3:existingobjecttag/other") != "" || keys.Unread("s3:buckettag/team") == "" || keys.Unread("aws:resourcetag/team") == "" {
		t.Error("what was read is not what was said")
	}
	keys = unread()
	if err := s3.SetTags(keys, true, []byte(answer)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"s3:buckettag/team", "aws:resourcetag/team"} {
		if v, _ := keys.Lookup(name); v.Usable() == false {
			t.Errorf("%s is not usable", name)
		}
		if _, ok := keys.Lookup(name); !ok {
			t.Errorf("%s is not set", name)
		}
	}
	if keys.Unread("s3:existingobjecttag/team") == "" || keys.Unread("s3:buckettag/other") != "" || keys.Unread("aws:resourcetag/other") != "" {
		t.Error("what was read is not what was said")
	}
	keys = unread()
	if err := s3.SetTags(keys, false, nil); err != nil || keys.Len() != 0 || keys.Unread("s3:existingobjecttag/team") != "" {
		t.Errorf("no tags: %v, %d keys", err, keys.Len())
	}
	for _, bad := range []string{"", "<Tagging/>", "<Error><Code>NoSuchKey</Code></Error>", "<Tagging><TagSet>", answer + "x", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"} {
		keys = unread()
		if err := s3.SetTags(keys, false, []byte(bad)); err == nil || keys.Len() != 0 || keys.Unread("s3:existingobjecttag/team") == "" {
			t.Errorf("%q: %v, %d keys", bad, err, keys.Len())
		}
	}
}
