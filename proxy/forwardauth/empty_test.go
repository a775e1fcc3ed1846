package forwardauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
)

// TestEmptyBodies: Traefik does not tell an empty body from one that it did not
// send along. What a client signs as empty is, and goes on signed so.
func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	const hash = sigv4.EmptyPayload
	chunked := func(q *question) {
		q.fields, q.body = append(q.fields, "Transfer-Encoding: chunked"), "5\r\nhello\r\n0\r\n\r\n"
	}
	other := func(*upstream.Options) {}
	unsigned := func(o *upstream.Options) { o.Credentials, o.Unsigned = nil, true }
	never := func(o *upstream.Options) { o.PayloadSigning = sigv4.PayloadUnsigned }
	through := func(o *upstream.Options) { o.Passthrough = true }
	tests := []struct {
		name    string
		dialect forwardauth.Dialect
		up      func(*upstream.Options)
		method  string
		target  string
		payload string // as it is signed; none is anonymous
		change  func(*question)
		status  int
		reason  string
	}{
		{"an object", traefik, other, "PUT", "/reports/a", hash, nil, 200, ""},
		{"a bucket", traefik, other, "PUT", "/reports", hash, nil, 200, ""},
		{"an upload in parts", traefik, other, "POST", "/reports/a?uploads", hash, nil, 200, ""},
		{"tags", traefik, other, "PUT", "/reports/a?tagging", hash, nil, 400, "MissingRequestBodyError"},
		{"what is denied", traefik, other, "PUT", "/reports/secret/a", hash, nil, 403, "explicit deny"},
		{"an object of which nothing is signed", traefik, other, "PUT", "/reports/a", "UNSIGNED-PAYLOAD", nil, 411, "MissingContentLength"},
		{"a bucket of which nothing is signed", traefik, other, "PUT", "/reports", "UNSIGNED-PAYLOAD", nil, 403, ""},
		{"an object with a body", traefik, other, "PUT", "/reports/a", strings.Repeat("0", 64), nil, 411, "MissingContentLength"},
		{"a hash in capitals", traefik, other, "PUT", "/reports/a", strings.ToUpper(hash), nil, 411, "MissingContentLength"},
		{"a body in chunks", traefik, other, "PUT", "/reports/a", hash, chunked, 411, "MissingContentLength"},
		{"a bucket, in chunks", traefik, other, "PUT", "/reports", hash, chunked, 403, ""},
		{"a hash that nobody signed", traefik, other, "PUT", "/reports/a", "", func(q *question) {
			q.fields = append(q.fields, "X-Amz-Content-Sha256: "+hash)
		}, 403, `"Anonymous"`},
		{"another's hash", traefik, other, "PUT", "/reports/a", "UNSIGNED-PAYLOAD", func(q *question) {
			q.set("X-Amz-Content-Sha256", "X-Amz-Content-Sha256: "+hash)
		}, 403, "SignatureDoesNotMatch"},
		{"two hashes", traefik, other, "PUT", "/reports/a", hash, func(q *question) {
			q.fields = append(q.fields, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
		}, 400, ""},
		{"where nothing is signed for the store", traefik, unsigned, "PUT", "/reports", hash, nil, 403, "would not be told"},
		{"where bodies are not signed for the store", traefik, never, "PUT", "/reports/a", hash, nil, 200, ""},
		{"where the client's signature goes on", traefik, through, "PUT", "/reports", hash, nil, 200, ""},
		{"nginx, which tells lengths", nginx, other, "PUT", "/reports/a", hash, nil, 411, "MissingContentLength"},
		{"Caddy, which tells lengths", caddy, other, "PUT", "/reports/a", hash, nil, 411, "MissingContentLength"},
	}
	for _, tt := range tests {
		t.Run(string(tt.dialect)+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			o := upstream.Options{
				Name: "store", Endpoint: &url.URL{Scheme: "http", Host: "store.example:7070"}, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
				Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
			}
			tt.up(&o)
			up, err := upstream.New(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(up.Close)
			w := open(t, tt.dialect, func(o *forwardauth.Options, _ *proxy.Options) { o.Routes[0].Upstream = up })
			q := w.about(false, tt.method, tt.target)
			if tt.payload != "" {
				q.fields = append(q.fields, signPayload(t, tt.method, tt.target, tt.payload)...)
			}
			if tt.change != nil {
				tt.change(q)
			}
			answer, body := w.ask(q)
			status := answer.StatusCode
			if answer.Header.Get("X-Sallyport-Status") == "411" {
				status = http.StatusLengthRequired
			}
			if record := w.record(answer.Header.Get("X-Sallyport-Request-Id")); status != tt.status || !strings.Contains(record, tt.reason) {
				t.Errorf("%d %s, recorded %s", answer.StatusCode, body, record)
			}
			if got := answer.Header.Get("X-Amz-Content-Sha256"); status == http.StatusOK && got != hash {
				t.Errorf("goes on as %q", got)
			}
		})
	}
}
