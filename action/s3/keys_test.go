package s3_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/action/s3"
)

func TestConditionKeys(t *testing.T) {
	t.Parallel()
	const (
		copySource = "x-amz-copy-source: /archive/a%20b?versionId=v7"
		kmsKey     = "1234abcd-12ab-34cd-56ef-1234567890ab"
		kmsARN     = "arn:aws:kms:us-east-1:111122223333:key/" + kmsKey
	)
	tests := []struct {
		method, target string
		fields         []string
		body           string
		action         string
		want           map[string]string
	}{
		{method: "GET", target: "/reports", action: "s3:ListBucket", want: map[string]string{"s3:prefix": "-", "s3:delimiter": "-", "s3:max-keys": "-"}},
		{method: "GET", target: "/reports?prefix=&delimiter=%2F&max-keys=7", action: "s3:ListBucket", want: map[string]string{"s3:prefix": "", "s3:delimiter": "/", "s3:max-keys": "7"}},
		{method: "GET", target: "/reports?list-type=2&prefix", action: "s3:ListBucket", want: map[string]string{"s3:prefix": ""}},
		{method: "GET", target: "/reports?versions&prefix=a%2Fb%2B", action: "s3:ListBucketVersions", want: map[string]string{"s3:prefix": "a/b+"}},
		{method: "GET", target: "/reports?uploads&prefix=a", action: "s3:ListBucketMultipartUploads", want: map[string]string{"s3:prefix": "-"}},
		{method: "HEAD", target: "/reports?prefix=a&max-keys=1", action: "s3:ListBucket", want: map[string]string{"s3:prefix": "-", "s3:max-keys": "-"}},
		{method: "GET", target: "/reports/k?prefix=a", action: "s3:GetObject", want: map[string]string{"s3:prefix": "-", "s3:versionid": "-"}},
		{method: "GET", target: "/reports/k?versionId=null", action: "s3:GetObjectVersion", want: map[string]string{"s3:versionid": "null"}},
		{method: "GET", target: "/reports/k?legal-hold&versionId=v", action: "s3:GetObjectLegalHold", want: map[string]string{"s3:versionid": "-"}},
		{method: "GET", target: "/reports/k?annotation&annotation-prefix=p&max-annotation-results=9", action: "s3:ListObjectAnnotations", want: map[string]string{"s3:annotation-prefix": "p", "s3:max-annotation-results": "9"}},
		{method: "PUT", target: "/reports/k?annotation&annotationName=n", fields: []string{"x-amz-object-if-match: e"}, action: "s3:PutObjectAnnotation", want: map[string]string{"s3:x-amz-object-if-match": "e"}},

		{method: "PUT", target: "/reports/k", action: "s3:PutObject", want: map[string]string{
			"s3:x-amz-acl": "-", "s3:objectcreationoperation": "true", "s3:requestobjecttagkeys": "-", "s3:x-amz-copy-source": "-", "s3:if-match": "-"}},
		{method: "PUT", target: "/reports/k?partNumber=1&uploadId=u", fields: []string{"if-none-match: *"}, action: "s3:PutObject", want: map[string]string{"s3:objectcreationoperation": "false"}},
		{method: "POST", target: "/reports/k?uploads", action: "s3:PutObject", want: map[string]string{"s3:objectcreationoperation": "false"}},
		{method: "POST", target: "/reports/k?uploadId=u", action: "s3:PutObject", want: map[string]string{"s3:objectcreationoperation": "true"}},
		{method: "PUT", target: "/reports/k", fields: []string{
			"x-amz-acl: bucket-owner-full-control", "x-amz-grant-read: id=\"1\", id=\"2\"", "x-amz-storage-class: GLACIER", "x-amz-website-redirect-location: /x",
			"x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-aws-kms-key-id: " + kmsKey,
			"x-amz-server-side-encryption-customer-algorithm: AES256", "if-none-match: *", "if-match: \"e\""},
			action: "s3:PutObject", want: map[string]string{
				"s3:x-amz-acl": "bucket-owner-full-control", "s3:x-amz-grant-read": "id=\"1\", id=\"2\"", "s3:x-amz-storage-class": "GLACIER",
				"s3:x-amz-website-redirect-location": "/x", "s3:x-amz-server-side-encryption": "aws:kms",
				"s3:x-amz-server-side-encryption-aws-kms-key-id": kmsARN, "s3:x-amz-server-side-encryption-customer-algorithm": "AES256",
				"s3:if-none-match": "*", "s3:if-match": "\"e\""}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-acl: private", "x-amz-storage-class: GLACIER"}, action: "s3:PutObjectAcl", want: map[string]string{"s3:x-amz-acl": "private", "s3:x-amz-storage-class": "GLACIER", "s3:objectcreationoperation": "-"}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-acl: "}, action: "s3:PutObject", want: map[string]string{"s3:x-amz-acl": ""}},
		{method: "PUT", target: "/reports/k?x-amz-acl=private", action: "s3:PutObject", want: map[string]string{"s3:x-amz-acl": "private"}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-server-side-encryption-aws-kms-key-id: alias/a"}, action: "s3:PutObject", want: map[string]string{"s3:x-amz-server-side-encryption-aws-kms-key-id": "alias/a"}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-server-side-encryption-aws-kms-key-id: " + kmsARN}, action: "s3:PutObject", want: map[string]string{"s3:x-amz-server-side-encryption-aws-kms-key-id": kmsARN}},

		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-tagging: team=a%20b&Project=x%2By&q=1+2&e"}, action: "s3:PutObject", want: map[string]string{
			"s3:requestobjecttag/team": "a b", "s3:requestobjecttag/project": "x+y", "s3:requestobjecttag/q": "1 2", "s3:requestobjecttag/e": "",
			"s3:requestobjecttagkeys": "Project,e,q,team", "aws:requesttag/team": "-"}},
		{method: "PUT", target: "/reports/k", fields: []string{"x-amz-tagging: team=a"}, action: "s3:PutObjectTagging", want: map[string]string{"s3:requestobjecttag/team": "a", "s3:requestobjecttagkeys": "team"}},
		{method: "PUT", target: "/reports/k?tagging&versionId=v", body: "<Tagging><TagSet><Tag><Key>team</Key><Value>a&amp;b</Value></Tag></TagSet></Tagging>",
			action: "s3:PutObjectVersionTagging", want: map[string]string{"s3:requestobjecttag/team": "a&b", "s3:requestobjecttagkeys": "team", "s3:versionid": "v"}},

		{method: "PUT", target: "/reports/k", fields: []string{lockMode, lockUntil, "x-amz-object-lock-legal-hold: ON", "x-amz-object-lock-event-hold: OFF", "x-amz-object-lock-event-hold-duration-years: 2"},
			action: "s3:PutObject", want: map[string]string{
				"s3:object-lock-mode": "COMPLIANCE", "s3:object-lock-retain-until-date": "2026-07-11T12:00:00Z", "s3:object-lock-remaining-retention-days": "10",
				"s3:object-lock-legal-hold": "ON", "s3:object-lock-event-hold": "OFF", "s3:object-lock-event-hold-duration-days": "730"}},
		{method: "PUT", target: "/reports/k", fields: []string{lockMode, lockUntil, "x-amz-object-lock-legal-hold: ON"}, action: "s3:PutObjectRetention",
			want: map[string]string{"s3:object-lock-mode": "COMPLIANCE", "s3:object-lock-legal-hold": "-"}},
		{method: "PUT", target: "/reports/k", fields: []string{lockMode, lockUntil, "x-amz-object-lock-legal-hold: ON"}, action: "s3:PutObjectLegalHold",
			want: map[string]string{"s3:object-lock-mode": "-", "s3:object-lock-legal-hold": "ON"}},
		{method: "PUT", target: "/reports/k?retention", body: "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2026-07-02T12:00:00.001Z</RetainUntilDate></Retention>",
			action: "s3:PutObjectRetention", want: map[string]string{"s3:object-lock-mode": "GOVERNANCE", "s3:object-lock-remaining-retention-days": "2"}},
		{method: "PUT", target: "/reports/k?retention", body: "<Retention></Retention>", action: "s3:PutObjectRetention", want: map[string]string{"s3:object-lock-mode": "-", "s3:object-lock-remaining-retention-days": "-"}},
		{method: "PUT", target: "/reports/k?legal-hold", body: "<LegalHold><Status>OFF</Status></LegalHold>", action: "s3:PutObjectLegalHold", want: map[string]string{"s3:object-lock-legal-hold": "OFF"}},

		{method: "PUT", target: "/reports/k", fields: []string{copySource, "x-amz-metadata-directive: REPLACE", "x-amz-object-annotation-directive: EXCLUDE"}, action: "s3:PutObject", want: map[string]string{
			"s3:x-amz-copy-source": "archive/a b", "s3:x-amz-metadata-directive": "REPLACE", "s3:x-amz-object-annotation-directive": "EXCLUDE", "s3:versionid": "-"}},
		{method: "PUT", target: "/reports/k", fields: []string{copySource}, action: "s3:GetObjectVersion", want: map[string]string{"s3:versionid": "v7", "s3:x-amz-copy-source": "-"}},
		{method: "DELETE", target: "/reports/k", fields: []string{"if-match: e", "x-amz-bypass-governance-retention: true"}, action: "s3:DeleteObject", want: map[string]string{"s3:if-match": "e"}},

		{method: "PUT", target: "/reports", action: "s3:CreateBucket", want: map[string]string{"s3:locationconstraint": "-", "aws:tagkeys": "-"}},
		{method: "PUT", target: "/reports", fields: []string{"x-amz-object-ownership: ObjectWriter", "x-amz-bucket-namespace: global", "x-amz-acl: public-read"},
			body:   "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint><Tags><Tag><Key>team</Key><Value>a</Value></Tag></Tags></CreateBucketConfiguration>",
			action: "s3:CreateBucket", want: map[string]string{"s3:locationconstraint": "eu-west-1", "s3:x-amz-object-ownership": "ObjectWriter", "s3:x-amz-bucket-namespace": "global",
				"s3:x-amz-acl": "public-read", "aws:requesttag/team": "a", "aws:tagkeys": "team", "s3:requestobjecttag/team": "-"}},
		{method: "PUT", target: "/reports", body: "<CreateBucketConfiguration><Tags><Tag><Key>team</Key><Value>a</Value></Tag></Tags></CreateBucketConfiguration>",
			action: "s3:TagResource", want: map[string]string{"aws:requesttag/team": "a", "aws:tagkeys": "team", "s3:locationconstraint": "-"}},
		{method: "PUT", target: "/reports?inventory&id=i", body: "<InventoryConfiguration><Destination><S3BucketDestination><Bucket>b</Bucket></S3BucketDestination></Destination><OptionalFields><Field>Size</Field><Field>ETag</Field></OptionalFields></InventoryConfiguration>",
			action: "s3:PutInventoryConfiguration", want: map[string]string{"s3:inventoryaccessibleoptionalfields": "ETag,Size"}},
		{method: "PUT", target: "/reports/k?encryption", action: "s3:UpdateObjectEncryption", want: map[string]string{"s3:x-amz-server-side-encryption": "aws:kms",
			"s3:x-amz-server-side-encryption-aws-kms-key-id": kmsARN}},
		{method: "PUT", target: "/reports?acl", fields: []string{"x-amz-acl: public-read"}, action: "s3:PutBucketAcl", want: map[string]string{"s3:x-amz-acl": "public-read"}},
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), place(), tt.body)
		if refusal != nil {
			t.Errorf("%s %s: %v (%s)", tt.method, tt.target, refusal, refusal.Cause)
			continue
		}
		for name, want := range tt.want {
			if got := key(t, mapped, tt.action, name); got != want {
				t.Errorf("%s %s: %s of %s is %q, want %q", tt.method, tt.target, name, tt.action, got, want)
			}
			if want != "-" && !s3.Fills(tt.action, name) {
				t.Errorf("Fills(%s, %s) is false, and it is filled", tt.action, name)
			}
		}
	}
}

// TestKeysAreTheReferences compares which actions have which keys with the file
// that was written from AWS's pages.
func TestKeysAreTheReferences(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{ // never present, whoever asks for what
		"s3:existingobjecttag/": nil, "s3:buckettag/team": nil, "aws:resourcetag/team": nil,
		"s3:dataaccesspointarn": nil, "s3:dataaccesspointaccount": nil, "s3:accesspointnetworkorigin": nil, "s3:accessgrantsinstancearn": nil,
		"s3:isreplicationpauserequest": nil, "s3:destinationregion": nil, "s3:logtype": nil, "s3:jobsuspendedcause": nil,
		"iam:associatedresourcearn": nil, "s3:requestobjecttag/": nil, "s3:unknown": nil, "": nil, "/": nil,
	}
	for line := range strings.Lines(string(text)) {
		if name, actions, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !strings.HasPrefix(line, "#") {
			if strings.HasSuffix(name, "/") {
				name += "team"
			}
			want[name] = strings.Fields(actions)
			if actions == "*" {
				want[name] = s3.Actions()
			}
		}
	}
	want["s3:resourceaccount"] = slices.DeleteFunc(s3.Actions(), func(a string) bool { return a == "iam:PassRole" })
	for name, actions := range want {
		slices.Sort(actions)
		var got []string
		for _, a := range s3.Actions() {
			if s3.Fills(a, name) {
				got = append(got, a)
			}
		}
		if diff := cmp.Diff(actions, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range allKeys() {
		if _, ok := want[example(name)]; !ok {
			t.Errorf("%s is not in the file", name)
		}
	}
}

// TestFillsOfMapper: what a mapper does not serve fills nothing.
func TestFillsOfMapper(t *testing.T) {
	t.Parallel()
	few := s3.New(s3.Options{Operations: []string{"HeadBucket", "UploadPart", "GetObjectTagging", "DeleteObjectTagging"}, ObjectTags: true})
	untold := s3.New(s3.Options{Operations: []string{"DeleteObjectTagging"}, ObjectTags: true})
	for _, tt := range []struct {
		action, key string
		want        bool
	}{
		{"s3:ListBucket", "s3:prefix", false}, {"s3:ListBucket", "s3:authType", true}, {"s3:listbucket", "s3:RESOURCEACCOUNT", true},
		{"s3:PutObject", "s3:x-amz-acl", false}, {"s3:PutObject", "s3:x-amz-storage-class", false}, {"s3:PutObject", "s3:ObjectCreationOperation", true},
		{"s3:PutObject", "s3:ExistingObjectTag/a", false}, {"s3:DeleteObjectTagging", "s3:ExistingObjectTag/a", true},
		{"s3:DeleteObjectTagging", "s3:ExistingObjectTag/", false}, {"s3:DeleteObjectTagging", "aws:ResourceTag/a", false},
		{"s3:GetObject", "s3:authType", false},
	} {
		if got := few.Fills(tt.action, tt.key); got != tt.want {
			t.Errorf("Fills(%s, %s) is %v", tt.action, tt.key, got)
		}
	}
	if untold.Fills("s3:DeleteObjectTagging", "s3:ExistingObjectTag/a") {
		t.Error("a store that cannot tell the tags of objects is asked for them")
	}
}

// TestOverlookedHeaders sends headers that stores overlook in the operation:
// none makes a condition hold there.
func TestOverlookedHeaders(t *testing.T) {
	t.Parallel()
	describing := []string{
		"x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-aws-kms-key-id: alias/a", "x-amz-storage-class: GLACIER",
		"x-amz-website-redirect-location: /x", "x-amz-metadata-directive: REPLACE", "x-amz-object-annotation-directive: EXCLUDE",
	}
	tests := []struct {
		method, target string
		fields         []string
		action         string
		present        []string // of what the headers are named after
	}{
		{"PUT", "/reports/k?partNumber=1&uploadId=u", append(describing, "if-none-match: *"), "s3:PutObject", nil},
		{"PUT", "/reports/k?partNumber=1&uploadId=u", append(describing, "if-none-match: *", "x-amz-copy-source: archive/a"), "s3:PutObject", []string{"s3:x-amz-copy-source"}},
		{"POST", "/reports/k?uploadId=u", append(describing, "if-none-match: *"), "s3:PutObject", []string{"s3:if-none-match"}},
		{"POST", "/reports/k?uploads", append(describing, "if-none-match: *"), "s3:PutObject", []string{
			"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class", "s3:x-amz-website-redirect-location"}},
		{"PUT", "/reports/k", append(describing, "if-none-match: *"), "s3:PutObject", []string{"s3:if-none-match",
			"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class", "s3:x-amz-website-redirect-location"}},
		{"PUT", "/reports/k?acl", append(describing, "x-amz-acl: private"), "s3:PutObjectAcl", []string{"s3:x-amz-acl"}},
		{"PUT", "/reports/k?tagging", append(describing, "if-none-match: *"), "s3:PutObjectTagging", nil},
		{"DELETE", "/reports/k", append(describing, "x-amz-bypass-governance-retention: true"), "s3:BypassGovernanceRetention", nil},
		{"DELETE", "/reports/k", append(describing, "if-none-match: *"), "s3:DeleteObject", nil},
		{"GET", "/reports/k?prefix=a", append(describing, "if-match: e", "if-none-match: *", "x-amz-object-if-match: e"), "s3:GetObject", nil},
		{"HEAD", "/reports?prefix=a&delimiter=b&max-keys=1", describing, "s3:ListBucket", nil},
	}
	names := []string{"s3:if-match", "s3:if-none-match", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:x-amz-object-if-match", "s3:x-amz-copy-source", "s3:x-amz-acl"}
	for _, f := range describing {
		name, _, _ := strings.Cut(f, ": ")
		names = append(names, "s3:"+name)
	}
	for _, tt := range tests {
		_, mapped, refusal := mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), place(), "")
		if refusal != nil {
			t.Errorf("%s %s: %v", tt.method, tt.target, refusal)
			continue
		}
		for _, name := range names {
			if got, want := key(t, mapped, tt.action, name) != "-", slices.Contains(tt.present, name); got != want {
				t.Errorf("%s %s: %s is there: %v", tt.method, tt.target, name, got)
			}
		}
	}
}

// TestClientCannotNameKeys sends names that look like condition keys.
func TestClientCannotNameKeys(t *testing.T) {
	t.Parallel()
	_, mapped, refusal := mapWith(mapper, request(t, "GET", "/reports/k?x-s3-ExistingObjectTag=a&x-custom=1",
		"x-existingobjecttag-a: 1", "aws-sourceip: 10.0.0.1", "x-amz-meta-s3-versionid: 1"), place(), "")
	if refusal != nil {
		t.Fatal(refusal)
	}
	if n := mapped.Accesses[0].Keys.Len(); n != 2 {
		t.Errorf("%d keys, want the two of the owner", n)
	}
}

func TestFills(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action, key string
		want        bool
	}{
		{"s3:GetObject", "s3:authtype", true},
		{"s3:GetObject", "s3:signatureage", true},
		{"s3:getobject", "s3:TlsVersion", true},
		{"s3:ListAllMyBuckets", "aws:resourceaccount", true},
		{"s3:GetObject", "s3:versionid", false},
		{"s3:GetObjectVersion", "s3:versionid", true},
		{"s3:GetObject", "s3:prefix", false},
		{"s3:ListBucket", "s3:prefix", true},
		{"s3:PutObject", "s3:requestobjecttag/team", true},
		{"s3:PutObject", "s3:requestobjecttag/", false},
		{"s3:DeleteObject", "s3:requestobjecttag/team", false},
		{"s3:GetObject", "s3:existingobjecttag/team", true},
		{"s3:PutObject", "s3:existingobjecttag/team", false},
		{"s3:CreateBucket", "aws:requesttag/team", true},
		{"s3:PutObject", "aws:requesttag/team", false},
		{"s3:PutReplicationConfiguration", "s3:authtype", true}, // DeleteBucketReplication
		{"s3:ReplicateObject", "s3:authtype", false},
		{"ec2:RunInstances", "s3:authtype", false},
	}
	for _, tt := range tests {
		if got := s3.Fills(tt.action, tt.key); got != tt.want {
			t.Errorf("Fills(%s, %s) is %v", tt.action, tt.key, got)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	names := s3.Actions()
	if !slices.IsSorted(names) || len(names) != len(slices.Compact(slices.Clone(names))) {
		t.Error("not sorted, or not unique")
	}
	for _, g := range readGolden(t) {
		for _, a := range g.accesses {
			for i := range a {
				if a[i] == '@' && !slices.Contains(names, a[:i]) {
					t.Errorf("%s is missing", a[:i])
				}
			}
		}
	}
	for _, tt := range triggers {
		for _, a := range tt.actions {
			if !slices.Contains(names, a) {
				t.Errorf("%s is missing", a)
			}
		}
	}
}
