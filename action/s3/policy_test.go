package s3_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
)

// TestBucketPolicy answers for policies of buckets by what is enforced, for any
// store, and tells where they are changed.
func TestBucketPolicy(t *testing.T) {
	t.Parallel()
	known := place()
	known.Policy = func(bucket string) (string, bool, bool) { return `{"of": "` + bucket + `"}`, true, bucket == "reports" }
	const status = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<PolicyStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsPublic>true</IsPublic></PolicyStatus>`
	tests := []struct {
		method, target, action string
		code, body             string
	}{
		{"GET", "/reports?policy", "s3:GetBucketPolicy", "", `{"of": "reports"}`},
		{"GET", "/reports?policyStatus", "s3:GetBucketPolicyStatus", "", status},
		{"GET", "/archive?policy", "s3:GetBucketPolicy", "NoSuchBucketPolicy", ""},
		{"GET", "/archive?policyStatus", "s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", ""},
		{"PUT", "/reports?policy", "s3:PutBucketPolicy", "MethodNotAllowed", ""},
		{"DELETE", "/reports?policy", "s3:DeleteBucketPolicy", "MethodNotAllowed", ""},
	}
	bare := s3.New(s3.Options{Operations: []string{"GetObject"}})
	for _, tt := range tests {
		_, mapped, refusal := mapWith(bare, request(t, tt.method, tt.target), known, "")
		if refusal != nil || mapped.Answer == nil || len(mapped.Accesses) != 1 || mapped.Accesses[0].Action != tt.action {
			t.Errorf("%s %s: %+v, %v", tt.method, tt.target, mapped, refusal)
			continue
		}
		code := ""
		if mapped.Answer.Refusal != nil {
			code = mapped.Answer.Refusal.Code
		}
		if code != tt.code || string(mapped.Answer.Body) != tt.body {
			t.Errorf("%s %s: answered %q, %s, want %q, %s", tt.method, tt.target, code, mapped.Answer.Body, tt.code, tt.body)
		}
		if _, mapped, _ := mapWith(bare, request(t, tt.method, tt.target), place(), ""); mapped.Answer == nil || mapped.Answer.Refusal == nil || mapped.Answer.Refusal.Code != "NotImplemented" {
			t.Errorf("%s %s, where nobody tells: %+v", tt.method, tt.target, mapped.Answer)
		}
	}
}
