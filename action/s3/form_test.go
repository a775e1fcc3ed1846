package s3_test

import (
	"encoding/xml"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// fieldsOf makes fields of "name: value".
func fieldsOf(lines ...string) wire.Fields {
	var fields wire.Fields
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		fields.Add(name, value)
	}
	return fields
}

// fromForm makes the request that a form stands for; header is the POST's.
func fromForm(tb testing.TB, at action.Place, fields wire.Fields, header ...string) (action.Upload, *wire.Refusal) {
	tb.Helper()
	target := "/reports"
	if at.Bucket != "" {
		target = "/"
	}
	req := request(tb, "POST", target, append(header, "content-type: multipart/form-data; boundary=b")...)
	op, refusal := mapper.Recognise(req, at)
	if refusal != nil {
		tb.Fatal(refusal)
	}
	if op.Name != "PostObject" || op.Body != action.BodyForm || op.FromForm == nil {
		tb.Fatalf("%+v", op)
	}
	if _, refusal := mapper.Map(req, &op, at, nil); refusal == nil || refusal.Status != 500 {
		tb.Fatalf("a form is mapped itself: %v", refusal)
	}
	return op.FromForm(req, at, "reports", fields)
}

const twoTags = "<Tagging><TagSet><Tag><Key>team</Key><Value>a b&amp;c=+/é</Value></Tag><Tag><Key>x&#x20;y</Key><Value></Value></Tag></TagSet></Tagging>"

// TestPutOfForm: the request that a form becomes has the accesses, with all
// their condition keys, of the PutObject that a client would send.
func TestPutOfForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields []string
		target string   // of the PUT
		header []string // of the PUT
		want   []string
	}{
		{"key", []string{"key: a/b c"}, "/reports/a/b%20c", nil, []string{"s3:PutObject@reports/a/b c"}},
		{"awkward key", []string{"key: /a//../%2F+?#é&=;~'()*!$@:,"},
			"/reports//a//../%252F%2B%3F%23%C3%A9%26%3D%3B~%27%28%29%2A%21%24%40%3A%2C", nil, []string{"s3:PutObject@reports//a//../%2F+?#é&=;~'()*!$@:,"}},
		{"what is stored beside", []string{"key: k", "content-type: image/png", "cache-control: no-store", "content-disposition: attachment", "content-encoding: gzip",
			"content-language: de", "expires: 0", "x-amz-meta-uuid: 14365123651274", "x-amz-meta-tag: "}, "/reports/k",
			[]string{"content-type: image/png", "cache-control: no-store", "content-disposition: attachment", "content-encoding: gzip",
				"content-language: de", "expires: 0", "x-amz-meta-uuid: 14365123651274", "x-amz-meta-tag: "}, []string{"s3:PutObject@reports/k"}},
		{"acl", []string{"key: k", "acl: public-read"}, "/reports/k", []string{"x-amz-acl: public-read"}, []string{"s3:PutObject@reports/k", "s3:PutObjectAcl@reports/k"}},
		{"tagging", []string{"key: k", "tagging: " + twoTags}, "/reports/k", []string{"x-amz-tagging: team=a%20b%26c%3D%2B%2F%C3%A9&x%20y="},
			[]string{"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k"}},
		{"no tags", []string{"key: k", "tagging: <Tagging><TagSet/></Tagging>"}, "/reports/k", []string{"x-amz-tagging: "},
			[]string{"s3:PutObject@reports/k", "s3:PutObjectTagging@reports/k"}},
		{"lock", []string{"key: k", "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: 2026-07-11T12:00:00Z", "x-amz-object-lock-legal-hold: ON"}, "/reports/k",
			[]string{"x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: 2026-07-11T12:00:00Z", "x-amz-object-lock-legal-hold: ON"},
			[]string{"s3:PutObject@reports/k", "s3:PutObjectRetention@reports/k", "s3:PutObjectLegalHold@reports/k"}},
		{"encryption, class, redirect", []string{"key: k", "x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-aws-kms-key-id: alias/a", "x-amz-storage-class: GLACIER", "x-amz-website-redirect-location: /b"},
			"/reports/k", []string{"x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-aws-kms-key-id: alias/a", "x-amz-storage-class: GLACIER", "x-amz-website-redirect-location: /b"},
			[]string{"s3:PutObject@reports/k"}},
		{"checksum", []string{"key: k", "x-amz-checksum-algorithm: CRC32", "x-amz-checksum-crc32: AAAAAA=="}, "/reports/k",
			[]string{"x-amz-sdk-checksum-algorithm: CRC32", "x-amz-checksum-crc32: AAAAAA=="}, []string{"s3:PutObject@reports/k"}},
		{"the answer", []string{"key: k", "success_action_status: 201", "success_action_redirect: http://a/"}, "/reports/k", nil, []string{"s3:PutObject@reports/k"}},
		{"the owner", []string{"key: k", "x-amz-expected-bucket-owner: " + storage}, "/reports/k", []string{"x-amz-expected-bucket-owner: " + storage}, []string{"s3:PutObject@reports/k"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, host := range []string{"", "reports"} {
				at := place()
				at.Bucket = host
				fields := fieldsOf(tt.fields...)
				before := fields.Clone()
				upload, refusal := fromForm(t, at, fields, "user-agent: agent", "referer: http://page", "cookie: c", "x-forwarded-for: 10.0.0.1", "origin: http://page")
				if refusal != nil {
					t.Fatal(refusal)
				}
				target := tt.target
				if host != "" {
					target = strings.TrimPrefix(target, "/reports")
				}
				want := request(t, "PUT", target, append([]string{"user-agent: agent", "referer: http://page"}, tt.header...)...)
				if diff := cmp.Diff(want, upload.Request, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
					t.Errorf("the request (-want +got):\n%s", diff)
				}
				if !reflect.DeepEqual(before, fields) {
					t.Error("the fields given were changed")
				}
				op, mapped, refusal := mapWith(mapper, upload.Request, at, "")
				if refusal != nil {
					t.Fatal(refusal)
				}
				if diff := cmp.Diff(tt.want, printed(mapped.Accesses)); diff != "" {
					t.Errorf("accesses (-want +got):\n%s", diff)
				}
				_, direct, refusal := mapWith(mapper, want, at, "")
				if refusal != nil {
					t.Fatal(refusal)
				}
				everything := cmp.Exporter(func(reflect.Type) bool { return true })
				if diff := cmp.Diff(direct.Accesses, mapped.Accesses, everything); diff != "" {
					t.Errorf("the PUT's accesses and the form's:\n%s", diff)
				}
				checkRewrites(t, upload.Request, op, mapped, at, "")
			}
		})
	}
}

func TestPutOfFormRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, field, code string }{
		{"a name that nobody knows", "submit: Upload", "InvalidArgument"},
		{"an older client's", "filename: a.jpg", "InvalidArgument"},
		{"the header in place of the field acl", "x-amz-acl: private", "InvalidArgument"},
		{"the header in place of the field tagging", "x-amz-tagging: a=b", "InvalidArgument"},
		{"a grant", "x-amz-grant-read: id=1", "InvalidArgument"},
		{"a header of no field", "host: other", "InvalidArgument"},
		{"a length", "content-length: 3", "InvalidArgument"},
		{"a transfer coding", "transfer-encoding: chunked", "InvalidArgument"},
		{"a copy", "x-amz-copy-source: /archive/a", "InvalidArgument"},
		{"a precondition", "if-none-match: *", "InvalidArgument"},
		{"a store's extension", "x-minio-extract: true", "InvalidArgument"},
		{"Sallyport's own", "x-sallyport-request-id: 1", "InvalidArgument"},
		{"white space before", "x-amz-meta-a:  b", "InvalidArgument"},
		{"white space behind", "content-type: text/plain ", "InvalidArgument"},
		{"a tab", "cache-control: no\tstore", "InvalidArgument"},
		{"not ASCII", "content-disposition: attachment; filename=é", "InvalidArgument"},
		{"DEL", "x-amz-meta-a: \x7f", "InvalidArgument"},
		{"tags that are no XML", "tagging: a=b", "MalformedXML"},
		{"no tags at all", "tagging: ", "MalformedXML"},
		{"a tag twice", "tagging: <Tagging><TagSet><Tag><Key>a</Key><Value/></Tag><Tag><Key>A</Key><Value/></Tag></TagSet></Tagging>", "InvalidTag"},
		{"two redirects", "redirect: http://b/", "InvalidArgument"},
		{"a key with a control character", "key: a\x01b", "InvalidArgument"},
		{"a key with U+FFFF", "key: a\uffff", "InvalidArgument"},
	}
	for _, tt := range tests {
		_, refusal := fromForm(t, place(), fieldsOf("key: k", "success_action_redirect: http://a/", tt.field))
		if refusal == nil || refusal.Code != tt.code || refusal.Status != 400 {
			t.Errorf("%s: %v, want %s", tt.name, refusal, tt.code)
		}
	}
	// What only the PUT tells.
	later := []struct{ name, field, code string }{
		{"no key", "success_action_status: 200", ""},
		{"a long key", "key: " + strings.Repeat("é", 513), "KeyTooLongError"},
		{"an archive", "x-amz-meta-snowball-auto-extract: true", "NotImplemented"},
		{"half a lock", "x-amz-object-lock-mode: GOVERNANCE", "InvalidArgument"},
		{"another owner", "x-amz-expected-bucket-owner: " + history, "AccessDenied"},
		{"no owner", "x-amz-expected-bucket-owner: me", "InvalidBucketOwnerAWSAccountID"},
	}
	for _, tt := range later {
		fields := fieldsOf("key: k", tt.field)
		if strings.HasPrefix(tt.field, "key") || tt.name == "no key" {
			fields = fieldsOf(tt.field)
		}
		upload, refusal := fromForm(t, place(), fields)
		if refusal != nil {
			t.Errorf("%s: %v", tt.name, refusal)
			continue
		}
		op, _, refusal := mapWith(mapper, upload.Request, place(), "")
		if refusal == nil && op.Name == "PutObject" || refusal != nil && refusal.Code != tt.code {
			t.Errorf("%s: %s, %v, want %s", tt.name, op.Name, refusal, tt.code)
		}
	}
}

// TestFormFields: all of them are headers that PutObject takes.
func TestFormFields(t *testing.T) {
	t.Parallel()
	fields := s3.FormFields()
	if len(fields) < 30 {
		t.Errorf("%d fields", len(fields))
	}
	values := map[string]string{
		"x-amz-acl": "private", "x-amz-expected-bucket-owner": storage, "x-amz-object-lock-legal-hold": "ON", "x-amz-object-lock-mode": "GOVERNANCE",
		"x-amz-object-lock-event-hold": "ON", "x-amz-object-lock-event-hold-duration-days": "1", "x-amz-object-lock-event-hold-duration-years": "1",
	}
	for _, f := range fields {
		value := values[f.Header]
		header := []string{f.Header + ": " + value}
		switch f.Header {
		case "x-amz-object-lock-mode":
			header = append(header, "x-amz-object-lock-retain-until-date: 2026-07-11T12:00:00Z")
		case "x-amz-object-lock-retain-until-date":
			header = []string{f.Header + ": 2026-07-11T12:00:00Z", "x-amz-object-lock-mode: GOVERNANCE"}
		}
		if _, _, refusal := mapWith(mapper, request(t, "PUT", "/reports/k", header...), place(), ""); refusal != nil {
			t.Errorf("%s becomes %s: %v", f.Name, f.Header, refusal)
		}
	}
}

// FuzzPutOfForm holds that what a form becomes addresses its key and nothing
// else, has the header fields it should and no other, is tagged as an ordinary
// reader of XML reads its tags, and goes on as what was mapped.
func FuzzPutOfForm(f *testing.F) {
	f.Add("a/b", "tagging", twoTags)
	f.Add("/../%2e%2f//+ é", "x-amz-meta-a", "b")
	f.Add("a\nb", "success_action_redirect", "https://app.example.com/?a=b#c")
	f.Add("a/", "acl", "private")
	f.Add("?versionId=v", "x-amz-checksum-algorithm", "CRC32")
	f.Add(".", "tagging", "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Value>&lt;+%20&amp;</Value><Key>a=b</Key></Tag></TagSet></Tagging>")
	f.Fuzz(func(t *testing.T, key, name, value string) {
		if name = strings.ToLower(name); key == "" || name == "key" {
			return // which a form has once
		}
		upload, refusal := fromForm(t, place(), wire.Fields{{Name: "key", Value: key}, {Name: name, Value: value}}, "x-other: a")
		if refusal != nil {
			return
		}
		req := upload.Request
		if req.Method != "PUT" || req.Path != "/reports/"+sigv4.EscapePath(key) || req.HasQuery || len(req.Fields) > 1 {
			t.Fatalf("%+v", req)
		}
		if _, refusal := parse("PUT", req.Path); refusal != nil {
			t.Fatalf("path %q: %v", req.Path, refusal)
		}
		answer := upload.Answer(&wire.Response{Status: 200})
		if u, err := url.Parse(answer.Fields.Get("location")); err != nil || u.Host == "" || strings.ContainsAny(answer.Fields.Get("location"), "\r\n") {
			t.Fatalf("location %q", answer.Fields.Get("location"))
		}
		op, mapped, refusal := mapWith(mapper, req, place(), "")
		if refusal != nil {
			return
		}
		if op.Name != "PutObject" || op.Key != key || op.Bucket != "reports" {
			t.Fatalf("%q: %+v", key, op)
		}
		if name == "tagging" {
			var document struct {
				Tags []struct{ Key, Value string } `xml:"TagSet>Tag"`
			}
			if err := xml.Unmarshal([]byte(value), &document); err != nil {
				t.Fatalf("%q is tagged, but %v", value, err)
			}
			for _, tag := range document.Tags {
				if got := keyOf(&mapped.Accesses[0], "s3:requestobjecttag/"+strings.ToLower(tag.Key)); got != tag.Value {
					t.Fatalf("%q: tag %q is %q, want %q", value, tag.Key, got, tag.Value)
				}
			}
			if keys := keyOf(&mapped.Accesses[0], "s3:requestobjecttagkeys"); (keys == "-") != (len(document.Tags) == 0) {
				t.Fatalf("%q: keys %s", value, keys)
			}
		}
		checkRewrites(t, req, op, mapped, place(), "")
	})
}
