package standalone_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// BenchmarkGet reads objects through a door from a store, all in one process.
func BenchmarkGet(b *testing.B) {
	for _, size := range []int64{1 << 10, 64 << 20} {
		b.Run(strconv.FormatInt(size>>10, 10)+" KiB", func(b *testing.B) {
			object := make([]byte, size)
			door := openDoor(b, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
				_, _ = w.Write(object)
			}, nil)
			conn, err := net.Dial("tcp", door.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			c := &client{b, conn, bufio.NewReaderSize(conn, 256<<10)}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				c.send("GET /open/x HTTP/1.1", "Host: localhost")
				resp, err := http.ReadResponse(c.in, nil)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkSignedGet reads a small object as the binary serves it: signed, decided
// from memory, recorded. Client and store allocate nothing, so that what is
// allocated is the door's. How often garbage is collected follows from it, and where
// a bundle is large, each time costs.
func BenchmarkSignedGet(b *testing.B) {
	conn := openSigned(b, nil)
	repeat(b, conn, signedGet("/open/objects/000123", secretAccessKey, accessKeyID), http.StatusOK, objectSize)
}

// BenchmarkRefused asks for what is refused: of a flood, what is allocated decides how
// often garbage is collected.
func BenchmarkRefused(b *testing.B) {
	whole := signedGet("/open/objects/000123", secretAccessKey, accessKeyID)
	for _, tt := range []struct {
		name    string
		message []byte
		status  int
	}{
		{"denied", signedGet("/closed/objects/000123", secretAccessKey, accessKeyID), http.StatusForbidden},
		{"bad signature", signedGet("/open/objects/000123", "wrong", accessKeyID), http.StatusForbidden},
		{"unknown key", signedGet("/open/objects/000123", secretAccessKey, "AKIDUNKNOWN"), http.StatusForbidden},
		{"malformed Authorization", bytes.Replace(whole, []byte("Signature="), []byte("Signatur="), 1), http.StatusBadRequest},
		{"malformed path", bytes.Replace(whole, []byte("GET /"), []byte("GET /%zz"), 1), http.StatusBadRequest},
	} {
		b.Run(tt.name, func(b *testing.B) { repeat(b, openSigned(b, nil), tt.message, tt.status, -1) })
	}
	b.Run("limited", func(b *testing.B) {
		conn := openSigned(b, proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 1, Now: time.Now}))
		message := signedGet("/open/objects/000123", "wrong", accessKeyID)
		for range 2 {
			if _, err := conn.Write(message); err != nil {
				b.Fatal(err)
			}
			conn.answer()
		}
		repeat(b, conn, message, http.StatusServiceUnavailable, -1)
	})
}

// openSigned opens a door as the binary does, but for its limits, and connects to it.
func openSigned(b testing.TB, limiter *proxy.Limiter) *client {
	b.Helper()
	up, err := upstream.New(upstream.Options{
		Name: "store", Endpoint: openStore(b), Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(up.Close)
	decisions, err := cache.New(cache.Options{MaxBytes: 1 << 20, MinGain: -1}) // all that can be: it is the longer way
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(decisions.Close)
	door := openDoor(b, nil, func(o *standalone.Options) {
		o.Door.Routes = proxy.NewTable([]*proxy.Route{{
			Name: "main", Hosts: []string{"localhost"}, Service: "s3", Regions: []string{"us-east-1"}, Partition: "aws",
			Protocol: refusal.S3, Mapper: s3.New(s3.Options{StrictKeys: true, ObjectTags: true}), Upstream: up,
		}})
		o.Enforcer.Decide = decisions.Decide
		o.Enforcer.Audit = audit.New(audit.Options{Output: io.Discard})
		o.Enforcer.Verifier = sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1 << 10})
		if o.Enforcer.Limiter = limiter; limiter != nil {
			begun := time.Now() // and no time passes, in which another failure would be granted
			o.Enforcer.Now = func() time.Time { return begun }
		}
	})
	conn := dial(b, door)
	_ = conn.SetDeadline(time.Time{})
	return conn
}

// signedGet is a signed request as it goes over the wire.
func signedGet(path, secretKey, accessKey string) []byte {
	req := &wire.Request{Method: "GET", Host: "localhost", Path: path, Scheme: "http"}
	req.Fields.Set("user-agent", "aws-cli/2.15")
	sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret.New(secretKey)}, "s3", "us-east-1", "UNSIGNED-PAYLOAD", time.Now())
	message := []byte("GET " + req.Path + " HTTP/1.1\r\nHost: localhost\r\n")
	for _, f := range req.Fields {
		message = fmt.Appendf(message, "%s: %s\r\n", f.Name, f.Value)
	}
	return append(message, "\r\n"...)
}

// repeat sends a message again and again, and reads answers of a status with a body of
// some bytes; below 0 is whatever the first has.
func repeat(b *testing.B, conn *client, message []byte, status, size int) {
	b.Helper()
	if _, err := conn.Write(message); err != nil {
		b.Fatal(err)
	}
	resp, body := conn.answer()
	if size < 0 {
		size = len(body)
	}
	if resp.StatusCode != status || len(body) != size {
		b.Fatal(resp.Status, body)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		once(conn, message, size)
	}
}

// once sends a message and passes over the answer, without allocating.
func once(c *client, message []byte, size int) {
	c.t.Helper()
	if _, err := c.Write(message); err != nil {
		c.t.Fatal(err)
	}
	for line := []byte(nil); string(line) != "\r\n"; {
		var err error
		if line, err = c.in.ReadSlice('\n'); err != nil {
			c.t.Fatal(err)
		}
	}
	if n, err := c.in.Discard(size); err != nil {
		c.t.Fatal(n, err)
	}
}

// objectSize is that of the objects of openStore.
const objectSize = 1 << 10

// openStore opens a store that answers everything with an object.
func openStore(b testing.TB) *url.URL {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nServer: store\r\nContent-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\n" +
		"ETag: \"0123456789abcdef0123456789abcdef\"\r\nLast-Modified: Mon, 02 Mar 2026 10:00:00 GMT\r\n" +
		"X-Amz-Request-Id: 0123456789ABCDEF\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", objectSize))
	serve := func(conn net.Conn) {
		defer conn.Close()
		for in := bufio.NewReader(conn); ; {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) == len("\r\n") {
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}
