package sigv4_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	formBoundary = "----WebKitFormBoundaryAaB03x"
	formType     = "multipart/form-data; boundary=" + formBoundary
	formBucket   = "examplebucket"
)

// field is a field of a form.
type field struct{ name, value string }

// part is a part of a form, without its delimiters.
func part(name, value string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value
}

func filePart(filename, content string) string {
	return "Content-Disposition: form-data; name=\"file\"; filename=\"" + filename + "\"\r\nContent-Type: text/plain\r\n\r\n" + content
}

// multipartOf puts parts between delimiters.
func multipartOf(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--" + formBoundary + "\r\n" + p + "\r\n")
	}
	b.WriteString("--" + formBoundary + "--\r\n")
	return b.String()
}

func formOf(fields []field, file string) string {
	parts := make([]string, 0, len(fields)+1)
	for _, f := range fields {
		parts = append(parts, part(f.name, f.value))
	}
	return multipartOf(append(parts, file)...)
}

func formRequest(t testing.TB, body string, fields ...string) *wire.Request {
	t.Helper()
	return newRequest(t, "POST", formBucket+".s3.amazonaws.com", "/", body, append(fields, "content-type", formType)...)
}

const formCredential = exampleID + "/20130524/us-east-1/s3/aws4_request"

// authConditions are the conditions that every signed form has.
const authConditions = `{"bucket": "` + formBucket + `"}, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, ` +
	`{"x-amz-credential": "` + formCredential + `"}, {"x-amz-date": "` + exampleTime + `"}`

// policyOf is a policy that is good for an hour, with further conditions, each
// of which begins with a comma.
func policyOf(conditions string) string {
	return `{"expiration": "2013-05-24T01:00:00Z", "conditions": [` + authConditions + conditions + `]}`
}

// signPolicy adds to fields what signs the policy, as AWS documents it, with
// the standard library alone.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
func signPolicy(policy string, fields ...field) []field {
	text := base64.StdEncoding.EncodeToString([]byte(policy))
	return append(fields,
		field{"x-amz-algorithm", "AWS4-HMAC-SHA256"},
		field{"x-amz-credential", formCredential},
		field{"x-amz-date", exampleTime},
		field{"policy", text},
		field{"x-amz-signature", exampleChain().sign(text)})
}

// with is a copy of fields with one of another value; an empty one takes the
// field out.
func with(fields []field, name, value string) []field {
	var out []field
	for _, f := range fields {
		if f.name == name {
			f.value = value
		}
		if f.value != "" || f.name != name {
			out = append(out, f)
		}
	}
	return out
}

// upload is what becomes of a form: what it stores, or how it is refused.
func upload(t testing.TB, req *wire.Request, p sigv4.Params) (form *sigv4.PostForm, content string, refusal *wire.Refusal) {
	t.Helper()
	form, refusal = sigv4.ReadForm(req, formBucket)
	if refusal != nil {
		return nil, "", refusal
	}
	if form.Signed() {
		if _, refusal = sigv4.NewVerifier(sigv4.Options{}).VerifyForm(form, p); refusal != nil {
			return form, "", refusal
		}
	}
	body, refusal := form.Body(0)
	if refusal != nil {
		return form, "", refusal
	}
	defer func() { _ = body.Close() }()
	yielded, err := io.ReadAll(body)
	if err == nil && body.Size() >= 0 && body.Size() != int64(len(yielded)) {
		t.Errorf("%d bytes were yielded of %d", len(yielded), body.Size())
	}
	return form, string(yielded), body.Refusal()
}

func formParams() sigv4.Params { return s3Params(exampleNow) }

func at(now time.Time) sigv4.Params {
	p := formParams()
	p.Now = now
	return p
}

func show(fields wire.Fields) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s=%q ", f.Name, f.Value)
	}
	return b.String()
}
