package wire_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestMuseum_20_otherHost: a port that is the door's or the scheme's own may be
// written or not; nothing else of a host has another spelling.
func TestMuseum_20_otherHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host, scheme string
		port         uint16
		want         string
	}{
		{"b.example.com", "http", 9000, "b.example.com:9000"},
		{"b.example.com", "https", 443, "b.example.com:443"},
		{"b.example.com", "https", 0, ""}, // the door's port is not known
		{"b.example.com.", "http", 9000, "b.example.com.:9000"},
		{"B.example.com", "http", 9000, "B.example.com:9000"},
		{"192.0.2.1", "http", 9000, "192.0.2.1:9000"},
		{"[2001:db8::1]", "http", 9000, "[2001:db8::1]:9000"},
		{"b.example.com:443", "https", 9000, "b.example.com"},
		{"b.example.com:80", "http", 9000, "b.example.com"},
		{"[::1]:80", "http", 9000, "[::1]"},
		{"b.example.com:443", "http", 9000, ""},
		{"b.example.com:80", "https", 9000, ""},
		{"b.example.com:443", "", 9000, ""},
		{"b.example.com:9000", "http", 9000, ""},
		{"b.example.com:9001", "http", 9000, ""},
		{"b.example.com:", "http", 9000, ""},
		{"b.example.com:080", "http", 9000, ""},
		{"b.example.com:80:80", "http", 9000, ""},
		{"b.example.com:+80", "http", 9000, ""},
		{"::1", "http", 9000, ""},
		{"[::1", "http", 9000, ""},
		{"[::1]x", "http", 9000, ""},
		{"[::1]80", "http", 9000, ""},
		{":80", "http", 9000, ""},
		{"", "http", 9000, ""},
	}
	for _, tt := range tests {
		r := &wire.Request{Host: tt.host, Scheme: tt.scheme, Port: tt.port}
		if got := r.OtherHost(); got != tt.want {
			t.Errorf("%s at a door of %s on port %d: %q, want %q", tt.host, tt.scheme, tt.port, got, tt.want)
		}
	}
}

func TestValidHost(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "b.example.com.", "192.0.2.1:9000", "[2001:db8::1]:9000", "a_b-c~d"} {
		if !wire.ValidHost(host) {
			t.Errorf("%q is refused", host)
		}
	}
	for _, host := range []string{"", " ", "a b", "a,b", "a/b", "a\\b", "u@b", "a?b", "a#b", "a%2eb", "é", "a\x00", "a\r\nb"} {
		if wire.ValidHost(host) {
			t.Errorf("%q is accepted", host)
		}
	}
}

func FuzzOtherHost(f *testing.F) {
	for _, seed := range []string{"b.example.com", "b:80", "[::1]:443", "::1", ":", "[", "]:1", "b:"} {
		f.Add(seed, true, uint16(9000))
	}
	f.Fuzz(func(t *testing.T, host string, tls bool, port uint16) {
		r := &wire.Request{Host: host, Scheme: "http", Port: port}
		if tls {
			r.Scheme = "https"
		}
		other := r.OtherHost()
		if other == "" {
			return
		}
		// The longer one is the shorter one and a port.
		long, short := other, host
		if len(long) < len(short) {
			long, short = short, long
		}
		if added, ok := strings.CutPrefix(long, short+":"); !ok || strings.Trim(added, "0123456789") != "" || short == "" {
			t.Fatalf("%q is taken for %q", host, other)
		}
	})
}
