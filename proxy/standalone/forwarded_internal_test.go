package standalone

import (
	"net/netip"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestClient(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	tests := []struct {
		name    string
		remote  string
		tls     bool
		forward []string
		proto   []string
		peer    string
		scheme  string

		believed bool
	}{
		{name: "direct", remote: "192.0.2.1:1234", peer: "192.0.2.1:1234", scheme: "http"},
		{name: "direct TLS", remote: "192.0.2.1:1234", tls: true, peer: "192.0.2.1:1234", scheme: "https"},
		{name: "an untrusted peer is not believed", remote: "192.0.2.1:1234", forward: []string{"203.0.113.9"}, proto: []string{"https"}, peer: "192.0.2.1:1234", scheme: "http"},
		{name: "a trusted proxy is", remote: "10.0.0.1:1234", forward: []string{"203.0.113.9"}, proto: []string{"https"}, peer: "203.0.113.9:0", scheme: "https", believed: true},
		{name: "what the client claims stands left", remote: "10.0.0.1:1", forward: []string{"1.2.3.4, 203.0.113.9"}, peer: "203.0.113.9:0", scheme: "http", believed: true},
		{name: "a chain of trusted proxies", remote: "10.0.0.1:1", forward: []string{"1.2.3.4, 203.0.113.9, 10.0.0.7"}, peer: "203.0.113.9:0", scheme: "http", believed: true},
		{name: "several fields are one list", remote: "10.0.0.1:1", forward: []string{"1.2.3.4", "203.0.113.9, 10.0.0.7"}, peer: "203.0.113.9:0", scheme: "http", believed: true},
		{name: "only proxies: the farthest", remote: "10.0.0.1:1", forward: []string{"10.0.0.9"}, peer: "10.0.0.9:0", scheme: "http", believed: true},
		{name: "unreadable: the last hop read", remote: "10.0.0.1:1", forward: []string{"203.0.113.9, unknown, 10.0.0.7"}, peer: "10.0.0.7:0", scheme: "http", believed: true},
		{name: "no list", remote: "10.0.0.1:1", peer: "10.0.0.1:1", scheme: "http", believed: true},
		{name: "two protocols are none", remote: "10.0.0.1:1", proto: []string{"http", "https"}, peer: "10.0.0.1:1", scheme: "http", believed: true},
		{name: "an odd protocol is none", remote: "10.0.0.1:1", proto: []string{"HTTPS, http"}, peer: "10.0.0.1:1", scheme: "http", believed: true},
		{name: "v4 in v6", remote: "[::ffff:10.0.0.1]:1", forward: []string{"2001:db9::1"}, peer: "[2001:db9::1]:0", scheme: "http", believed: true},
	}
	for _, tt := range tests {
		var fields wire.Fields
		for _, value := range tt.forward {
			fields.Add("x-forwarded-for", value)
		}
		for _, value := range tt.proto {
			fields.Add("x-forwarded-proto", value)
		}
		scheme := "http"
		if tt.tls {
			scheme = "https"
		}
		peer, scheme, believed := client(fields, netip.MustParseAddrPort(tt.remote), scheme, trusted)
		if peer.String() != tt.peer || scheme != tt.scheme || believed != tt.believed {
			t.Errorf("%s: %s %s, believed %v; want %s %s, %v", tt.name, peer, scheme, believed, tt.peer, tt.scheme, tt.believed)
		}
	}
}
