package upstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/upstream"
)

// errorDocument is a store's error with what such errors tell of the signer.
func errorDocument(code string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code + "</Code><Message>Check your key and signing method.</Message>" +
		"<AWSAccessKeyId>AKIASTORE</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256</StringToSign><Endpoint>store.internal</Endpoint></Error>"
}

func compressed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func answerOf(status int, body string, fields ...string) string {
	header := strings.Join(append(fields, fmt.Sprintf("Content-Length: %d", len(body))), "\r\n")
	return fmt.Sprintf("HTTP/1.1 %d Error\r\n%s\r\n\r\n%s", status, header, body)
}

func TestErrorsAboutOurSignature(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, answer, code string }{
		{"signature", "GET", answerOf(403, errorDocument("SignatureDoesNotMatch")), "403 SignatureDoesNotMatch"},
		{"key", "GET", answerOf(403, errorDocument("InvalidAccessKeyId")), "403 InvalidAccessKeyId"},
		{"region", "GET", answerOf(400, errorDocument("AuthorizationHeaderMalformed")), "400 AuthorizationHeaderMalformed"},
		{"query", "GET", answerOf(400, errorDocument("AuthorizationQueryParametersError")), "AuthorizationQueryParametersError"},
		{"clock", "GET", answerOf(403, errorDocument("RequestTimeTooSkewed")), "RequestTimeTooSkewed"},
		{"expired", "GET", answerOf(400, errorDocument("ExpiredToken")), "ExpiredToken"},
		{"token", "GET", answerOf(400, errorDocument("InvalidToken")), "InvalidToken"},
		{"401", "GET", answerOf(401, errorDocument("MissingAuthenticationToken")), "401 MissingAuthenticationToken"},
		{"chunked", "GET", "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n<Error>\r\n23\r\n<Code>SignatureDoesNotMatch</Code> \r\n0\r\n\r\n", "SignatureDoesNotMatch"},
		{"white space", "GET", answerOf(403, errorDocument("\n InvalidSecurity ")), "InvalidSecurity"},
		{"compressed", "GET", answerOf(403, compressed(errorDocument("SignatureDoesNotMatch")), "Content-Encoding: gzip"), "SignatureDoesNotMatch"},
		{"with more than is looked at", "GET", answerOf(403, errorDocument("SignatureDoesNotMatch")+strings.Repeat(" ", 1<<20)), "SignatureDoesNotMatch"},
		{"HEAD", "HEAD", "HTTP/1.1 403 Forbidden\r\nX-Minio-Error-Code: SignatureDoesNotMatch\r\nX-Minio-Error-Desc: \"AKIASTORE\"\r\nContent-Length: 0\r\n\r\n", "SignatureDoesNotMatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				c.say(tt.answer)
			})
			u, seen := open(t, store.url, nil)
			resp, refusal := u.Do(context.Background(), get(tt.method, "/k"))
			unavailable(t, resp, refusal, tt.code)
			for _, hidden := range []string{"AKIASTORE", "AWS4-HMAC", "store.internal"} {
				if strings.Contains(fmt.Sprintf("%+v", refusal), hidden) {
					t.Errorf("the refusal shows %s: %+v", hidden, refusal)
				}
			}
			if x := seen.last(); x.Outcome != upstream.Rejected || x.Status/100 != 4 {
				t.Errorf("%+v", x)
			}
		})
	}
}

// TestOtherErrorsPass: byte for byte, however long.
func TestOtherErrorsPass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		fields []string
	}{
		{"denied", 403, errorDocument("AccessDenied"), nil},
		{"the client's hash", 400, errorDocument("XAmzContentSHA256Mismatch"), nil},
		{"the client's digest", 400, errorDocument("BadDigest"), nil},
		{"a code that another status has", 404, errorDocument("SignatureDoesNotMatch"), nil},
		{"a code in another place", 400, errorDocument("InvalidArgument") + "<Code>SignatureDoesNotMatch</Code>", nil},
		{"no code", 403, "SignatureDoesNotMatch", nil},
		{"an open code", 403, "<Error><Code>SignatureDoesNotMatch", nil},
		{"no body", 403, "", nil},
		{"not what it says", 403, "plain", []string{"Content-Encoding: gzip"}},
		{"compressed", 403, compressed(errorDocument("AccessDenied")), []string{"Content-Encoding: gzip"}},
		{"as long as is looked at", 403, strings.Repeat("x", 64<<10), nil},
		{"longer", 403, strings.Repeat("0123456789", 20_000), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				c.say(answerOf(tt.status, tt.body, tt.fields...))
			})
			u, seen := open(t, store.url, nil)
			resp, refusal := u.Do(context.Background(), get("GET", "/k"))
			if body := answered(t, resp, refusal); resp.Status != tt.status || body != tt.body {
				t.Errorf("%d, %d bytes, want %d", resp.Status, len(body), len(tt.body))
			}
			if got := resp.Fields.Get("content-length"); got != fmt.Sprint(len(tt.body)) {
				t.Errorf("content-length %s", got)
			}
			if x := seen.last(); x.Outcome != upstream.Answered {
				t.Errorf("%+v", x)
			}
		})
	}
}

// TestErrorThatBreaksOff: what cannot be judged is not passed on.
func TestErrorThatBreaksOff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		end   func(*connection)
		cause string
	}{
		{"cut", func(*connection) {}, "its answer (403) broke off"},
		{"stalled", (*connection).hang, "50ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				c.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n<Error><Code>")
				tt.end(c)
			})
			u, seen := open(t, store.url, func(o *upstream.Options) { o.ProgressTimeout = 50 * time.Millisecond })
			resp, refusal := u.Do(context.Background(), get("GET", "/k"))
			unavailable(t, resp, refusal, tt.cause)
			if len(seen.cuts) > 0 {
				t.Errorf("told as the end of an answer that was passed on: %v", seen.cuts)
			}
		})
	}
}
