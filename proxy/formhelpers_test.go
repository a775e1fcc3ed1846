package proxy_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// form is an upload by a form as a browser sends it.
type form struct {
	fields     []wire.Field
	conditions string // of the policy, each after a comma, beside those of the fields
	filename   string
	content    string
	host       string // localhost if empty
	target     string // /reports if empty
	signedAt   time.Time
	header     []wire.Field
}

func field(name, value string) wire.Field { return wire.Field{Name: name, Value: value} }

const boundary = "----WebKitFormBoundaryAaB03x"

// quoted is a text as JSON has it.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// signed adds to the fields what signs a policy that takes them with any value,
// as AWS documents it, with the standard library alone.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
func (f form) signed(user string) []wire.Field {
	at := f.signedAt
	if at.IsZero() {
		at = clock
	}
	date := at.Format("20060102")
	auth := []wire.Field{
		field("x-amz-algorithm", "AWS4-HMAC-SHA256"),
		field("x-amz-credential", keyOf(user)+"/"+date+"/us-east-1/s3/aws4_request"),
		field("x-amz-date", at.Format("20060102T150405Z")),
	}
	policy := `{"expiration": "2026-03-01T13:00:00Z", "conditions": [{"bucket": "reports"}`
	for _, one := range append(f.fields[:len(f.fields):len(f.fields)], auth...) {
		policy += `, ["starts-with", ` + quoted("$"+one.Name) + `, ""]`
	}
	text := base64.StdEncoding.EncodeToString([]byte(policy + f.conditions + `]}`))
	key := []byte("AWS4" + secretKey)
	for _, step := range []string{date, "us-east-1", "s3", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(step))
		key = mac.Sum(nil)
	}
	return append(auth, field("policy", text), field("x-amz-signature", hex.EncodeToString(key)))
}

// by is the request that user sends, or anybody if that is empty.
func (f form) by(t *testing.T, user string) *wire.Request {
	t.Helper()
	fields := f.fields
	if user != "" {
		fields = append(fields[:len(fields):len(fields)], f.signed(user)...)
	}
	var b strings.Builder
	for _, one := range fields {
		b.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + one.Name + "\"\r\n\r\n" + one.Value + "\r\n")
	}
	b.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + f.filename + "\"\r\nContent-Type: image/x-ignored\r\n\r\n" + f.content + "\r\n--" + boundary + "--\r\n")
	host, target := f.host, f.target
	if host == "" {
		host = "localhost"
	}
	if target == "" {
		target = "/reports"
	}
	return request(t, "", "POST", host, target, b.String(), append(f.header, field("content-type", "multipart/form-data; boundary="+boundary))...)
}

// unannounced takes the size from a request.
func unannounced(req *wire.Request) *wire.Request {
	req.BodySize = -1
	req.Fields.Del("content-length")
	return req
}

// last is what the store saw last.
func (b *bench) last() (req *http.Request, body string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) == 0 {
		b.t.Fatal("nothing was forwarded")
	}
	return b.seen[len(b.seen)-1], b.bodies[len(b.bodies)-1]
}

// ended is how the bodies that the store got ended. It waits for those that are
// still on their way.
func (b *bench) ended() []error {
	b.store.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}
