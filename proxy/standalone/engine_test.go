package standalone_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// secured makes a door speak TLS, and returns the authority of its certificate.
func secured(t *testing.T) (change func(*standalone.Options), roots *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(nil) // whose certificate is for 127.0.0.1
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	certificate, private := filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key")
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, private: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return func(o *standalone.Options) { o.CertificateFile, o.KeyFile = certificate, private }, roots
}

// engine is a way to speak to a door.
type engine struct {
	name, scheme string
	client       *http.Client
	proto        string
	door         *standalone.Server
}

// engines opens a door for each engine, before the same store.
func engines(t *testing.T, store http.HandlerFunc) []engine {
	t.Helper()
	tlsOn, roots := secured(t)
	client := func(proto func(*http.Protocols)) *http.Client {
		var p http.Protocols
		proto(&p)
		transport := &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	one, two := client(func(p *http.Protocols) { p.SetHTTP1(true) }), client(func(p *http.Protocols) { p.SetHTTP2(true) })
	return []engine{
		{"HTTP/1.1", "http", one, "HTTP/1.1", openDoor(t, store, nil)},
		{"HTTP/1.1 over TLS", "https", one, "HTTP/1.1", openDoor(t, store, tlsOn)},
		{"HTTP/2", "https", two, "HTTP/2.0", openDoor(t, store, tlsOn)},
	}
}

// do sends a request and returns the answer and its body.
func (e *engine) do(t *testing.T, method, path string, body io.Reader, size int64) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.scheme+"://"+e.door.Addr().String()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "localhost"
	req.ContentLength = size
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.Proto != e.proto {
		t.Errorf("%s: answered over %s", e.name, resp.Proto)
	}
	got, err := io.ReadAll(resp.Body)
	return resp, got, err
}

// TestEngines: whichever protocol a client speaks, the same requests get the
// same answers, and the store the same bodies.
func TestEngines(t *testing.T) {
	t.Parallel()
	large := make([]byte, 9<<20+17)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large)
	store := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Amz-Meta-Got", fmt.Sprintf("%s %s %d", r.Method, r.RequestURI, len(body)))
		switch {
		case strings.Contains(r.URL.RawQuery, "chunks"), r.Header.Get("Range") == "chunks":
			w.(http.Flusher).Flush()
		case r.Method == "PUT":
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		if r.Method == "PUT" {
			_, _ = w.Write(body)
			return
		}
		if strings.HasSuffix(r.URL.Path, "large") {
			w.Header().Set("Content-Length", fmt.Sprint(len(large)))
			_, _ = w.Write(large)
			return
		}
		_, _ = io.WriteString(w, "object")
	}
	tests := []struct {
		name, method, path string
		body               []byte
		unsized            bool
		status             int
		want               []byte
		got                string
	}{
		{name: "small", method: "GET", path: "/open/a", status: 200, want: []byte("object"), got: "GET /open/a 0"},
		{name: "odd path", method: "GET", path: "/open//%2F%2e%2e/a%20b", status: 200, want: []byte("object"), got: "GET /open//%2F%2e%2e/a%20b 0"},
		{name: "head", method: "HEAD", path: "/open/a", status: 200, got: "HEAD /open/a 0"},
		{name: "large", method: "GET", path: "/open/large", status: 200, want: large, got: "GET /open/large 0"},
		{name: "put", method: "PUT", path: "/open/a", body: []byte("hello"), status: 200, want: []byte("hello"), got: "PUT /open/a 5"},
		{name: "put nothing", method: "PUT", path: "/open/a", status: 200, got: "PUT /open/a 0"},
		{name: "put large", method: "PUT", path: "/open/a", body: large, status: 200, want: large, got: fmt.Sprintf("PUT /open/a %d", len(large))},
		{name: "put in chunks", method: "PUT", path: "/open/a", body: large, unsized: true, status: 200, want: large, got: fmt.Sprintf("PUT /open/a %d", len(large))},
		{name: "denied", method: "GET", path: "/closed/a", status: 403},
		{name: "denied put", method: "PUT", path: "/closed/a", body: []byte("hello"), status: 403},
		{name: "an unknown method", method: "PATCH", path: "/open/a", body: []byte("hello"), status: 405},
		{name: "health", method: "GET", path: "/-/healthy", status: 200, want: []byte("ok\n")},
	}
	for _, e := range engines(t, store) {
		for _, tt := range tests {
			t.Run(e.name+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				var body io.Reader
				size := int64(len(tt.body))
				if tt.body != nil {
					body = bytes.NewReader(tt.body)
				}
				if tt.unsized {
					body, size = io.MultiReader(body), -1
				}
				resp, got, err := e.do(t, tt.method, tt.path, body, size)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != tt.status || tt.want != nil && !bytes.Equal(got, tt.want) {
					t.Errorf("%d, %d bytes %q", resp.StatusCode, len(got), got[:min(300, len(got))])
				}
				if resp.Header.Get("X-Amz-Meta-Got") != tt.got {
					t.Errorf("the store got %q, want %q", resp.Header.Get("X-Amz-Meta-Got"), tt.got)
				}
				if tt.status >= 400 && (resp.Header.Get("X-Sallyport-Request-Id") == "" || !bytes.Contains(got, []byte("<Error>"))) {
					t.Errorf("the refusal is not the enforcement point's: %v", resp.Header)
				}
			})
		}
	}
}

// TestCutAnswers: an answer that the store breaks off is not whole for the
// client either, whatever its framing.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	store := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "sized") {
			w.Header().Set("Content-Length", "10000000")
		}
		_, _ = w.Write(make([]byte, 300<<10))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, e := range engines(t, store) {
		for _, path := range []string{"/open/sized", "/open/chunks"} {
			if resp, body, err := e.do(t, "GET", path, nil, 0); err == nil {
				t.Errorf("%s %s: %d and %d bytes look whole", e.name, path, resp.StatusCode, len(body))
			}
		}
	}
}

// TestCutUploads: a body that a client breaks off does not end orderly at the
// store, large enough to pass without being copied or not.
func TestCutUploads(t *testing.T) {
	t.Parallel()
	for _, sent := range []int{100, 200 << 10, 3 << 20} {
		ended := make(chan error, 1)
		door := openDoor(t, func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			ended <- err
		}, nil)
		c := dial(t, door)
		c.send("PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 10000000")
		if _, err := c.Write(make([]byte, sent)); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%d bytes: the store saw the connection end with %v, want a reset", sent, err)
		}
	}
}

// TestClientThatGoesAway: the store is not kept busy for nobody.
func TestClientThatGoesAway(t *testing.T) {
	t.Parallel()
	tlsOn, roots := secured(t)
	for _, change := range []func(*standalone.Options){nil, tlsOn} {
		asked, gone := make(chan struct{}), make(chan struct{})
		door := openDoor(t, func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
			close(gone)
		}, change)
		c := dial(t, door)
		if change != nil {
			c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
		}
		c.send("GET /open/x HTTP/1.1", "Host: localhost")
		<-asked
		_ = c.Close()
		select {
		case <-gone:
		case <-time.After(patience):
			t.Error("the store still works on it")
		}
	}
}

// TestHalfClosed: a client may end its own direction once it has asked.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, readAll, nil))
	_, _ = io.WriteString(c, "PUT /open/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if resp, body := c.answer(); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	c.ends()
}

// TestPipelined: requests that come in one piece are answered in their order.
func TestPipelined(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.RequestURI+" "+string(body))
	}, nil))
	c.send("PUT /open/a HTTP/1.1", "Host: localhost", "Content-Length: 3", "", "one"+
		"PUT /open/b HTTP/1.1", "Host: localhost", "Content-Length: 3", "", "two"+
		"GET /open/c HTTP/1.1", "Host: localhost")
	for _, want := range []string{"/open/a one", "/open/b two", "/open/c "} {
		if resp, body := c.answer(); resp.StatusCode != 200 || body != want {
			t.Errorf("%d %q, want %q", resp.StatusCode, body, want)
		}
	}
}

// TestPipelinedBehindARefusal: requests that are not answered, since the one
// before them ends the connection, take no answer away from a client that has not
// read it yet.
func TestPipelinedBehindARefusal(t *testing.T) {
	t.Parallel()
	large := make([]byte, 1<<20)
	c := dial(t, openDoor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		_, _ = w.Write(large)
	}, nil))
	const body = 5000
	c.send("GET /open/a HTTP/1.1", "Host: localhost", "",
		"PUT /closed/b HTTP/1.1", "Host: localhost", fmt.Sprintf("Content-Length: %d", body), "", strings.Repeat("x", body)+
			strings.Repeat("GET /open/c HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000))
	time.Sleep(300 * time.Millisecond) // the door has done all that it does
	if resp, body := c.answer(); resp.StatusCode != 200 || len(body) != len(large) {
		t.Errorf("%d, %d bytes", resp.StatusCode, len(body))
	}
	if resp, body := c.answer(); resp.StatusCode != 403 || !resp.Close {
		t.Errorf("%d %.100s", resp.StatusCode, body)
	}
	c.ends()
}

// TestMaxConnections: a connection more than there may be waits for another to
// end, whatever it speaks.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	tlsOn, roots := secured(t)
	for _, protocol := range []string{"", "http/1.1", "h2"} {
		door := openDoor(t, readAll, func(o *standalone.Options) {
			o.MaxConnections = 1
			if protocol != "" {
				tlsOn(o)
			}
		})
		connect := func() *client {
			c := dial(t, door)
			if protocol != "" {
				c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{protocol}})
			}
			return c
		}
		first := connect()
		if protocol == "h2" {
			_, _ = io.WriteString(first, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			_, _ = first.Read(make([]byte, 9)) // its settings
		} else {
			first.send("GET /-/healthy HTTP/1.1", "Host: localhost")
			_, _ = first.Read(make([]byte, 9))
		}
		second := dial(t, door)
		_ = second.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		second.send("GET /-/healthy HTTP/1.1", "Host: localhost")
		if n, err := second.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: the second was served beside the first: %d bytes, %v", protocol, n, err)
		}
		_ = first.Close()
		_ = second.SetReadDeadline(time.Now().Add(patience))
		if _, err := second.Read(make([]byte, 1)); err != nil {
			t.Errorf("%q: the second was not served after the first: %v", protocol, err)
		}
	}
}

// TestTimesForHeaders: nobody holds a connection by not sending a header.
func TestTimesForHeaders(t *testing.T) {
	t.Parallel()
	tlsOn, roots := secured(t)
	// Its end may come before the text does, which is answered with a reset.
	ends := func(c *client) bool {
		_, err := io.ReadAll(c.in)
		return err == nil || errors.Is(err, syscall.ECONNRESET)
	}
	hurried := func(o *standalone.Options) { o.HeaderTimeout, o.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond }
	door := openDoor(t, readAll, hurried)
	for _, text := range []string{"", "GET /open/x HTTP/1.1\r\nHost: local", "\r\n", "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\nGET"} {
		c := dial(t, door)
		_, _ = io.WriteString(c, text)
		if !ends(c) {
			t.Errorf("%q: the connection did not end", text)
		}
	}
	door = openDoor(t, readAll, func(o *standalone.Options) { hurried(o); tlsOn(o) })
	for _, text := range []string{"", "\x16\x03\x01"} {
		c := dial(t, door)
		_, _ = io.WriteString(c, text)
		if !ends(c) {
			t.Errorf("TLS %q: the connection did not end", text)
		}
	}
	_ = roots
}

// TestClearTextToTLS: who forgets the s in https is told, also one that has more
// to send before it reads.
func TestClearTextToTLS(t *testing.T) {
	t.Parallel()
	tlsOn, _ := secured(t)
	door := openDoor(t, readAll, tlsOn)
	for _, body := range []string{"", strings.Repeat("x", 200<<10)} {
		c := dial(t, door)
		_, _ = fmt.Fprintf(c, "PUT /open/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if resp, body := c.answer(); resp.StatusCode != 400 || !strings.Contains(body, "https://") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
}

// TestMalformed: what is no request gets AWS's error, a record and the end of
// the connection.
func TestMalformed(t *testing.T) {
	t.Parallel()
	door := openDoor(t, readAll, nil)
	for _, tt := range []struct{ text, code string }{
		{"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "InvalidRequest"},
		{"GET / HTTP/1.1\nHost: localhost\n\n", "InvalidRequest"},
		{"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "InvalidRequest"},
		{"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", "InvalidURI"},
		{"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "MethodNotAllowed"},
		{"GET /" + strings.Repeat("x", 1<<20), "RequestHeaderSectionTooLarge"},
	} {
		c := dial(t, door)
		_, _ = io.WriteString(c, tt.text)
		resp, body := c.answer()
		if resp.StatusCode < 400 || !strings.Contains(body, "<Code>"+tt.code+"</Code>") || resp.Header.Get("X-Sallyport-Request-Id") == "" {
			t.Errorf("%.50q: %d %s", tt.text, resp.StatusCode, body)
		}
		if !resp.Close && tt.code != "InvalidURI" {
			t.Errorf("%.50q: the connection goes on", tt.text)
		}
	}
}

// TestLateReads: what still holds a body when its request has been answered
// reads nothing of what comes next on the connection.
func TestLateReads(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" {
			_ = http.NewResponseController(w).EnableFullDuplex()
			http.Error(w, "<Error><Code>QuotaExceeded</Code></Error>", http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "object")
	}) {
		for range 3 {
			reader, writer := io.Pipe()
			go func() { _, _ = writer.Write(make([]byte, 70<<10)) }()
			resp, _, err := e.do(t, "PUT", "/open/x", reader, 1<<20)
			_ = writer.Close()
			if err == nil && resp.StatusCode != 403 {
				t.Errorf("%s: %d", e.name, resp.StatusCode)
			}
			if resp, body, err := e.do(t, "GET", "/open/x", nil, 0); err != nil || resp.StatusCode != 200 || string(body) != "object" {
				t.Errorf("%s: then %.20q, %v", e.name, string(body), err)
			}
		}
	}
}
