//go:build unix

package e2e_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/e2e/store"
)

// What follows speaks HTTP byte by byte, so that a test can say what no client
// library would. The SDK's signer signs; it is not ours.

const (
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	unsigned  = "UNSIGNED-PAYLOAD"
)

// message is a request under construction.
type message struct {
	method, target string
	// fields are the header's lines, in order, without line ends.
	fields []string
	body   string

	signature string
	signedAt  time.Time
	key       string // the secret
}

// signed is a request of p's user, signed over fields (each "name: value") and
// a payload line.
func (p place) signed(t testing.TB, method, target, payload string, fields ...string) *message {
	t.Helper()
	return p.signedAt(t, time.Now().UTC(), method, target, payload, fields...)
}

func (p place) signedAt(t testing.TB, now time.Time, method, target, payload string, fields ...string) *message {
	t.Helper()
	endpoint, err := url.Parse(p.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	req := &http.Request{
		Method: method,
		URL:    &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Opaque: "//" + endpoint.Host + path, RawQuery: query},
		Host:   endpoint.Host,
		Header: http.Header{"X-Amz-Content-Sha256": {payload}},
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		if strings.EqualFold(name, "Content-Length") {
			req.ContentLength, err = strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		req.Header.Add(name, value)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	credentials := aws.Credentials{AccessKeyID: p.key.AccessKeyID, SecretAccessKey: p.key.SecretAccessKey}
	if err := signer.SignHTTP(context.Background(), credentials, req, payload, "s3", store.Region, now); err != nil {
		t.Fatal(err)
	}
	m := &message{method: method, target: target, signedAt: now, key: p.key.SecretAccessKey}
	m.fields = []string{"Host: " + endpoint.Host}
	if req.ContentLength > 0 {
		m.fields = append(m.fields, "Content-Length: "+strconv.FormatInt(req.ContentLength, 10))
	}
	for name, values := range req.Header {
		for _, value := range values {
			m.fields = append(m.fields, name+": "+value)
		}
	}
	_, m.signature, _ = strings.Cut(req.Header.Get("Authorization"), "Signature=")
	return m
}

// with adds header lines that are not signed.
func (m *message) with(fields ...string) *message {
	m.fields = append(m.fields, fields...)
	return m
}

// carrying gives the message a body.
func (m *message) carrying(body string) *message {
	m.body = body
	return m
}

// String is the message on the wire.
func (m *message) String() string {
	return m.head() + m.body
}

func (m *message) head() string {
	return m.method + " " + m.target + " HTTP/1.1\r\n" + strings.Join(m.fields, "\r\n") + "\r\n\r\n"
}

// line is a connection to a door.
type line struct {
	net.Conn
	reader *bufio.Reader
}

// dial connects to the shared door.
func dial(t testing.TB, endpoint string) *line {
	t.Helper()
	address := strings.TrimPrefix(endpoint, "http://")
	conn, err := net.DialTimeout("tcp", address, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * time.Minute)) // of what must not hang
	return &line{conn, bufio.NewReader(conn)}
}

// say writes; a peer that closed meanwhile is no error: its answer tells more.
func (l *line) say(text string) { _, _ = io.WriteString(l.Conn, text) }

// answer reads one response whole.
func (l *line) answer(t testing.TB) (*http.Response, string) {
	t.Helper()
	response, body, err := l.tryAnswer()
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func (l *line) tryAnswer() (*http.Response, string, error) {
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return nil, "", fmt.Errorf("reading the answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

// exchange sends text on a connection of its own and reads the answer.
func exchange(t testing.TB, endpoint, text string) (*http.Response, string) {
	t.Helper()
	l := dial(t, endpoint)
	l.say(text)
	return l.answer(t)
}

// chunks is an aws-chunked body with signatures, as the older SDKs send it.
type chunks struct {
	text             strings.Builder
	previous         string
	key              []byte
	timestamp, scope string
	breakSignatureOf int // the chunk whose signature is made wrong, from 1
	written          int
}

// chunked begins the body of m.
func (m *message) chunked() *chunks {
	day := m.signedAt.Format("20060102")
	key := []byte("AWS4" + m.key)
	for _, part := range []string{day, store.Region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	return &chunks{
		previous:  m.signature,
		key:       key,
		timestamp: m.signedAt.Format("20060102T150405Z"),
		scope:     strings.Join([]string{day, store.Region, "s3", "aws4_request"}, "/"),
	}
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// add appends a chunk.
func (c *chunks) add(data string) *chunks {
	c.written++
	c.previous = hex.EncodeToString(mac(c.key, strings.Join([]string{
		"AWS4-HMAC-SHA256-PAYLOAD", c.timestamp, c.scope, c.previous, emptyHash, sum256(data),
	}, "\n")))
	signature := c.previous
	if c.written == c.breakSignatureOf {
		signature = strings.Repeat("0", 64)
	}
	fmt.Fprintf(&c.text, "%x;chunk-signature=%s\r\n%s", len(data), signature, data)
	if len(data) > 0 {
		c.text.WriteString("\r\n")
	}
	return c
}

// end is the body with its final chunk and trailers ("name:value"), signed.
func (c *chunks) end(trailers ...string) string {
	c.add("")
	if len(trailers) > 0 {
		lines := strings.Join(trailers, "\n") + "\n"
		signature := hex.EncodeToString(mac(c.key, strings.Join([]string{
			"AWS4-HMAC-SHA256-TRAILER", c.timestamp, c.scope, c.previous, sum256(lines),
		}, "\n")))
		c.text.WriteString(strings.Join(trailers, "\r\n") + "\r\nx-amz-trailer-signature:" + signature + "\r\n")
	}
	c.text.WriteString("\r\n")
	return c.text.String()
}
