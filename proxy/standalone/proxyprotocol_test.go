package standalone_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// version2 is a PROXY header of version 2 for a TCP connection over IPv4, or a
// LOCAL one, which tells of no client.
func version2(local bool, from, to netip.AddrPort) string {
	var b bytes.Buffer
	b.WriteString("\r\n\r\n\x00\r\nQUIT\n")
	if local {
		b.WriteString("\x20\x00\x00\x00")
		return b.String()
	}
	b.WriteString("\x21\x11\x00\x0c")
	b.Write(from.Addr().AsSlice())
	b.Write(to.Addr().AsSlice())
	_ = binary.Write(&b, binary.BigEndian, from.Port())
	_ = binary.Write(&b, binary.BigEndian, to.Port())
	return b.String()
}

// TestProxyProtocol takes the client from the PROXY header of a trusted load
// balancer, and nothing from anybody else.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	const request = "GET /open/a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.99\r\nConnection: close\r\n\r\n"
	client, here := netip.MustParseAddrPort("203.0.113.9:5000"), netip.MustParseAddrPort("127.0.0.1:9000")
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name    string
		trusted []netip.Prefix
		header  string
		source  string // in the record; empty if there is no answer
	}{
		{"version 1", loopback, "PROXY TCP4 203.0.113.9 127.0.0.1 5000 9000\r\n", "203.0.113.9"},
		{"version 1, IPv6", loopback, "PROXY TCP6 2001:db8::9 ::1 5000 9000\r\n", "2001:db8::9"},
		{"version 2", loopback, version2(false, client, here), "203.0.113.9"},
		{"a client that is a trusted proxy", loopback, "PROXY TCP4 127.0.0.5 127.0.0.1 5000 9000\r\n", "192.0.2.99"},
		{"the load balancer itself", loopback, version2(true, client, here), "192.0.2.99"},
		{"no header", loopback, "", ""},
		{"half a header", loopback, "PROXY TCP4 203.0.113.9\r\n", ""},
		{"an address that is none", loopback, "PROXY TCP4 203.0.113.999 127.0.0.1 5000 9000\r\n", ""},
		{"somebody else", elsewhere, "PROXY TCP4 203.0.113.9 127.0.0.1 5000 9000\r\n", ""},
		{"somebody else, without", elsewhere, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var records buffer
			log := audit.New(audit.Options{Output: &records})
			door := openDoor(t, readAll, func(o *standalone.Options) {
				o.ProxyProtocol, o.TrustedProxies = true, tt.trusted
				o.Enforcer.Audit = log
			})
			conn := dial(t, door)
			_, _ = io.WriteString(conn, tt.header+request) // it may be closed already
			all, _ := io.ReadAll(conn.in)
			answer := string(all)
			if err := log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tt.source == "" {
				if strings.Contains(answer, "x-sallyport") || strings.Contains(answer, " 200 ") || records.String() != "" {
					t.Errorf("answered %q, recorded %s", answer, records.String())
				}
				return
			}
			if !strings.HasPrefix(answer, "HTTP/1.1 200 ") || !strings.Contains(records.String(), `"sourceIPAddress":"`+tt.source+`"`) {
				t.Errorf("answered %q, recorded %s, want the source %s", answer, records.String(), tt.source)
			}
		})
	}
}

// buffer collects what is written.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
