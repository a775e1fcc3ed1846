package proxy_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

func TestTableMatch(t *testing.T) {
	t.Parallel()
	table := proxy.NewTable([]*proxy.Route{
		{Name: "any"},
		{Name: "fast", Hosts: []string{"fast.example.com", "10.0.0.1"}},
		{Name: "virtual", VirtualHosts: []string{"s3.example.com"}},
		{Name: "deeper", VirtualHosts: []string{"eu.s3.example.com"}},
		{Name: "six", Hosts: []string{"[2001:db8::1]"}},
	})
	tests := []struct{ host, route, bucket string }{
		{"fast.example.com", "fast", ""},
		{"FAST.example.COM:9000", "fast", ""},
		{"fast.example.com.", "fast", ""},
		{"10.0.0.1:9000", "fast", ""},
		{"[2001:db8::1]:9000", "six", ""},
		{"[2001:db8::1]", "six", ""},
		{"s3.example.com", "virtual", ""},
		{"reports.s3.example.com", "virtual", "reports"},
		{"Reports.S3.example.com:443", "virtual", "reports"},
		{"a.b.s3.example.com", "virtual", "a.b"},
		{"eu.s3.example.com", "deeper", ""},
		{"reports.eu.s3.example.com", "deeper", "reports"},
		{".s3.example.com", "any", ""},
		{"xs3.example.com", "any", ""},
		{"s3.example.com.evil.org", "any", ""},
		{"", "any", ""},
	}
	for _, tt := range tests {
		route, bucket, r := table.Match(&wire.Request{Host: tt.host})
		if r != nil {
			t.Errorf("%q: refused: %v", tt.host, r)
			continue
		}
		if route.Name != tt.route || bucket != tt.bucket {
			t.Errorf("%q: route %q, bucket %q; want %q, %q", tt.host, route.Name, bucket, tt.route, tt.bucket)
		}
	}
}

func TestTableWithoutFallbackRefuses(t *testing.T) {
	t.Parallel()
	table := proxy.NewTable([]*proxy.Route{{Name: "one", Hosts: []string{"one.example.com"}}})
	if route, _, r := table.Match(&wire.Request{Host: "two.example.com"}); r == nil || r.Status != 403 {
		t.Errorf("route %v, refusal %v; want 403", route, r)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	b := proxy.NewBudget(80)
	steps := []struct {
		n         int64 // to reserve, or to release if negative
		anonymous bool
		ok        bool
	}{
		{n: 10, anonymous: true, ok: true},
		{n: 1, anonymous: true},
		{n: 71},
		{n: 60, ok: true},
		{n: -4, anonymous: true},
		{n: 4, anonymous: true, ok: true},
		{n: 10, ok: true},
		{n: 1},
		{n: -10, anonymous: true},
		{n: 10, ok: true},
		{n: 1, anonymous: true}, // of the share, but not of the whole
		{n: -80},
		{n: 10, anonymous: true, ok: true},
	}
	for i, s := range steps {
		if s.n < 0 {
			b.Release(-s.n, s.anonymous)
		} else if got := b.Reserve(s.n, s.anonymous); got != s.ok {
			t.Errorf("step %d: Reserve(%d, %v) = %v, want %v", i, s.n, s.anonymous, got, s.ok)
		}
	}
	if b.Used() != 10 {
		t.Errorf("at the end %d are used", b.Used())
	}
}

// FuzzMuseum_20_otherHost: the two spellings of a host that a signature may be
// of find the same route and the same bucket.
func FuzzMuseum_20_otherHost(f *testing.F) {
	for _, seed := range []string{"s3.example.com", "reports.s3.example.com:443", "fast.example.com.", "[2001:db8::1]:443", "a:b:443", ":443", "::1"} {
		f.Add(seed)
	}
	table := proxy.NewTable([]*proxy.Route{
		{Name: "any"},
		{Name: "fast", Hosts: []string{"fast.example.com", "10.0.0.1"}},
		{Name: "virtual", VirtualHosts: []string{"s3.example.com"}},
		{Name: "six", Hosts: []string{"[2001:db8::1]"}},
	})
	f.Fuzz(func(t *testing.T, host string) {
		req := &wire.Request{Host: host, Scheme: "https", Port: 9000}
		other := req.OtherHost()
		if other == "" {
			return
		}
		route, bucket, _ := table.Match(req)
		if otherRoute, otherBucket, _ := table.Match(&wire.Request{Host: other}); otherRoute != route || otherBucket != bucket {
			t.Fatalf("%q is bucket %q of %s, and %q is %q of %s", host, bucket, route.Name, other, otherBucket, otherRoute.Name)
		}
	})
}
