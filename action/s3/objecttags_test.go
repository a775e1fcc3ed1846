package s3_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz"
)

var reading = s3.New(s3.Options{Operations: all, ForwardACLs: true, CopyTags: s3.CopyTagsChecked, ObjectTags: true})

// TestUnreadTags: the accesses whose actions have keys of stored tags say that
// nobody has read them, and of what they are.
func TestUnreadTags(t *testing.T) {
	t.Parallel()
	const tag = "s3:existingobjecttag/team"
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
			if got, want := a.Keys.Unread(tag) != "", slices.Contains(tt.ofObject, a.Action); got != want {
				t.Errorf("%s %s: %s: the object's tags are unread: %v", tt.method, tt.target, a.Action, got)
			}
		}
		if d := mapped.Disclosure; d != nil && d.Keys.Unread(tag) != "" {
			t.Errorf("%s %s: the disclosure has an object's tags", tt.method, tt.target)
		}
		_, mapped, refusal = mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), place(), tt.body)
		if refusal != nil || mapped.Objects != nil || slices.ContainsFunc(mapped.Accesses, func(a authz.Access) bool { return a.Keys.Unread(tag) != "" }) {
			t.Errorf("%s %s: unread although nobody reads", tt.method, tt.target)
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
		if mapper.Fills(a, "s3:ExistingObjectTag/team") {
			t.Errorf("%s has tags that nobody reads", a)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
