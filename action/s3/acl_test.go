package s3_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
)

// TestACLs: who is let in by an ACL of the store's is nobody's decision here.
func TestACLs(t *testing.T) {
	t.Parallel()
	const document = "<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList><Grant><Grantee><ID>1</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
	enforced := s3.New(s3.Options{Operations: all})
	for _, target := range []string{"/reports", "/reports?acl", "/reports/k", "/reports/k?acl", "/reports/k?uploads", "/reports/k copy"} {
		method, copied := "PUT", []string(nil)
		switch target {
		case "/reports/k?uploads":
			method = "POST"
		case "/reports/k copy":
			target, copied = "/reports/k", []string{"x-amz-copy-source: archive/a"}
		}
		for _, tt := range []struct {
			field string
			ok    bool
		}{
			{"x-amz-acl: private", true}, {"x-amz-acl: bucket-owner-full-control", true},
			{"x-amz-acl: ", false}, {"x-amz-acl: Private", false}, {"x-amz-acl: public-read", false}, {"x-amz-acl: authenticated-read", false},
			{"x-amz-acl: bucket-owner-read", false}, {"x-amz-acl: aws-exec-read", false}, {"x-amz-acl: private,public-read", false},
			{"x-amz-grant-read: uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"", false}, {"x-amz-grant-write: id=\"1\"", false},
			{"x-amz-grant-read-acp: ", false}, {"x-amz-grant-write-acp: id=\"1\"", false}, {"x-amz-grant-full-control: id=\"1\"", false},
		} {
			req := request(t, method, target, append([]string{tt.field}, copied...)...)
			_, _, refusal := mapWith(enforced, req, place(), "")
			if (refusal == nil) != tt.ok || refusal != nil && (refusal.Status != 400 || refusal.Code != "AccessControlListNotSupported") {
				t.Errorf("%s %s, %s: %v", method, target, tt.field, refusal)
			}
			if _, _, refusal := mapWith(mapper, req, place(), ""); refusal != nil {
				t.Errorf("forwarding, %s %s, %s: %v", method, target, tt.field, refusal)
			}
		}
	}
	if _, _, refusal := mapWith(enforced, request(t, "PUT", "/reports/k?x-amz-acl=public-read"), place(), ""); refusal == nil || refusal.Code != "AccessControlListNotSupported" {
		t.Errorf("in the query: %v", refusal)
	}
	for _, target := range []string{"/reports?acl", "/reports/k?acl"} {
		if _, _, refusal := mapWith(enforced, request(t, "PUT", target), place(), document); refusal == nil || refusal.Code != "AccessControlListNotSupported" {
			t.Errorf("a document, %s: %v", target, refusal)
		}
		if _, _, refusal := mapWith(mapper, request(t, "PUT", target), place(), document); refusal != nil {
			t.Errorf("a document, forwarding, %s: %v", target, refusal)
		}
	}
}
