package s3_test

import (
	"strings"
	"testing"
)

// TestDocuments sends bodies to operations that are decided from them.
func TestDocuments(t *testing.T) {
	t.Parallel()
	const (
		tag   = "<Tag><Key>a</Key><Value>1</Value></Tag>"
		grant = `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>1</ID><DisplayName>x</DisplayName></Grantee><Permission>READ</Permission></Grant>`
	)
	tagging := func(s string) string { return "<Tagging><TagSet>" + s + "</TagSet></Tagging>" }
	tests := []struct{ name, target, body, code string }{
		{"plain", "k?tagging", tagging(tag), ""},
		{"declared", "k?tagging", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + tagging(tag) + "\n", ""},
		{"declared standalone", "k?tagging", `<?xml version='1.0' encoding='utf-8' standalone='yes'?>` + tagging(tag), ""},
		{"spaced", "k?tagging", "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" >\r\n\t<TagSet>\r\n" + tag + " </TagSet ></Tagging>", ""},
		{"empty set", "k?tagging", "<Tagging><TagSet/></Tagging>", ""},
		{"escapes", "k?tagging", tagging("<Tag><Key>&lt;&#x61;&#98;</Key><Value>&quot;&apos;</Value></Tag>"), ""},
		{"no body", "k?tagging", " ", "MalformedXML"},
		{"no set", "k?tagging", "<Tagging/>", "MalformedXML"},
		{"two sets", "k?tagging", "<Tagging><TagSet/><TagSet/></Tagging>", "MalformedXML"},
		{"other root", "k?tagging", "<Other><TagSet/></Other>", "MalformedXML"},
		{"root in other case", "k?tagging", "<tagging><TagSet/></tagging>", "MalformedXML"},
		{"two roots", "k?tagging", tagging(tag) + tagging(tag), "MalformedXML"},
		{"trailing text", "k?tagging", tagging(tag) + "x", "MalformedXML"},
		{"leading text", "k?tagging", "x" + tagging(tag), "MalformedXML"},
		{"mark", "k?tagging", "\ufeff" + tagging(tag), "MalformedXML"},
		{"not UTF-8", "k?tagging", tagging("<Tag><Key>\xff</Key><Value/></Tag>"), "MalformedXML"},
		{"other encoding", "k?tagging", `<?xml version="1.0" encoding="UTF-16"?>` + tagging(tag), "MalformedXML"},
		{"version 1.1", "k?tagging", `<?xml version="1.1"?>` + tagging(tag), "MalformedXML"},
		{"DTD", "k?tagging", `<!DOCTYPE Tagging [<!ENTITY e "x">]>` + tagging(tag), "MalformedXML"},
		{"entity", "k?tagging", tagging("<Tag><Key>&e;</Key><Value/></Tag>"), "MalformedXML"},
		{"open entity", "k?tagging", tagging("<Tag><Key>&lt</Key><Value/></Tag>"), "MalformedXML"},
		{"reference to NUL", "k?tagging", tagging("<Tag><Key>&#0;</Key><Value/></Tag>"), "MalformedXML"},
		{"reference to a control", "k?tagging", tagging("<Tag><Key>&#1;</Key><Value/></Tag>"), "MalformedXML"},
		{"reference to a surrogate", "k?tagging", tagging("<Tag><Key>&#xD800;</Key><Value/></Tag>"), "MalformedXML"},
		{"reference too large", "k?tagging", tagging("<Tag><Key>&#x110000;</Key><Value/></Tag>"), "MalformedXML"},
		{"signed reference", "k?tagging", tagging("<Tag><Key>&#+65;</Key><Value/></Tag>"), "MalformedXML"},
		{"control", "k?tagging", tagging("<Tag><Key>\x01</Key><Value/></Tag>"), "MalformedXML"},
		{"raw carriage return", "k?tagging", tagging("<Tag><Key>a\r\nb</Key><Value/></Tag>"), "MalformedXML"},
		{"comment", "k?tagging", tagging("<!-- x -->" + tag), "MalformedXML"},
		{"comment in text", "k?tagging", tagging("<Tag><Key>a<!-- x -->b</Key><Value/></Tag>"), "MalformedXML"},
		{"CDATA", "k?tagging", tagging("<Tag><Key><![CDATA[a]]></Key><Value/></Tag>"), "MalformedXML"},
		{"end of CDATA", "k?tagging", tagging("<Tag><Key>a]]>b</Key><Value/></Tag>"), "MalformedXML"},
		{"instruction", "k?tagging", tagging("<?x y?>" + tag), "MalformedXML"},
		{"prefix", "k?tagging", `<s:Tagging xmlns:s="x"><s:TagSet/></s:Tagging>`, "MalformedXML"},
		{"attribute", "k?tagging", `<Tagging id="1"><TagSet/></Tagging>`, "MalformedXML"},
		{"namespace of a child", "k?tagging", tagging(`<Tag xmlns="urn:x"><Key>a</Key><Value>1</Value></Tag>`), "MalformedXML"},
		{"attribute twice", "k?tagging", `<Tagging xmlns="a" xmlns="b"><TagSet/></Tagging>`, "MalformedXML"},
		{"attribute unquoted", "k?tagging", `<Tagging xmlns=a><TagSet/></Tagging>`, "MalformedXML"},
		{"attribute with entity", "k?tagging", `<Tagging xmlns="&amp;"><TagSet/></Tagging>`, "MalformedXML"},
		{"attribute with a control", "k?tagging", "<Tagging xmlns=\"\x00\"><TagSet/></Tagging>", "MalformedXML"},
		{"mixed", "k?tagging", tagging("x" + tag), "MalformedXML"},
		{"element in text", "k?tagging", tagging("<Tag><Key><a/></Key><Value/></Tag>"), "MalformedXML"},
		{"start tag like an end tag", "k?tagging", tagging("<Tag><Key>a<XKey><Value/></Tag>"), "MalformedXML"},
		{"crossed", "k?tagging", "<Tagging><TagSet></Tagging></TagSet>", "MalformedXML"},
		{"open", "k?tagging", "<Tagging><TagSet>", "MalformedXML"},
		{"open tag", "k?tagging", "<Tagging", "MalformedXML"},
		{"open end tag", "k?tagging", "<Tagging><TagSet/></Tagging", "MalformedXML"},
		{"no key", "k?tagging", tagging("<Tag><Value>1</Value></Tag>"), "MalformedXML"},
		{"no value", "k?tagging", tagging("<Tag><Key>a</Key></Tag>"), "MalformedXML"},
		{"two keys", "k?tagging", tagging("<Tag><Key>a</Key><Key>b</Key><Value>1</Value></Tag>"), "MalformedXML"},
		{"unknown member", "k?tagging", tagging("<Tag><Key>a</Key><Value>1</Value><X/></Tag>"), "MalformedXML"},
		{"same tag twice", "k?tagging", tagging(tag + tag), "InvalidTag"},
		{"eleven tags", "k?tagging", tagging(strings.Repeat(tag, 11)), "BadRequest"},
		{"long key", "k?tagging", tagging("<Tag><Key>" + strings.Repeat("k", 129) + "</Key><Value/></Tag>"), "InvalidTag"},
		{"long value", "k?tagging", tagging("<Tag><Key>k</Key><Value>" + strings.Repeat("v", 257) + "</Value></Tag>"), "InvalidTag"},

		{"legal hold", "k?legal-hold", "<LegalHold><Status>ON</Status></LegalHold>", ""},
		{"legal hold, other", "k?legal-hold", "<LegalHold><Status>on</Status></LegalHold>", "MalformedXML"},
		{"legal hold twice", "k?legal-hold", "<LegalHold><Status>ON</Status><Status>OFF</Status></LegalHold>", "MalformedXML"},
		{"no legal hold", "k?legal-hold", "<LegalHold/>", "MalformedXML"},

		{"retention without date", "k?retention", "<Retention><Mode>GOVERNANCE</Mode></Retention>", "InvalidArgument"},
		{"retention of another mode", "k?retention", "<Retention><Mode>X</Mode><RetainUntilDate>2027-01-01T00:00:00Z</RetainUntilDate></Retention>", "MalformedXML"},
		{"retention until when", "k?retention", "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2027</RetainUntilDate></Retention>", "MalformedXML"},
		{"event hold", "k?retention", "<Retention><EventHold>ON</EventHold><EventHoldDurationDays>3</EventHoldDurationDays></Retention>", ""},
		{"event hold, other", "k?retention", "<Retention><EventHold>maybe</EventHold></Retention>", "InvalidArgument"},
		{"event hold of both", "k?retention", "<Retention><EventHoldDurationDays>3</EventHoldDurationDays><EventHoldDurationYears>3</EventHoldDurationYears></Retention>", "InvalidArgument"},
		{"event hold of text", "k?retention", "<Retention><EventHoldDurationDays>3d</EventHoldDurationDays></Retention>", "InvalidArgument"},
		{"retention, other", "k?retention", "<Retention><X/></Retention>", "MalformedXML"},

		{"ACL", "k?acl", "<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList>" + grant + grant + "</AccessControlList></AccessControlPolicy>", ""},
		{"ACL of a bucket", "?acl", "<AccessControlPolicy><AccessControlList/></AccessControlPolicy>", ""},
		{"ACL, other", "k?acl", "<AccessControlPolicy><X/></AccessControlPolicy>", "MalformedXML"},
		{"ACL, other grant", "k?acl", "<AccessControlPolicy><AccessControlList><X/></AccessControlList></AccessControlPolicy>", "MalformedXML"},
		{"ACL, other grantee", "k?acl", "<AccessControlPolicy><AccessControlList><Grant><Grantee><X/></Grantee></Grant></AccessControlList></AccessControlPolicy>", "MalformedXML"},
		{"ACL, other in grant", "k?acl", "<AccessControlPolicy><AccessControlList><Grant><X/></Grant></AccessControlList></AccessControlPolicy>", "MalformedXML"},

		{"bucket", "", "<CreateBucketConfiguration/>", ""},
		{"bucket somewhere", "", "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", ""},
		{"directory bucket", "", "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>", "NotImplemented"},
		{"bucket, other", "", "<CreateBucketConfiguration><X/></CreateBucketConfiguration>", "MalformedXML"},

		{"inventory, other field", "?inventory&id=i", "<InventoryConfiguration><OptionalFields><X/></OptionalFields></InventoryConfiguration>", "MalformedXML"},
		{"inventory, deep", "?inventory&id=i", "<InventoryConfiguration>" + strings.Repeat("<a>", 16) + strings.Repeat("</a>", 16) + "</InventoryConfiguration>", "MalformedXML"},
		{"inventory, open", "?inventory&id=i", "<InventoryConfiguration><a>", "MalformedXML"},
		{"inventory, bad text", "?inventory&id=i", "<InventoryConfiguration><a>&x;</a></InventoryConfiguration>", "MalformedXML"},

		{"encryption, other", "k?encryption", "<ObjectEncryption><X/></ObjectEncryption>", "MalformedXML"},
		{"encryption without key", "k?encryption", "<ObjectEncryption><SSE-KMS><BucketKeyEnabled>true</BucketKeyEnabled></SSE-KMS></ObjectEncryption>", "MalformedXML"},
		{"encryption, other member", "k?encryption", "<ObjectEncryption><SSE-KMS><X/></SSE-KMS></ObjectEncryption>", "MalformedXML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, refusal := mapWith(mapper, request(t, "PUT", "/reports/"+tt.target), place(), tt.body)
			switch {
			case refusal == nil && tt.code != "":
				t.Errorf("mapped, want %s", tt.code)
			case refusal != nil && refusal.Code != tt.code:
				t.Errorf("refused: %v (%s)", refusal, refusal.Cause)
			}
		})
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	tests := []struct{ body, code string }{
		{"<RestoreRequest><Days>3</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters></RestoreRequest>", ""},
		{"<RestoreRequest><Type>SELECT</Type></RestoreRequest>", "NotImplemented"},
		{"<RestoreRequest><OutputLocation><S3><BucketName>b</BucketName></S3></OutputLocation></RestoreRequest>", "NotImplemented"},
		{"<RestoreRequest><X/></RestoreRequest>", "MalformedXML"},
	}
	for _, tt := range tests {
		_, _, refusal := mapWith(mapper, request(t, "POST", "/reports/k?restore"), place(), tt.body)
		if tt.code == "" && refusal != nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s: %v", tt.body, refusal)
		}
	}
}

func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, target, code string }{
		{"PUT", "/reports", ""}, {"PUT", "/reports?acl", ""}, {"PUT", "/reports/k?acl", ""},
		{"POST", "/reports?delete", "MissingRequestBodyError"}, {"PUT", "/reports/k?tagging", "MissingRequestBodyError"},
		{"PUT", "/reports/k?retention", "MissingRequestBodyError"}, {"POST", "/reports/k?restore", "MissingRequestBodyError"},
	}
	for _, tt := range tests {
		req := request(t, tt.method, tt.target)
		op, refusal := mapper.Recognise(req, place())
		if refusal == nil {
			_, refusal = mapper.Map(req, &op, place(), nil)
		}
		if tt.code == "" && refusal != nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s %s: %v", tt.method, tt.target, refusal)
		}
	}
	_, _, refusal := mapWith(mapper, request(t, "PUT", "/reports?acl", "x-amz-acl: private"), place(), "<AccessControlPolicy/>")
	if refusal == nil || refusal.Code != "UnexpectedContent" {
		t.Errorf("ACL in header and body: %v", refusal)
	}
}
