//go:build unix

package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// relay stands between a client and a door and passes bytes on as they are. It
// tells what the client sent. Over TLS it has a certificate of its own, and
// speaks TLS with the door.
type relay struct {
	endpoint string

	mu   sync.Mutex
	sent []*http.Request
}

// newRelay is a relay before an endpoint.
func newRelay(t testing.TB, endpoint string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme, address, _ := strings.Cut(endpoint, "://")
	r := &relay{endpoint: scheme + "://" + listener.Addr().String()}
	dial := func() (net.Conn, error) { return net.Dial("tcp", address) }
	if scheme == "https" {
		certificate, key := filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
		if err := shared.certificates.issue(certificate, key, "relay"); err != nil {
			t.Fatal(err)
		}
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			t.Fatal(err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
		trust := shared.certificates.client().Transport.(*http.Transport).TLSClientConfig
		dial = func() (net.Conn, error) { return tls.Dial("tcp", address, trust) }
	}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { r.pass(t, client, dial) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		connections.Wait()
	})
	return r
}

// pass serves one connection.
func (r *relay) pass(t testing.TB, client net.Conn, dial func() (net.Conn, error)) {
	defer client.Close()
	door, err := dial()
	if err != nil {
		t.Errorf("the relay cannot reach the door: %v", err)
		return
	}
	defer door.Close()
	// A client keeps connections for later, which is after the test.
	stop := context.AfterFunc(t.Context(), func() { client.Close() })
	defer stop()
	reader, copied := io.Pipe()
	var both sync.WaitGroup
	both.Go(func() { r.note(reader) })
	both.Go(func() {
		_, _ = io.Copy(client, door)
		client.Close()
	})
	_, _ = io.Copy(io.MultiWriter(copied, door), client)
	copied.Close()
	door.Close()
	both.Wait()
}

// note reads requests from what a client sent.
func (r *relay) note(stream io.Reader) {
	buffered := bufio.NewReader(stream)
	for {
		request, err := http.ReadRequest(buffered)
		if err != nil {
			break
		}
		r.mu.Lock()
		r.sent = append(r.sent, request)
		r.mu.Unlock()
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, stream)
}

// payloads are the values of x-amz-content-sha256 with which bodies were put,
// "hash" for a hash.
func (r *relay) payloads() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, request := range r.sent {
		if request.Method != http.MethodPut || request.ContentLength == 0 {
			continue
		}
		value := request.Header.Get("X-Amz-Content-Sha256")
		if len(value) == len(emptyHash) && strings.Trim(value, "0123456789abcdef") == "" {
			value = "hash"
		}
		list = append(list, value)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
