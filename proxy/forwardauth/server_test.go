package forwardauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
)

// TestAllowed: what a permission tells.
func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, dialect := range everyone {
		w := open(t, dialect, nil)
		q := w.about(true, "GET", "/reports/a%2Fb//c?versionId=1&x-id=GetObject", "Date: Sun, 01 Mar 2026 12:00:00 GMT", "Via: 1.1 proxy")
		answer, body := w.ask(q)
		if answer.StatusCode != http.StatusOK || body != "" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %q %v", dialect, answer.StatusCode, body, answer.Header)
		}
		if !strings.HasPrefix(answer.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") {
			t.Errorf("%s: %v", dialect, answer.Header)
		}
		for name, want := range map[string]string{
			"X-Sallyport-Principal": "arn:aws:iam::111122223333:user/alice", "X-Sallyport-Account": "111122223333", "X-Amz-Date": "20260301T120000Z",
		} {
			if got := answer.Header.Values(name); dialect == envoy && name == "X-Amz-Date" && len(got) == 0 {
				continue // it is as it was
			} else if len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q", dialect, name, got)
			}
		}
		if dialect == nginx && (answer.Header.Get("X-Sallyport-Target") != "/reports/a%2Fb//c?versionId=1&x-id=GetObject" || answer.Header.Get("X-Sallyport-Host") != "store.example:7070") {
			t.Errorf("%v", answer.Header)
		}
		removed := strings.Split(answer.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ",")
		if dialect == envoy && (len(removed) != 5 || strings.Join(removed[:3], " ") != "x-original-proto x-original-address x-original-content-length") {
			t.Errorf("Envoy is told to remove %q", removed)
		}
		if record := w.record(answer.Header.Get("X-Sallyport-Request-Id")); !strings.Contains(record, `"sourceIPAddress":"127.0.0.1"`) || !strings.Contains(record, `"eventName":"GetObject"`) {
			t.Errorf("%s: recorded %s", dialect, record)
		}
	}
}

// TestAnonymous: a caller without account is told as one, whatever a client says.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	for _, dialect := range everyone {
		w := open(t, dialect, nil)
		answer, _ := w.ask(w.about(false, "GET", "/reports/open/a"))
		if answer.StatusCode != http.StatusOK || answer.Header.Get("X-Sallyport-Principal") != "anonymous" || answer.Header.Get("X-Sallyport-Account") != "" {
			t.Errorf("%s: %d %v", dialect, answer.StatusCode, answer.Header)
		}
		// Envoy may be set up not to tell of such a header.
		if removed := answer.Header.Get("X-Envoy-Auth-Headers-To-Remove"); dialect == envoy && !strings.Contains(removed, "x-sallyport-account") {
			t.Errorf("Envoy is told to remove %q", removed)
		}
	}
}

// TestDenied: each proxy gets a denial as it can pass it on.
func TestDenied(t *testing.T) {
	t.Parallel()
	var snapshot atomic.Pointer[bundle.Snapshot]
	for _, dialect := range everyone {
		w := open(t, dialect, func(_ *forwardauth.Options, o *proxy.Options) { o.Snapshot = snapshot.Load })
		tests := []struct {
			name   string
			q      *question
			loaded bool
			status int // the client's, but for Envoy's
			envoy  int
			says   string
		}{
			{"no bundle", w.about(true, "GET", "/reports/a"), false, 503, 429, "<Code>ServiceUnavailable</Code>"},
			{"a denial", w.about(true, "GET", "/reports/secret/a"), true, 403, 403, "with an explicit deny in an identity-based policy"},
			{"HEAD", w.about(true, "HEAD", "/reports/secret/a"), true, 403, 403, ""},
			{"a header that would be another", w.about(true, "GET", "/reports/secret/a%0D%0AX-Evil:%201%7F"), true, 403, 403, "AccessDenied"},
			{"not implemented", w.about(true, "GET", "/reports?everything"), true, 501, 400, "NotImplemented"},
			{"an answer of ours", w.about(true, "GET", "/reports?policy"), true, 403, 403, "AccessDenied"},
			{"a preflight", w.about(false, "OPTIONS", "/reports/a", "Origin: https://example.com", "Access-Control-Request-Method: GET"), true, 403, 403, ""},
		}
		for _, tt := range tests {
			if snapshot.Store(nil); tt.loaded {
				snapshot.Store(load())
			}
			answer, body := w.ask(tt.q)
			want := tt.status
			switch dialect {
			case envoy:
				want = tt.envoy
			case nginx:
				if told := answer.Header.Get("X-Sallyport-Status"); told != strconv.Itoa(tt.status) {
					t.Errorf("%s: %s: the client gets %q", dialect, tt.name, told)
				}
				if line := answer.Header.Get("X-Sallyport-Body"); !strings.Contains(line, tt.says) || strings.ContainsAny(line, "\r\n") {
					t.Errorf("%s: %s: says %q", dialect, tt.name, line)
				}
				want = http.StatusForbidden
			}
			if answer.StatusCode != want || !strings.Contains(body, tt.says) {
				t.Errorf("%s: %s: %d %s", dialect, tt.name, answer.StatusCode, body)
			}
			if answer.Header.Get("X-Evil") != "" || answer.Header.Get("Location") != "" || answer.Header.Get("X-Amz-Request-Id") == "" {
				t.Errorf("%s: %s: %v", dialect, tt.name, answer.Header)
			}
			if answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s: may be kept", dialect, tt.name)
			}
		}
	}
}

// TestPanic: what panics denies.
func TestPanic(t *testing.T) {
	t.Parallel()
	for _, dialect := range everyone {
		w := open(t, dialect, func(_ *forwardauth.Options, o *proxy.Options) {
			o.Snapshot = func() *bundle.Snapshot { panic("no snapshot") }
		})
		if answer, _ := w.ask(w.about(true, "GET", "/reports/a")); answer.StatusCode < 400 {
			t.Errorf("%s: %d", dialect, answer.StatusCode)
		}
		broken := open(t, dialect, func(_ *forwardauth.Options, o *proxy.Options) { o.Metrics = nil })
		if answer, _, err := broken.try(broken.about(true, "GET", "/reports/a")); err == nil {
			t.Errorf("%s: %d", dialect, answer.StatusCode) // there is nothing left to answer with
		}
	}
}

// TestHealth: to be healthy is never to allow.
func TestHealth(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	for _, dialect := range everyone {
		w := open(t, dialect, func(o *forwardauth.Options, _ *proxy.Options) { o.Ready = ready.Load; o.TrustedProxies = nil })
		for _, is := range []bool{false, true} {
			ready.Store(is)
			for line, want := range map[string]int{
				"GET /-/healthy HTTP/1.1": 200, "HEAD /-/healthy HTTP/1.1": 200, "GET /-/healthy?x HTTP/1.1": 403, "GET /authorize/-/healthy HTTP/1.1": 403, "GET /authorize HTTP/1.1": 403,
			} {
				if want == 200 && !is {
					want = 503
				}
				if answer, _ := w.ask(&question{line: line, fields: []string{"Host: sallyport"}}); answer.StatusCode != want {
					t.Errorf("%s, ready %t: %s: %d, want %d", dialect, is, line, answer.StatusCode, want)
				}
			}
		}
	}
}

// TestLimits: what is too much is no permission.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, dialect := range everyone {
		w := open(t, dialect, nil)
		q := w.about(true, "GET", "/reports/a", "X-Long: "+strings.Repeat("a", 2*maxHeader))
		if answer, _ := w.ask(q); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %d", dialect, answer.StatusCode)
		}
	}
	if _, err := forwardauth.Listen(forwardauth.Options{Name: "door", Address: "127.0.0.1:0", Dialect: "haproxy"}); err == nil || !strings.Contains(err.Error(), "haproxy") {
		t.Error(err)
	}
}

// TestShutdown: a question under way is answered.
func TestShutdown(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	w := open(t, nginx, func(_ *forwardauth.Options, o *proxy.Options) {
		o.Snapshot = func() *bundle.Snapshot { close(asked); <-answer; return load() }
	})
	done := make(chan int, 1)
	go func() {
		got, _, err := w.try(w.about(true, "GET", "/reports/a"))
		if err != nil {
			done <- 0
			return
		}
		done <- got.StatusCode
	}()
	<-asked
	ended := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() { ended <- w.door.Shutdown(ctx) }()
	for {
		conn, err := net.Dial("tcp", w.door.Addr().String())
		if err != nil {
			break // it listens no more
		}
		_ = conn.Close()
	}
	close(answer)
	if status := <-done; status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestTLS: with client_ca only proxies that show a certificate may ask.
func TestTLS(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	certificate, authorities := issue(t, directory)
	w := open(t, caddy, func(o *forwardauth.Options, _ *proxy.Options) {
		o.CertificateFile, o.KeyFile, o.ClientCAs = filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key"), authorities
	})
	for name, shown := range map[string][]tls.Certificate{"none": nil, "one": {certificate}} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, Certificates: shown}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+w.door.Addr().String()+"/authorize", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range w.about(true, "GET", "/reports/a").fields[1:] {
			name, value, _ := strings.Cut(field, ":")
			req.Header.Add(name, strings.TrimSpace(value))
		}
		answer, err := client.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
		if (name == "one") != (err == nil && answer.StatusCode == http.StatusOK) {
			t.Errorf("with %s: %v, %v", name, answer, err)
		}
		client.CloseIdleConnections()
	}
}

// issue makes a certificate that signs itself and is good for both ends.
func issue(t testing.TB, directory string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(directory, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		pool.AppendCertsFromPEM(pem.EncodeToMemory(block))
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair, pool
}
