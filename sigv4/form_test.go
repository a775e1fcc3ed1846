package sigv4_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// awsPostPolicy is AWS's published example, with its line ends.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
var awsPostPolicy = strings.ReplaceAll(`{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}`, "\n", "\r\n")

// awsPostFields are those of the published form, in its order.
func awsPostFields() []field {
	return []field{
		{"key", "user/user1/${filename}"},
		{"acl", "public-read"},
		{"success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
		{"Content-Type", "image/jpeg"},
		{"x-amz-meta-uuid", "14365123651274"},
		{"x-amz-server-side-encryption", "AES256"},
		{"X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
		{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
		{"X-Amz-Date", "20151229T000000Z"},
		{"x-amz-meta-tag", ""},
		{"Policy", base64.StdEncoding.EncodeToString([]byte(awsPostPolicy))},
		{"X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"},
	}
}

func TestFormPublishedExample(t *testing.T) {
	t.Parallel()
	req := formRequest(t, formOf(awsPostFields(), filePart(`C:\Program Files\directory1\file.txt`, "content")))
	if scheme, refusal := sigv4.Recognise(req); scheme != sigv4.Form || refusal != nil {
		t.Fatalf("recognised as %v, %v", scheme, refusal)
	}
	form, refusal := sigv4.ReadForm(req, "sigv4examplebucket")
	if refusal != nil {
		t.Fatal(refusal)
	}
	const want = `key="user/user1/file.txt" acl="public-read" success_action_redirect="http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html" ` +
		`content-type="image/jpeg" x-amz-meta-uuid="14365123651274" x-amz-server-side-encryption="AES256" x-amz-meta-tag="" `
	if got := show(form.Fields); got != want || form.Key() != "user/user1/file.txt" || form.FileName != "file.txt" || !form.Signed() {
		t.Errorf("%s key %s, file %s, signed %v", got, form.Key(), form.FileName, form.Signed())
	}
	if body, refusal := form.Body(0); body != nil || refusal == nil {
		t.Error("a form that was not verified has a body")
	}
	now := time.Date(2015, time.December, 29, 10, 0, 0, 0, time.UTC)
	v, refusal := sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, at(now))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if v.Scheme != sigv4.Form || v.Scheme.String() != "form" || v.AccessKeyID != exampleID || v.Expires != 36*time.Hour || v.Payload != "UNSIGNED-PAYLOAD" {
		t.Errorf("%+v", v)
	}
	if body, refusal := sigv4.NewBody(req, v, 0); body != nil || refusal == nil {
		t.Error("the body of a form is taken for a file")
	}
	body, refusal := form.Body(0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if got, err := io.ReadAll(body); string(got) != "content" || err != nil || body.Size() != 7 || body.Payload() != "UNSIGNED-PAYLOAD" {
		t.Errorf("%q of %d, %v", got, body.Size(), err)
	}
	if again, refusal := form.Body(0); again != nil || refusal == nil {
		t.Error("a form has two bodies")
	}
}

// TestFormPublishedSubmit: the published form names its submit button, whose
// field Amazon S3 ignores. Here it is refused, and the refusal says what to do.
func TestFormPublishedSubmit(t *testing.T) {
	t.Parallel()
	body := strings.TrimSuffix(formOf(awsPostFields(), filePart("a", "content")), "--\r\n") +
		"\r\n" + part("submit", "Upload to Amazon S3") + "\r\n--" + formBoundary + "--\r\n"
	form, refusal := sigv4.ReadForm(formRequest(t, body), "sigv4examplebucket")
	if refusal != nil {
		t.Fatal(refusal)
	}
	if _, refusal = sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, at(time.Date(2015, time.December, 29, 0, 0, 0, 0, time.UTC))); refusal != nil {
		t.Fatal(refusal)
	}
	b, refusal := form.Body(0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	got, _ := io.ReadAll(b)
	expectRefusal(t, b.Refusal(), 400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data. A field follows the file: put the file last, and give the submit button no name.", "")
	if string(got) == "content" {
		t.Error("the file was yielded whole")
	}
}

// TestFormOracle: forms that botocore 1.43.11 makes with
// generate_presigned_post at 2015-12-29T00:00:00Z.
func TestFormOracle(t *testing.T) {
	t.Parallel()
	const credential = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"
	tests := []struct {
		name, policy, signature, token, key string
		fields                              []field
	}{
		{
			"plain", `{"expiration": "2015-12-29T01:00:00Z", "conditions": [{"bucket": "sigv4examplebucket"}, {"key": "user/user1/photo.jpg"}, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"}, {"x-amz-date": "20151229T000000Z"}]}`,
			"3364624b39010d9b06f5d9b8c9a18a6e478d261c048159c92f2fd6fa885f14e6", "", "user/user1/photo.jpg",
			[]field{{"key", "user/user1/photo.jpg"}},
		},
		{
			"session", `{"expiration": "2015-12-29T00:10:00Z", "conditions": [{"acl": "private"}, ["starts-with", "$Content-Type", "image/"], ["eq", "$success_action_status", "201"], ["content-length-range", 1, 1048576], {"bucket": "sigv4examplebucket"}, ["starts-with", "$key", "user/user1/"], {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"}, {"x-amz-date": "20151229T000000Z"}, {"x-amz-security-token": "session-token-example"}]}`,
			"210f95c633be99e5728c150ecdf9b6b28f3f63887ecf87a44130a4c199364865", "session-token-example", "user/user1/me.jpg",
			[]field{{"acl", "private"}, {"Content-Type", "image/jpeg"}, {"success_action_status", "201"}, {"key", "user/user1/${filename}"}, {"x-amz-security-token", "session-token-example"}},
		},
	}
	for _, tt := range tests {
		fields := append(tt.fields, field{"x-amz-algorithm", "AWS4-HMAC-SHA256"}, field{"x-amz-credential", credential},
			field{"x-amz-date", "20151229T000000Z"}, field{"policy", base64.StdEncoding.EncodeToString([]byte(tt.policy))}, field{"x-amz-signature", tt.signature})
		form, refusal := sigv4.ReadForm(formRequest(t, formOf(fields, filePart("me.jpg", "content"))), "sigv4examplebucket")
		if refusal != nil {
			t.Fatal(tt.name, refusal)
		}
		p := at(time.Date(2015, time.December, 29, 0, 5, 0, 0, time.UTC))
		if tt.token != "" {
			p.Keys = keys{exampleID: exampleSecret + " " + tt.token}
		}
		v, refusal := sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, p)
		if refusal != nil {
			t.Fatal(tt.name, refusal)
		}
		if v.SessionToken != tt.token || form.Key() != tt.key || form.Fields.Get("x-amz-security-token") != "" {
			t.Errorf("%s: %+v, %s", tt.name, v, show(form.Fields))
		}
	}
}

func TestFormRefusals(t *testing.T) {
	t.Parallel()
	key := field{"key", "a"}
	signed := signPolicy(policyOf(`, {"key": "a"}`), key)
	withToken := signPolicy(policyOf(`, {"key": "a"}, {"x-amz-security-token": "t"}`), key, field{"x-amz-security-token", "t"})
	bareToken := signPolicy(policyOf(`, {"key": "a"}`), key, field{"x-amz-security-token", "t"})
	text := with(signed, "policy", "")
	tests := []struct {
		name    string
		fields  []field
		params  func(*sigv4.Params)
		status  int
		code    string
		message string
		detail  string
	}{
		{"no key", with(signed, "key", ""), nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.", "ArgumentName=key"},
		{"no policy", text, nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'policy'.", "ArgumentName=policy"},
		{"no algorithm", with(signed, "x-amz-algorithm", ""), nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Algorithm'.", ""},
		{"no credential", with(signed, "x-amz-credential", ""), nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Credential'.", ""},
		{"no date", with(signed, "x-amz-date", ""), nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Date'.", ""},
		{"no signature", with(signed, "x-amz-signature", ""), nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Signature'.", "ArgumentName=X-Amz-Signature"},
		{"policy alone", []field{key, {"policy", "e30="}}, nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Algorithm'.", ""},
		{"token alone", []field{key, {"x-amz-security-token", "t"}}, nil, 400, "InvalidArgument", "Bucket POST must contain a field named 'X-Amz-Algorithm'.", ""},
		{"version 2", []field{key, {"AWSAccessKeyId", exampleID}, {"policy", "e30="}, {"signature", "abc="}}, nil, 400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. The request is signed with Signature Version 2: with boto3 pass config=Config(signature_version='s3v4')", ""},
		{"versions 2 and 4", append(signed[:len(signed):len(signed)], field{"signature", "abc="}), nil, 400, "InvalidArgument", "Only one auth mechanism allowed", ""},
		{"version 4A", with(signed, "x-amz-algorithm", "AWS4-ECDSA-P256-SHA256"), nil, 400, "InvalidArgument", `X-Amz-Algorithm of a form only supports "AWS4-HMAC-SHA256"`, "ArgumentValue=AWS4-ECDSA-P256-SHA256"},
		{"algorithm in lower case", with(signed, "x-amz-algorithm", "aws4-hmac-sha256"), nil, 400, "InvalidArgument", "X-Amz-Algorithm of a form", ""},
		{"bad date", with(signed, "x-amz-date", "2013-05-24"), nil, 400, "InvalidArgument", "X-Amz-Date must be formated via ISO8601 Long format", "ArgumentValue=2013-05-24"},
		{"date of another day", with(signed, "x-amz-date", "20130523T000000Z"), nil, 400, "InvalidArgument", "Invalid credential date. Date is not the same as X-Amz-Date.", "ArgumentName=X-Amz-Credential"},
		{"not yet", signed, func(p *sigv4.Params) { p.Now = exampleNow.Add(-15*time.Minute - time.Second) }, 403, "AccessDenied", "Request is not yet valid", "X-Amz-Date=" + exampleTime},
		{"older than a week", signed, func(p *sigv4.Params) { p.Now = exampleNow.Add(7*24*time.Hour + time.Second) }, 403, "AccessDenied", "Request has expired", "X-Amz-Expires=604800"},
		{"policy expired", signed, func(p *sigv4.Params) { p.Now = exampleNow.Add(time.Hour + time.Second) }, 403, "AccessDenied", "Invalid according to Policy: Policy expired.", ""},
		{"credential", with(signed, "x-amz-credential", "AKID"), nil, 400, "InvalidArgument", "the Credential is mal-formed; expecting", "ArgumentName=X-Amz-Credential"},
		{"region", signed, func(p *sigv4.Params) { p.Regions = []string{"us-west-1"} }, 400, "InvalidArgument", "the region 'us-east-1' is wrong; expecting 'us-west-1'", "Region=us-west-1"},
		{"service", with(signed, "x-amz-credential", exampleID+"/20130524/us-east-1/sts/aws4_request"), nil, 400, "InvalidArgument", `incorrect service "sts". This endpoint belongs to "s3".`, ""},
		{"terminator", with(signed, "x-amz-credential", exampleID+"/20130524/us-east-1/s3/aws5_request"), nil, 400, "InvalidArgument", `incorrect terminal "aws5_request".`, "ArgumentValue=" + exampleID + "/20130524/us-east-1/s3/aws5_request"},
		{"other endpoint", signed, func(p *sigv4.Params) { p.Service = "sts" }, 412, "PreconditionFailed", "", ""},
		{"unknown key", with(signed, "x-amz-credential", "AKIAI44QH8DHBEXAMPLE/20130524/us-east-1/s3/aws4_request"), nil, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist", "AWSAccessKeyId=AKIAI44QH8DHBEXAMPLE"},
		{"no secret", signed, func(p *sigv4.Params) { p.Keys = keys{exampleID: ""} }, 403, "InvalidAccessKeyId", "", ""},
		{"token of another", withToken, func(p *sigv4.Params) { p.Keys = keys{exampleID: exampleSecret + " u"} }, 400, "InvalidToken", "", "Token-0=t"},
		{"expired token", withToken, func(p *sigv4.Params) { p.Keys = keys{exampleID: exampleSecret + " expired"} }, 400, "ExpiredToken", "", "Token-0=t"},
		{"token beside a long-term key", withToken, nil, 400, "InvalidToken", "", ""},
		{"temporary key without token", signed, func(p *sigv4.Params) { p.Keys = keys{exampleID: exampleSecret + " t"} }, 403, "InvalidAccessKeyId", "", ""},
		{"token in no condition", bareToken, func(p *sigv4.Params) { p.Keys = keys{exampleID: exampleSecret + " t"} }, 403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-security-token", ""},
		{"signature", with(signed, "x-amz-signature", zeroSignature), nil, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match", "SignatureProvided=" + zeroSignature},
		{"signature in upper case", with(signed, "x-amz-signature", strings.ToUpper(signed[len(signed)-1].value)), nil, 403, "SignatureDoesNotMatch", "", ""},
		{"policy changed", with(signed, "policy", base64.StdEncoding.EncodeToString([]byte(policyOf(`, {"key": "b"}`)))), nil, 403, "SignatureDoesNotMatch", "", "StringToSign=" + base64.StdEncoding.EncodeToString([]byte(policyOf(`, {"key": "b"}`)))},
		{"policy cut", with(signed, "policy", signed[len(signed)-2].value[:20]), nil, 403, "SignatureDoesNotMatch", "", ""},
		{"bucket field", append(signed[:len(signed):len(signed)], field{"bucket", "other"}), nil, 403, "AccessDenied", "Invalid according to Policy: the field bucket", ""},
		{"content hash", append(signed[:len(signed):len(signed)], field{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}), nil, 400, "InvalidArgument", "A form cannot hold the field x-amz-content-sha256.", "ArgumentName=x-amz-content-sha256"},
		{"copy", append(signed[:len(signed):len(signed)], field{"x-amz-copy-source", "b/k"}), nil, 400, "InvalidArgument", "A form cannot hold the field x-amz-copy-source.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := formParams()
			if tt.params != nil {
				tt.params(&p)
			}
			_, content, refusal := upload(t, formRequest(t, formOf(tt.fields, filePart("f", "content"))), p)
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
			if content != "" {
				t.Errorf("%q was yielded", content)
			}
			if detail(refusal, "CanonicalRequest") != "" {
				t.Error("a canonical request of a form is shown")
			}
		})
	}
	if _, content, refusal := upload(t, formRequest(t, formOf(signed, filePart("f", "content"))), formParams()); refusal != nil || content != "content" {
		t.Errorf("what the cases change: %q, %v", content, refusal)
	}
}

// TestFormAnonymous: without a field that authenticates the caller is nobody.
func TestFormAnonymous(t *testing.T) {
	t.Parallel()
	form, content, refusal := upload(t, formRequest(t, formOf([]field{{"key", "a/${filename}"}, {"bucket", formBucket}, {"x-ignore-me", "\x01"}}, filePart("f", "content"))), formParams())
	if refusal != nil || content != "content" || form.Signed() || show(form.Fields) != `key="a/f" ` {
		t.Errorf("%q, %v, %s", content, refusal, show(form.Fields))
	}
	form, refusal = sigv4.ReadForm(formRequest(t, formOf([]field{{"key", "a"}}, filePart("f", ""))), formBucket)
	if refusal != nil {
		t.Fatal(refusal)
	}
	_, refusal = sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, formParams())
	expectRefusal(t, refusal, 403, "AccessDenied", "Access Denied", "")
}

// TestFormRequests: what of the header makes a form, and what is refused beside
// one.
func TestFormRequests(t *testing.T) {
	t.Parallel()
	body := formOf([]field{{"key", "a"}}, filePart("f", "content"))
	tests := []struct {
		name   string
		edit   edit
		scheme sigv4.Scheme
		status int // of ReadForm; 0: accepted
		code   string
	}{
		{"form", func(*wire.Request) {}, sigv4.Form, 0, ""},
		{"in capitals", set("content-type", "Multipart/Form-Data ; Boundary="+formBoundary), sigv4.Form, 0, ""},
		{"quoted", set("content-type", `multipart/form-data; boundary="`+formBoundary+`"; charset=UTF-8`), sigv4.Form, 0, ""},
		{"other type", set("content-type", "text/plain"), sigv4.None, 412, "PreconditionFailed"},
		{"mixed", set("content-type", "multipart/mixed; boundary="+formBoundary), sigv4.None, 412, "PreconditionFailed"},
		{"no type", del("content-type"), sigv4.None, 412, "PreconditionFailed"},
		{"put", func(r *wire.Request) { r.Method = "PUT" }, sigv4.None, 412, "PreconditionFailed"},
		{"query", query(t, func(string) string { return "delete" }), sigv4.None, 400, "InvalidArgument"},
		{"no boundary", set("content-type", "multipart/form-data"), sigv4.Form, 400, "MalformedPOSTRequest"},
		{"content-md5", set("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="), sigv4.Form, 400, "InvalidRequest"},
		{"acl", set("x-amz-acl", "public-read"), sigv4.Form, 400, "InvalidRequest"},
		{"content hash", set("x-amz-content-sha256", trailerOnly), sigv4.Form, 400, "InvalidRequest"},
		{"token", set("x-amz-security-token", "t"), sigv4.Form, 400, "InvalidRequest"},
		{"precondition", set("if-none-match", "*"), sigv4.Form, 400, "InvalidRequest"},
		{"compressed", set("content-encoding", "gzip"), sigv4.Form, 400, "InvalidRequest"},
		{"header credentials", headers("host"), sigv4.Header, 400, "InvalidArgument"},
		{"header credentials and no form", func(r *wire.Request) { set("content-type", "text/plain")(r); headers("host")(r) }, sigv4.Header, 412, "PreconditionFailed"},
	}
	for _, tt := range tests {
		req := formRequest(t, body)
		tt.edit(req)
		if scheme, refusal := sigv4.Recognise(req); scheme != tt.scheme || refusal != nil {
			t.Errorf("%s: recognised as %v, %v", tt.name, scheme, refusal)
		}
		form, refusal := sigv4.ReadForm(req, formBucket)
		if (refusal == nil) != (form != nil) || (tt.status == 0) != (refusal == nil) || refusal != nil && (refusal.Status != tt.status || refusal.Code != tt.code) {
			t.Errorf("%s: %v", tt.name, refusal)
		}
	}
}

// TestFormVerify: a form is no request without credentials to Verify, which
// reads no body.
func TestFormVerify(t *testing.T) {
	t.Parallel()
	req := formRequest(t, formOf(signPolicy(policyOf(`, {"key": "a"}`), field{"key", "a"}), filePart("f", "content")))
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, formParams())
	expectRefusal(t, refusal, 403, "AccessDenied", "Access Denied", "")
}

// TestFormKeyCache: a form uses the signing key that a header left, and one
// that is replaced no longer verifies.
func TestFormKeyCache(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	fields := signPolicy(policyOf(`, {"key": "a"}`), field{"key", "a"})
	for _, version := range []struct {
		key  sigv4.Key
		code string
	}{
		{sigv4.Key{Secret: secret.New(exampleSecret), Version: 1}, ""},
		{sigv4.Key{Secret: secret.New("another"), Version: 2}, "SignatureDoesNotMatch"},
		{sigv4.Key{Secret: secret.New(exampleSecret), Version: 3}, ""},
	} {
		form, refusal := sigv4.ReadForm(formRequest(t, formOf(fields, filePart("f", ""))), formBucket)
		if refusal != nil {
			t.Fatal(refusal)
		}
		p := formParams()
		p.Keys = oneKey{&version.key}
		v, refusal := verifier.VerifyForm(form, p)
		if version.code == "" && (refusal != nil || v.KeyVersion != version.key.Version) || version.code != "" && (refusal == nil || refusal.Code != version.code) {
			t.Errorf("version %d: %v", version.key.Version, refusal)
		}
	}
}
