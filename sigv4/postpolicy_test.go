package sigv4_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// signedUpload uploads content with a signed policy.
func signedUpload(t testing.TB, policy, content string, fields ...field) (*sigv4.PostForm, *wire.Refusal) {
	t.Helper()
	form, _, refusal := upload(t, formRequest(t, formOf(signPolicy(policy, fields...), filePart("name.txt", content))), formParams())
	return form, refusal
}

// TestPostPolicyConditions: what Amazon S3 documents of conditions, and was
// seen to answer where one does not hold.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func TestPostPolicyConditions(t *testing.T) {
	t.Parallel()
	const failed = "Invalid according to Policy: Policy Condition failed: "
	key := func(value string) []field { return []field{{"key", value}} }
	keyAnd := func(name, value string) []field { return []field{{"key", "a"}, {name, value}} }
	const a = `, {"key": "a"}`
	tests := []struct {
		name       string
		conditions string
		fields     []field
		message    string // "": accepted
	}{
		{"eq", `, ["eq", "$key", "a"]`, key("a"), ""},
		{"eq of another", `, ["eq", "$key", "a"]`, key("b"), failed + `["eq", "$key", "a"]`},
		{"eq is no prefix", `, ["eq", "$key", "a"]`, key("ab"), failed + `["eq", "$key", "a"]`},
		{"values are compared with case", `, ["eq", "$key", "a"]`, key("A"), failed + `["eq", "$key", "a"]`},
		{"simple, shown as an array", `, {"key": "a\"b"}`, key("b"), failed + `["eq", "$key", "a\"b"]`},
		{"names and operators in other cases", `, ["StArTs-WiTh", "$KeY", "a"]`, []field{{"kEy", "ab"}}, ""},
		{"escapes", `, {"key": "\u00e9\/\ud83d\ude00"}`, key("é/😀"), ""},
		{"starts-with", `, ["starts-with", "$key", "user/"]`, key("user/eric/1"), ""},
		{"starts-with another", `, ["starts-with", "$key", "user/"]`, key("use"), failed + `["starts-with", "$key", "user/"]`},
		{"anything", `, ["starts-with", "$key", ""]`, key("x"), ""},
		{"the expanded key", `, {"key": "user/name.txt"}`, key("user/${filename}"), ""},
		{"the key as sent", `, {"key": "user/${filename}"}`, key("user/${filename}"), failed},
		{"an absent field", a + `, ["starts-with", "$acl", ""]`, key("a"), failed + `["starts-with", "$acl", ""]`},
		{"an empty field", a + `, {"acl": ""}`, keyAnd("acl", ""), ""},
		{"no dollar sign", a + `, ["eq", "acl", "private"]`, keyAnd("acl", "private"), failed + `["eq", "acl", "private"]`},
		{"two conditions of a field", `, ["starts-with", "$key", "a"], ["eq", "$key", "b"]`, key("a"), failed + `["eq", "$key", "b"]`},
		{"one type", a + `, ["starts-with", "$Content-Type", "image/"]`, keyAnd("Content-Type", "image/png"), ""},
		{"a list of types", a + `, ["starts-with", "$Content-Type", "image/"]`, keyAnd("Content-Type", "image/jpg,image/png,image/gif"), ""},
		{"another type in the list", a + `, ["starts-with", "$Content-Type", "image/"]`, keyAnd("Content-Type", "image/jpg,text/plain"), failed},
		{"an empty item in the list", a + `, ["starts-with", "$Content-Type", "image/"]`, keyAnd("Content-Type", "image/jpg,"), failed},
		{"eq knows no lists", a + `, ["eq", "$Content-Type", "image/a,image/b"]`, keyAnd("Content-Type", "image/a,image/b"), ""},
		{"only types are lists", `, ["starts-with", "$key", "image/"]`, key("image/jpg,text/plain"), ""},
		{"extra field", a, keyAnd("acl", "private"), "Invalid according to Policy: Extra input fields: acl"},
		{"extra fields", a, []field{{"key", "a"}, {"Content-Type", "x/y"}, {"x-amz-meta-a", "b"}}, "Invalid according to Policy: Extra input fields: content-type, x-amz-meta-a"},
		{"extra key", "", key("a"), "Invalid according to Policy: Extra input fields: key"},
		{"ignored fields", a, keyAnd("X-Ignore-Me", "x"), ""},
		{"bucket field", a, keyAnd("bucket", formBucket), ""},
		{"no secret is shown", a + `, {"x-amz-server-side-encryption-customer-key": "c2VjcmV0"}`, keyAnd("x-amz-server-side-encryption-customer-key", "x"), failed + `["eq", "$x-amz-server-side-encryption-customer-key", "..."]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, refusal := signedUpload(t, policyOf(tt.conditions), "content", tt.fields...)
			if tt.message != "" {
				expectRefusal(t, refusal, 403, "AccessDenied", tt.message, "")
			} else if refusal != nil {
				t.Error(refusal)
			}
		})
	}
}

// TestPostPolicyBucket: the bucket is that of the request, and must be in the
// policy whether or not it is a field.
func TestPostPolicyBucket(t *testing.T) {
	t.Parallel()
	other := strings.Replace(policyOf(`, {"key": "a"}`), `{"bucket": "`+formBucket, `{"bucket": "other`, 1)
	_, refusal := signedUpload(t, other, "", field{"key", "a"})
	expectRefusal(t, refusal, 403, "AccessDenied", `Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "other"]`, "")
	_, refusal = signedUpload(t, other, "", field{"key", "a"}, field{"bucket", "other"})
	expectRefusal(t, refusal, 403, "AccessDenied", "Invalid according to Policy: the field bucket", "")
	none := strings.Replace(policyOf(`, {"key": "a"}`), `{"bucket": "`+formBucket+`"}, `, "", 1)
	_, refusal = signedUpload(t, none, "", field{"key", "a"})
	expectRefusal(t, refusal, 403, "AccessDenied", "Invalid according to Policy: Extra input fields: bucket", "")
}

func TestPostPolicySizes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		ranges string
		size   int
		code   string
		detail string
	}{
		{`["content-length-range", 5, 10]`, 4, "EntityTooSmall", "MinSizeAllowed=5"},
		{`["content-length-range", 5, 10]`, 5, "", ""},
		{`["content-length-range", 5, 10]`, 10, "", ""},
		{`["content-length-range", 5, 10]`, 11, "EntityTooLarge", "MaxSizeAllowed=10"},
		{`["content-length-range", "5", "10"]`, 10, "", ""},
		{`["Content-Length-Range", 0, 0]`, 0, "", ""},
		{`["content-length-range", 0, 0]`, 1, "EntityTooLarge", "ProposedSize=1"},
		{`["content-length-range", 1, 1]`, 0, "EntityTooSmall", "ProposedSize=0"},
		{`["content-length-range", 0, 20], ["content-length-range", 8, 9]`, 7, "EntityTooSmall", "MinSizeAllowed=8"},
		{`["content-length-range", 8, 9], ["content-length-range", 0, 20]`, 10, "EntityTooLarge", "MaxSizeAllowed=9"},
		{`["content-length-range", "test", "10"]`, 5, "AccessDenied", ""},
		{`["content-length-range", 10, 5]`, 7, "AccessDenied", ""},
		{`["content-length-range", 0, 9223372036854775807]`, 7, "", ""},
		{`["content-length-range", 0, 9223372036854775808]`, 7, "AccessDenied", ""},
		{`["content-length-range", "-1", "10"]`, 5, "AccessDenied", ""},
	}
	for _, tt := range tests {
		fields := signPolicy(policyOf(`, {"key": "a"}, `+tt.ranges), field{"key", "a"})
		body := formOf(fields, filePart("f", strings.Repeat("x", tt.size)))
		for _, declared := range []bool{true, false} {
			req := formRequest(t, body)
			if !declared {
				req.BodySize = -1
			}
			_, content, refusal := upload(t, req, formParams())
			switch {
			case tt.code == "":
				if refusal != nil || len(content) != tt.size {
					t.Errorf("%s, %d bytes, declared %v: %v", tt.ranges, tt.size, declared, refusal)
				}
			case refusal == nil || refusal.Code != tt.code:
				t.Errorf("%s, %d bytes, declared %v: %v", tt.ranges, tt.size, declared, refusal)
			case len(content) >= tt.size && tt.size > 0:
				t.Errorf("%s: %d bytes were yielded", tt.ranges, len(content))
			default:
				if name, value, found := strings.Cut(tt.detail, "="); found && detail(refusal, name) != value {
					t.Errorf("%s, %d bytes: %s is %s", tt.ranges, tt.size, name, detail(refusal, name))
				}
			}
		}
	}
}

func TestPostPolicyDocuments(t *testing.T) {
	t.Parallel()
	whole := func(conditions string) string {
		return `{"expiration": "2013-05-24T01:00:00Z", "conditions": ` + conditions + `}`
	}
	const invalid, one = "Invalid JSON.", "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
	tests := []struct{ name, policy, message string }{
		{"empty", "", invalid},
		{"cut", `{"expiration"`, invalid},
		{"two values", whole("[]") + " {}", invalid},
		{"byte order mark", "\ufeff" + whole("[]"), invalid},
		{"not UTF-8", whole(`[{"key": "` + "\xff" + `"}]`), invalid},
		{"trailing comma", whole(`[{"key": "a"},]`), invalid},
		{"single quotes", whole(`[['starts-with', '$Filename', '']]`), invalid},
		{"escaped dollar sign", whole(`[["eq", "\$key", "a"]]`), invalid},
		{"a lone surrogate", whole(`[{"key": "\ud800"}]`), invalid},
		{"a lone surrogate as an argument", whole(`[["eq", "$key", "\udc00"]]`), invalid},
		{"a list", `[]`, "a policy must be an Object."},
		{"null", `null`, "a policy must be an Object."},
		{"nothing", `{}`, "Policy missing expiration."},
		{"no expiration", `{"conditions": []}`, "Policy missing expiration."},
		{"no conditions", `{"expiration": "2013-05-24T01:00:00Z"}`, "Policy missing conditions."},
		{"a bucket policy", `{"Version": "2012-10-17"}`, "Unexpected: 'Version'"},
		{"another case", `{"Expiration": "2013-05-24T01:00:00Z", "conditions": []}`, "Unexpected: 'Expiration'"},
		{"capitals", `{"expiration": "2013-05-24T01:00:00Z", "CONDITIONS": []}`, "Unexpected: 'CONDITIONS'"},
		{"null expiration", `{"expiration": null, "conditions": []}`, "Invalid 'expiration' value: ''"},
		{"nested expiration", `{"expiration": {"a": "2013-05-24T01:00:00Z"}, "conditions": []}`, "Invalid 'expiration' value: ''"},
		{"conditions an object", whole(`{"key": "a"}`), "Invalid 'conditions' value: must be a List."},
		{"a condition a string", whole(`["key"]`), "Invalid condition test: must be a List or Object."},
		{"an empty object", whole(`[{}]`), one},
		{"two properties", whole(`[{"key": "a", "acl": "b"}]`), one},
		{"the same property twice", whole(`[{"key": "a", "key": "b"}]`), one},
		{"a number", whole(`[{"Content-Length": 6199034}]`), "Invalid Simple-Condition: value must be a string."},
		{"an object as the value", whole(`[{"key": {"a": "b"}}]`), "Invalid Simple-Condition: value must be a string."},
		{"null as the value", whole(`[{"key": null}]`), invalid},
		{"an empty condition", whole(`[[]]`), "Invalid Condition: missing operation identifier."},
		{"an unknown operation", whole(`[["in", "$key", "a"]]`), "Invalid Condition: unknown operation 'in'."},
		{"no ASCII letter", whole(`[["ſtarts-with", "$key", "a"]]`), "Invalid Condition: unknown operation 'ſtarts-with'."},
		{"two items", whole(`[["eq", "$key"]]`), "Invalid eq: wrong number of arguments."},
		{"four items", whole(`[["starts-with", "$key", "a", "b"]]`), "Invalid starts-with: wrong number of arguments."},
		{"half a range", whole(`[["content-length-range", 0]]`), "Invalid content-length-range: wrong number of arguments."},
		{"a negative bound", whole(`[["content-length-range", -1, 0]]`), invalid},
		{"a fraction", whole(`[["content-length-range", 0, 512.0]]`), invalid},
		{"a power", whole(`[["content-length-range", 0, 1e3]]`), invalid},
		{"a number as an argument", whole(`[["eq", "$key", 1]]`), invalid},
		{"a list as an argument", whole(`[["eq", "$key", ["a"]]]`), invalid},
		{"a truth as an argument", whole(`[["eq", "$key", true]]`), invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, refusal := signedUpload(t, tt.policy, "", field{"key", "a"})
			expectRefusal(t, refusal, 400, "InvalidPolicyDocument", "Invalid Policy: "+tt.message, "")
		})
	}
	fields := signPolicy("", field{"key", "a"})
	for _, text := range []string{"e30", "e31=", "e3 0=", "{}", "e30=="} {
		fields = with(with(fields, "policy", text), "x-amz-signature", exampleChain().sign(text))
		_, _, refusal := upload(t, formRequest(t, formOf(fields, filePart("f", ""))), formParams())
		expectRefusal(t, refusal, 400, "InvalidPolicyDocument", "Invalid Policy: invalid Base64 encoding.", "")
	}
}

func TestPostPolicyExpiration(t *testing.T) {
	t.Parallel()
	valid := map[string]time.Duration{
		"2013-05-24T00:00:01Z":           time.Second,
		"2013-05-24T00:00:00Z":           0,
		"2013-05-24T00:30:00.000Z":       30 * time.Minute,
		"2013-05-24T00:00:00.5Z":         500 * time.Millisecond,
		"2013-05-24T00:00:00.123456789Z": 123456789,
		"2014-01-01T00:00:00Z":           7 * 24 * time.Hour, // for which the signature is good
	}
	for text, want := range valid {
		policy := strings.Replace(policyOf(`, {"key": "a"}`), "2013-05-24T01:00:00Z", text, 1)
		form, refusal := sigv4.ReadForm(formRequest(t, formOf(signPolicy(policy, field{"key", "a"}), filePart("f", ""))), formBucket)
		if refusal != nil {
			t.Fatal(refusal)
		}
		v, refusal := sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, formParams())
		if refusal != nil || v.Expires != want {
			t.Errorf("%s: %v, %v", text, v, refusal)
		}
	}
	for _, text := range []string{
		"2013-05-24T02:00:00+01:00", "2013-05-24 01:00:00Z", "2013-05-24T01:00:00", "2013-05-24T01:00Z", "2013-05-24T1:00:00.0Z", "2013-05-24", "",
		"20130524T010000Z", "2013-05-24t01:00:00z", "2013-05-24T01:00:00,5Z", "2013-05-24T01:00:00.Z", "2013-05-24T01:00:00.0123456789Z",
		"2013-02-30T01:00:00Z", "2013-05-24T24:00:00Z", "2013-05-24T01:00:60Z", "1369357200", "2013-05-24T01:00:00.1 Z", " 2013-05-24T01:00:00Z",
	} {
		policy := strings.Replace(policyOf(`, {"key": "a"}`), "2013-05-24T01:00:00Z", text, 1)
		_, refusal := signedUpload(t, policy, "", field{"key", "a"})
		if refusal == nil || refusal.Code != "InvalidPolicyDocument" || refusal.Message != "Invalid Policy: Invalid 'expiration' value: '"+text+"'" {
			t.Errorf("%s: %v", text, refusal)
		}
	}
}
