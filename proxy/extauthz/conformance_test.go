package extauthz_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/wire"
)

// standaloneAnswer sends a message to the standalone door; forwarded is what the
// store saw of it, nil if nothing.
func (w *world) standaloneAnswer(m *message) (status int, body string, forwarded *http.Request) {
	w.t.Helper()
	w.mu.Lock()
	before := len(w.seen)
	w.mu.Unlock()
	conn, err := net.Dial("tcp", w.standalone.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var raw strings.Builder
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", m.method, m.target, m.host)
	for _, f := range m.fields {
		fmt.Fprintf(&raw, "%s: %s\r\n", f.Name, f.Value)
	}
	if _, err := io.WriteString(conn, raw.String()+"\r\n"+m.body); err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: m.method})
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) > before {
		forwarded = w.seen[len(w.seen)-1]
	}
	return resp.StatusCode, string(text), forwarded
}

// presigned is a message whose authentication is in its query, made by the SDK.
func presigned(t testing.TB, user, method, host, target string) *message {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+host+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	query := req.URL.Query()
	query.Set("X-Amz-Expires", "600")
	req.URL.RawQuery = query.Encode()
	url, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(t.Context(),
		aws.Credentials{AccessKeyID: keyOf(user), SecretAccessKey: secretKey}, req, "UNSIGNED-PAYLOAD", "s3", "us-east-1", clock)
	if err != nil {
		t.Fatal(err)
	}
	_, signed, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	return &message{method, host, "/" + signed, wire.Fields{{Name: "user-agent", Value: "test"}}, ""}
}

const (
	deleteBody       = `<Delete><Object><Key>x</Key></Object><Object><Key>y</Key></Object></Delete>`
	deleteSecretBody = `<Delete><Object><Key>x</Key></Object><Object><Key>secret/y</Key></Object></Delete>`
	unsignedTrailer  = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
)

func with(name, value string) wire.Field { return wire.Field{Name: name, Value: value} }

// elsewhere are the statuses at the doors that proxies ask over HTTP, where they
// are other than at the door that Envoy asks over gRPC.
type elsewhere map[forwardauth.Dialect]int

// TestConformance sends one set of requests through all doors. A weaker door may
// deny more. It never allows more, but where the exception says why; and what two
// of them forward is the same request, byte for byte, signature included.
func TestConformance(t *testing.T) {
	t.Parallel()
	const unread = "the integrity of a body that streams is the upstream's at this door"
	put := func(user, target, body, payload string, fields ...wire.Field) *message {
		return sent(t, user, "PUT", "localhost", target, body, payload, fields...)
	}
	get := func(user, target string, fields ...wire.Field) *message {
		return sent(t, user, "GET", "localhost", target, "", "", fields...)
	}
	post := func(user, target, body, payload string, fields ...wire.Field) *message {
		return sent(t, user, "POST", "localhost", target, body, payload, fields...)
	}
	trailer := []wire.Field{with("x-amz-trailer", "x-amz-checksum-crc32"), with("x-amz-decoded-content-length", "5"), with("content-encoding", "gzip,aws-chunked")}
	changed := func(m *message, change func(*message)) *message { change(m); return m }
	// What the proxies that ask over HTTP cannot be told, or do not tell.
	noOtherTarget := elsewhere{forwardauth.Envoy: 403, forwardauth.Caddy: 403, forwardauth.Traefik: 403}
	noBodies := elsewhere{forwardauth.Nginx: 403, forwardauth.Caddy: 403}
	nowhere := elsewhere{forwardauth.Envoy: 403, forwardauth.Nginx: 403, forwardauth.Caddy: 403, forwardauth.Traefik: 403}
	noIdentity := elsewhere{forwardauth.Nginx: 400, forwardauth.Caddy: 400, forwardauth.Traefik: 400}
	below500 := elsewhere{forwardauth.Envoy: 400} // more would be a failure to Envoy
	tests := []struct {
		name string
		m    *message
		// buffered: Envoy sends the body along.
		buffered bool
		// standalone and envoy are the statuses; 200 at Envoy is allowed.
		standalone, envoy int
		elsewhere         elsewhere
		exception         string
	}{
		{name: "a read", m: get("alice", "/reports/a"), standalone: 200, envoy: 200},
		{name: "a read of another", m: get("bob", "/reports/a"), standalone: 403, envoy: 403},
		{name: "a read by address", m: get("bob", "/reports/public/a"), standalone: 200, envoy: 200},
		{name: "a read for which TLS is asked", m: get("bob", "/reports/tls/a"), standalone: 403, envoy: 403},
		{name: "an explicit deny", m: get("alice", "/reports/secret/a"), standalone: 403, envoy: 403},
		{name: "anonymous", m: get("", "/reports/a"), standalone: 403, envoy: 403},
		{name: "anonymous where the bucket policy allows", m: get("", "/reports/open/a"), standalone: 200, envoy: 200},
		{name: "two slashes", m: get("alice", "/reports/a%2F/b//c"), standalone: 200, envoy: 200},
		{name: "an escaped slash", m: get("alice", "/reports/a%2Fb"), standalone: 200, envoy: 200},
		{name: "an escaped slash into what is denied", m: get("alice", "/reports/secret%2Fb"), standalone: 403, envoy: 403},
		{name: "a plus and a space", m: get("alice", "/reports/a+b%20c"), standalone: 200, envoy: 200},
		{name: "dots", m: get("alice", "/reports/x/../secret/a"), standalone: 200, envoy: 200},
		{name: "letters outside ASCII", m: get("alice", "/reports/%E2%82%AC"), standalone: 200, envoy: 200},
		{name: "a query", m: get("alice", "/reports?list-type=2&prefix=a%2Fb&delimiter=%2F"), standalone: 200, envoy: 200},
		{name: "a flag", m: get("alice", "/reports?versioning"), standalone: 200, envoy: 200},
		{name: "virtual host", m: sent(t, "alice", "GET", "reports.s3.example.com", "/a", "", ""), standalone: 200, envoy: 200, elsewhere: noOtherTarget},
		{name: "virtual host of what is denied", m: sent(t, "alice", "GET", "reports.s3.example.com", "/secret/a", "", ""), standalone: 403, envoy: 403},
		{name: "no route's host", m: sent(t, "alice", "GET", "elsewhere.example.com", "/reports/a", "", ""), standalone: 403, envoy: 403},
		{name: "another host than signed", m: changed(get("alice", "/reports/a"), func(m *message) { m.host = "s3.example.com" }), standalone: 403, envoy: 403},
		{name: "another target than signed", m: changed(get("alice", "/reports/a"), func(m *message) { m.target = "/reports/b" }), standalone: 403, envoy: 403},
		{name: "a port", m: sent(t, "alice", "GET", "localhost:9999", "/reports/a", "", ""), standalone: 200, envoy: 200},
		{name: "client copies of identity headers", m: get("alice", "/reports/a", with("x-sallyport-principal", "root"), with("x-sallyport-principal", "me"), with("x-sallyport-other", "x")), standalone: 200, envoy: 200, elsewhere: noIdentity},
		{name: "what proxies say", m: get("alice", "/reports/a", with("x-forwarded-host", "evil"), with("forwarded", "for=1"), with("x-real-ip", "1.2.3.4")), standalone: 200, envoy: 200},
		{name: "the expected owner", m: get("alice", "/reports/a", with("x-amz-expected-bucket-owner", "111122223333")), standalone: 200, envoy: 200},
		{name: "another owner than expected", m: get("alice", "/reports/a", with("x-amz-expected-bucket-owner", "444455556666")), standalone: 403, envoy: 403},
		{name: "repeated metadata", m: put("alice", "/reports/a", "hello", "", with("x-amz-meta-a", "1"), with("x-amz-meta-a", "2")), standalone: 200, envoy: 200, elsewhere: elsewhere{forwardauth.Envoy: 403}},
		{name: "bytes outside UTF-8", m: put("alice", "/reports/a", "hello", "", with("x-amz-meta-a", "caf\xe9")), standalone: 200, envoy: 200, elsewhere: elsewhere{forwardauth.Envoy: 403}},
		{name: "a repeat of what there is one of", m: get("alice", "/reports/a", with("user-agent", "again")), standalone: 400, envoy: 400, elsewhere: elsewhere{forwardauth.Envoy: 200}, exception: "asked over HTTP, Envoy joins the two, and so it does for the upstream"},
		{name: "an upgrade", m: get("alice", "/reports/a", with("upgrade", "h2c")), standalone: 501, envoy: 501, elsewhere: below500},
		{name: "an unknown method", m: sent(t, "alice", "PATCH", "localhost", "/reports/a", "", ""), standalone: 405, envoy: 405},
		{name: "an unknown sub-resource", m: get("alice", "/reports?everything"), standalone: 501, envoy: 501, elsewhere: below500},
		{name: "a body on GET", m: changed(get("alice", "/reports/a"), func(m *message) { m.fields.Add("content-length", "5"); m.body = "hello" }), standalone: 400, envoy: 400},
		{name: "presigned", m: presigned(t, "alice", "GET", "localhost", "/reports/a%20b?response-content-type=text%2Fplain"), standalone: 200, envoy: 200, elsewhere: noOtherTarget},
		{name: "presigned, another's", m: presigned(t, "bob", "GET", "localhost", "/reports/a"), standalone: 403, envoy: 403},
		{name: "presigned with a header in the query", m: presigned(t, "alice", "PUT", "localhost", "/reports/a?x-amz-meta-a=b%20c"), standalone: 200, envoy: 411},
		{name: "presigned, a body", m: changed(presigned(t, "alice", "PUT", "localhost", "/reports/a?x-amz-meta-a=b%20c"), func(m *message) { m.fields.Add("content-length", "5"); m.body = "hello" }), standalone: 200, envoy: 200, elsewhere: nowhere},
		{name: "a put with its hash", m: put("alice", "/reports/a", "hello", ""), standalone: 200, envoy: 200},
		{name: "a put with another hash", m: put("alice", "/reports/a", "hello", hash("other")), standalone: 400, envoy: 200, exception: unread},
		{name: "a put that is not signed", m: put("alice", "/reports/a", "hello", "UNSIGNED-PAYLOAD"), standalone: 200, envoy: 200},
		{name: "a put with a trailer", m: put("alice", "/reports/a", unsignedTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer...), standalone: 200, envoy: 200, elsewhere: elsewhere{forwardauth.Envoy: 403}},
		{name: "a put with a wrong trailer", m: put("alice", "/reports/a", strings.Replace(unsignedTrailer, "hello", "jello", 1), "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer...), standalone: 400, envoy: 200, elsewhere: elsewhere{forwardauth.Envoy: 403}, exception: unread},
		{name: "a put with a trailer nobody announced", m: put("alice", "/reports/a", unsignedTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer[1]), standalone: 400, envoy: 200, exception: unread},
		{name: "a put in signed chunks", m: put("alice", "/reports/a", "", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with("x-amz-decoded-content-length", "5")), standalone: 400, envoy: 501, elsewhere: below500},
		{name: "a put over the limit", m: changed(put("alice", "/reports/a", "", ""), func(m *message) { m.fields.Set("content-length", "99999999999") }), standalone: 400, envoy: 400, elsewhere: elsewhere{forwardauth.Traefik: 401}},
		{name: "a put of another", m: put("bob", "/reports/a", "hello", ""), standalone: 403, envoy: 403},
		{name: "an empty put", m: put("alice", "/reports/a", "", ""), standalone: 200, envoy: 200},
		{name: "an empty put with another hash", m: put("alice", "/reports/a", "", hash("other")), standalone: 400, envoy: 400, elsewhere: elsewhere{forwardauth.Traefik: 411}},
		{name: "a put whose length nobody tells", m: changed(put("alice", "/reports/a", "5\r\nhello\r\n0\r\n\r\n", "UNSIGNED-PAYLOAD", with("x-amz-decoded-content-length", "5")), func(m *message) {
			m.fields.Del("content-length")
			m.fields.Add("transfer-encoding", "chunked")
		}), standalone: 200, envoy: 411},
		{name: "a copy", m: put("alice", "/reports/a", "", "", with("x-amz-copy-source", "/reports/b")), standalone: 200, envoy: 200},
		{name: "a copy of what is denied", m: put("alice", "/reports/a", "", "", with("x-amz-copy-source", "/reports/secret/b")), standalone: 403, envoy: 403},
		{name: "tags, buffered", m: put("alice", "/reports/a?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", ""), buffered: true, standalone: 200, envoy: 200, elsewhere: noBodies},
		{name: "tags, not signed", m: put("alice", "/reports/a?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", "UNSIGNED-PAYLOAD"), buffered: true, standalone: 200, envoy: 200, elsewhere: noBodies},
		{name: "tags, not buffered", m: put("alice", "/reports/a?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", ""), standalone: 200, envoy: 403, elsewhere: elsewhere{forwardauth.Traefik: 200}},
		{name: "tags with another hash", m: put("alice", "/reports/a?tagging", "<Tagging><TagSet></TagSet></Tagging>", hash("other")), buffered: true, standalone: 400, envoy: 400, elsewhere: noBodies},
		{name: "a bucket", m: put("alice", "/reports", "", ""), standalone: 200, envoy: 200},
		{name: "delete many", m: post("alice", "/reports?delete", deleteBody, ""), buffered: true, standalone: 200, envoy: 200, elsewhere: noBodies},
		{name: "delete many, some denied", m: post("alice", "/reports?delete", deleteSecretBody, ""), buffered: true, standalone: 200, envoy: 403},
		{name: "delete many, too many for Envoy", m: post("alice", "/reports?delete", deleteBody+strings.Repeat(" ", maxBody), ""), buffered: true, standalone: 200, envoy: 403, elsewhere: elsewhere{forwardauth.Traefik: 401}},
		{name: "complete an upload", m: post("alice", "/reports/a?uploadId=1", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>", ""), standalone: 200, envoy: 200},
		{name: "a bucket's policy, answered here", m: get("alice", "/reports?policy"), standalone: 200, envoy: 200, elsewhere: nowhere},
		{name: "a bucket's policy, of another", m: get("bob", "/reports?policy"), standalone: 403, envoy: 403},
		{name: "a form", m: post("", "/reports", "--x--\r\n", "", with("content-type", "multipart/form-data; boundary=x")), buffered: true, standalone: 400, envoy: 403},
		{name: "list buckets", m: get("alice", "/"), standalone: 200, envoy: 200},
		{name: "list buckets, of another", m: get("bob", "/"), standalone: 403, envoy: 403},
	}
	w := open(t, nil)
	doors := map[forwardauth.Dialect]*forwardauth.Server{}
	for _, dialect := range askers {
		doors[dialect] = w.forwardAuth(dialect)
	}
	for _, tt := range tests {
		status, answer, seen := w.standaloneAnswer(tt.m)
		for dialect, door := range doors {
			at, forwarded := w.asked(door, dialect, tt.m, tt.buffered)
			want, is := tt.elsewhere[dialect]
			if !is {
				want = tt.envoy
			}
			if at != want {
				t.Errorf("%s: %s %d, want %d", tt.name, dialect, at, want)
			}
			if forwarded != nil && seen == nil && tt.exception == "" {
				t.Errorf("%s: the weaker door for %s allows more", tt.name, dialect)
			}
			if forwarded != nil && status == 200 {
				if diff := unlike(forwarded, seen); diff != "" {
					t.Errorf("%s: %s: %s", tt.name, dialect, diff)
				}
			}
		}
		out := w.ask(tt.m.question(tt.buffered))
		at := 200
		if denial := out.GetDeniedResponse(); denial != nil {
			at = int(denial.GetStatus().GetCode())
		}
		if status != tt.standalone || at != tt.envoy {
			t.Errorf("%s: standalone %d (want %d), envoy %d (want %d)\n%s\n%v", tt.name, status, tt.standalone, at, tt.envoy, answer, out)
		}
		if at == 200 && out.GetDeniedResponse() != nil && (seen != nil || out.GetDeniedResponse().GetBody() != answer) {
			t.Errorf("%s: answered %q, standalone %q", tt.name, out.GetDeniedResponse().GetBody(), answer)
		}
		allowed := out.GetOkResponse() != nil
		if allowed && seen == nil && tt.exception == "" {
			t.Errorf("%s: the weaker door allows more", tt.name)
		}
		if allowed && status == 200 {
			if diff := unlike(tt.m.forwarded(out.GetOkResponse()), seen); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
	}
}

// unlike tells how what a proxy would send differs from what the standalone door
// sent.
func unlike(m *message, seen *http.Request) string {
	if m.target != seen.RequestURI || m.host != seen.Host || m.method != seen.Method {
		return fmt.Sprintf("the proxy sends %s %s to %s, the standalone door %s %s to %s", m.method, m.target, m.host, seen.Method, seen.RequestURI, seen.Host)
	}
	names := map[string]bool{}
	for _, f := range m.fields {
		names[f.Name] = true
	}
	for name := range seen.Header {
		names[strings.ToLower(name)] = true
	}
	for name := range names {
		var values []string
		for _, f := range m.fields {
			if f.Name == name {
				values = append(values, f.Value)
			}
		}
		// The length is that of the frames, which each door makes its own, and
		// identity headers are for who trusts them.
		if name == "content-length" || strings.HasPrefix(name, "x-sallyport-") || name == "x-request-id" {
			continue
		}
		if others := seen.Header.Values(name); !slices.Equal(values, others) {
			return fmt.Sprintf("the proxy sends %s: %q, the standalone door %q", name, values, others)
		}
	}
	return ""
}

// TestConformanceSeveralAccounts: what has to be taken out of an answer is not
// let through where answers are not seen.
func TestConformanceSeveralAccounts(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.files = twoAccounts })
	m := sent(t, "alice", "GET", "localhost", "/", "", "")
	if status, answer, _ := w.standaloneAnswer(m); status != 200 {
		t.Errorf("standalone: %d %s", status, answer)
	}
	denial := w.ask(m.question(false)).GetDeniedResponse()
	if denial.GetStatus().GetCode() != 403 {
		t.Errorf("envoy: %v", denial)
	}
	for _, dialect := range askers {
		if status, _ := w.asked(w.forwardAuth(dialect), dialect, m, false); status != 403 {
			t.Errorf("%s: %d", dialect, status)
		}
	}
	if records := w.recorded(); !strings.Contains(records, "ListBuckets needs to take out of the upstream's answer") {
		t.Error(records)
	}
}
