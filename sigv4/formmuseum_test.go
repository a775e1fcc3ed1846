package sigv4_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// TestMuseum_03_formAndOtherCredentials: credentials in the header, or of two
// versions, beside those of a form leave no doubt who the caller is: nobody.
func TestMuseum_03_formAndOtherCredentials(t *testing.T) {
	t.Parallel()
	signed := signPolicy(policyOf(`, {"key": "a"}`), field{"key", "a"})
	for name, change := range map[string]edit{
		"header":           headers("host"),
		"version 2 header": set("authorization", "AWS "+exampleID+":abc="),
		"bearer":           set("authorization", "Bearer abc"),
		"query":            query(t, func(string) string { return vectors()[4].request(t).RawQuery }),
		"half a query":     query(t, func(string) string { return "X-Amz-Signature=" + zeroSignature }),
		"version 2 query":  query(t, func(string) string { return "AWSAccessKeyId=a&Signature=b&Expires=1" }),
		"token":            set("x-amz-security-token", "t"),
		"date":             set("x-amz-date", exampleTime),
		"two types":        add("content-type", "multipart/form-data; boundary=other"),
	} {
		for kind, fields := range map[string][]field{"signed": signed, "anonymous": {{"key", "a"}}} {
			req := formRequest(t, formOf(fields, filePart("f", "content")))
			change(req)
			if form, refusal := sigv4.ReadForm(req, formBucket); refusal == nil || form != nil || refusal.Status != 400 {
				t.Errorf("%s beside a form that is %s: %v", name, kind, refusal)
			}
		}
	}
	twice := append(signed[:len(signed):len(signed)], field{"X-AMZ-SIGNATURE", zeroSignature})
	if _, _, refusal := upload(t, formRequest(t, formOf(twice, filePart("f", "content"))), formParams()); refusal == nil || refusal.Code != malformed {
		t.Errorf("two signatures: %v", refusal)
	}
}

// TestMuseum_15_formCopySource: a form stores its file; it never copies.
func TestMuseum_15_formCopySource(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x-amz-copy-source", "X-Amz-Copy-Source", "x-amz-copy-source-if-match", "x-amz-copy-source-server-side-encryption-customer-key"} {
		for _, source := range []string{"b/k", "/b/k", "b%2Fk", "b/k?versionId=v"} {
			fields := signPolicy(policyOf(`, {"key": "a"}, ["starts-with", "$`+name+`", ""]`), field{"key", "a"}, field{name, source})
			_, content, refusal := upload(t, formRequest(t, formOf(fields, filePart("f", "content"))), formParams())
			if refusal == nil || refusal.Code != "InvalidArgument" || content != "" {
				t.Errorf("%s: %s: %q, %v", name, source, content, refusal)
			}
		}
	}
}

// TestMuseum_19_formKeys: the key of a form is the bytes of its field, which
// nothing decodes or cleans, and which the policy is compared with.
func TestMuseum_19_formKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a+b", "a%2Bb", "a%2fb", "a//b", "/a", "a/../b", "a/.", "%2e%2e/b", "a%00b", "a\x00b", " a ", "a b", "a\\b", "&amp;", "=?utf-8?q?a?="} {
		policy := policyOf(`, ["starts-with", "$key", ""]`)
		form, refusal := signedUpload(t, policy, "content", field{"key", key})
		if refusal != nil || form.Key() != key {
			t.Errorf("%q: %v", key, refusal)
		}
		for _, other := range []string{"a b", "a/b", "a+b", "b", "a"} {
			if other == key {
				continue
			}
			_, refusal = signedUpload(t, policyOf(`, {"key": "`+other+`"}`), "content", field{"key", key})
			if refusal == nil || refusal.Code != "AccessDenied" {
				t.Errorf("%q was taken for %q: %v", key, other, refusal)
			}
		}
	}
	for _, key := range []string{"a\xff", "\xc0\xaf", "\xed\xa0\x80"} {
		if _, refusal := signedUpload(t, policyOf(`, ["starts-with", "$key", ""]`), "content", field{"key", key}); refusal == nil || refusal.Code != malformed {
			t.Errorf("%q: %v", key, refusal)
		}
	}
}

// TestMuseum_32_postPolicyMembers: a member that comes twice has two readings.
func TestMuseum_32_postPolicyMembers(t *testing.T) {
	t.Parallel()
	whole := policyOf(`, {"key": "a"}`)
	const expiration = `"expiration": "2013-05-24T01:00:00Z"`
	for _, policy := range []string{
		strings.Replace(whole, expiration, expiration+", "+expiration, 1),
		strings.Replace(whole, expiration, `"expiration": "2013-05-23T01:00:00Z", `+expiration, 1),
		strings.Replace(whole, expiration, `"\u0065xpiration": "2013-05-25T01:00:00Z", `+expiration, 1),
		strings.TrimSuffix(whole, "}") + `, "conditions": []}`,
		strings.Replace(whole, `{"key": "a"}`, `{"key": "a", "key": "b"}`, 1),
		strings.Replace(whole, `{"key": "a"}`, `{"key": "b", "\u006bey": "a"}`, 1),
		strings.Replace(whole, expiration, expiration+`, "Expiration": "2013-05-23T01:00:00Z"`, 1),
	} {
		if _, refusal := signedUpload(t, policy, "content", field{"key", "a"}); refusal == nil || refusal.Code != "InvalidPolicyDocument" {
			t.Errorf("%s: %v", policy, refusal)
		}
	}
	_, refusal := signedUpload(t, strings.Replace(whole, expiration, expiration+", "+expiration, 1), "content", field{"key", "a"})
	expectRefusal(t, refusal, 400, "InvalidPolicyDocument", "Invalid Policy: 'expiration' is there twice, again before byte 51.", "")
}
