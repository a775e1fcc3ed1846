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
		n     int64 // to reserve, or to release if negative
		share proxy.Share
		ok    bool
	}{
		{n: 10, share: proxy.Anonymous, ok: true},
		{n: 1, share: proxy.Anonymous},
		{n: 71},
		{n: 60, ok: true},
		{n: -4, share: proxy.Anonymous},
		{n: 4, share: proxy.Anonymous, ok: true},
		{n: 10, ok: true},
		{n: 1},
		{n: -10, share: proxy.Anonymous},
		{n: 10, ok: true},
		{n: 1, share: proxy.Anonymous}, // of the share, but not of the whole
		{n: -80},
		{n: 10, share: proxy.Anonymous, ok: true},
		{n: 10, share: proxy.Unverified, ok: true}, // its share is another
		{n: 1, share: proxy.Unverified},
		{n: -10, share: proxy.Unverified},
	}
	for i, s := range steps {
		if s.n < 0 {
			b.Release(-s.n, s.share)
		} else if got := b.Reserve(s.n, s.share); got != s.ok {
			t.Errorf("step %d: Reserve(%d, %v) = %v, want %v", i, s.n, s.share, got, s.ok)
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

// TestTableServices tells routes of several services on the same hosts apart: by the
// service that a request claims to be signed for, else by its shape.
func TestTableServices(t *testing.T) {
	const (
		shared = "s3.example.com"
		own    = "sts.example.com"
	)
	signed := func(scope string) wire.Field {
		return wire.Field{Name: "authorization", Value: "AWS4-HMAC-SHA256 Credential=AKIA/20260301/" + scope + "/aws4_request, SignedHeaders=host, Signature=00"}
	}
	form := wire.Field{Name: "content-type", Value: "application/x-www-form-urlencoded; charset=utf-8"}
	bearer := wire.Field{Name: "authorization", Value: "Bearer x"}
	preflight := func(method string) wire.Fields {
		return wire.Fields{{Name: "origin", Value: "https://app.example.com"}, {Name: "access-control-request-method", Value: method}}
	}
	tests := []struct {
		name, method, host, target string
		fields                     wire.Fields
		route                      string
	}{
		{"signed for s3", "GET", shared, "/", wire.Fields{signed("us-east-1/s3")}, "s3"},
		{"signed for sts", "POST", shared, "/", wire.Fields{signed("us-east-1/sts"), form}, "sts"},
		{"signed for sts, of any shape", "PUT", shared, "/a/b", wire.Fields{signed("us-east-1/sts")}, "sts"},
		{"signed for s3, in the shape of sts", "POST", shared, "/", wire.Fields{signed("us-east-1/s3"), form}, "s3"},
		{"signed with SigV4A for sts", "POST", shared, "/", wire.Fields{{Name: "authorization", Value: "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20260301/sts/aws4_request, SignedHeaders=host, Signature=00"}}, "sts"},
		{"presigned for sts", "GET", shared, "/?Action=GetCallerIdentity&X-Amz-Credential=AKIA%2F20260301%2Fus-east-1%2Fsts%2Faws4_request", nil, "sts"},
		{"presigned for s3", "GET", shared, "/?X-Amz-Credential=AKIA%2F20260301%2Fus-east-1%2Fs3%2Faws4_request", nil, "s3"},
		{"signed for another", "GET", shared, "/", wire.Fields{signed("us-east-1/iam")}, "s3"},
		{"unsigned form", "POST", shared, "/", wire.Fields{form}, "sts"},
		{"unsigned form to a bucket", "POST", shared, "/bucket", wire.Fields{form}, "s3"},
		{"unsigned multipart form", "POST", shared, "/", wire.Fields{{Name: "content-type", Value: "multipart/form-data; boundary=x"}}, "s3"},
		{"unsigned action", "GET", shared, "/?Action=AssumeRoleWithWebIdentity", nil, "sts"},
		{"unsigned action by POST", "POST", shared, "/?Action=AssumeRoleWithWebIdentity", nil, "sts"},
		{"unsigned, in another case", "GET", shared, "/?action=x", nil, "s3"},
		{"unsigned action of an object", "GET", shared, "/a/b?Action=x", nil, "s3"},
		{"unsigned", "GET", shared, "/", nil, "s3"},
		{"bearer", "GET", shared, "/a/b", wire.Fields{bearer}, "s3"},
		{"bearer for sts", "POST", shared, "/", wire.Fields{bearer, form}, "sts"},
		{"preflight of a form", "OPTIONS", shared, "/", preflight("POST"), "sts"},
		{"preflight of an action", "OPTIONS", shared, "/?Action=AssumeRoleWithWebIdentity", preflight("GET"), "sts"},
		{"preflight of a list of buckets", "OPTIONS", shared, "/", preflight("GET"), "s3"},
		{"preflight of a form to a bucket", "OPTIONS", shared, "/bucket", preflight("POST"), "s3"},
		{"preflight of a form to a bucket's host", "OPTIONS", "b." + shared, "/", preflight("POST"), "s3"},
		{"what is no preflight", "OPTIONS", shared, "/", wire.Fields{form}, "s3"},
		{"bucket of a virtual host", "POST", "b." + shared, "/", wire.Fields{form}, "s3"},
		{"a host of sts and of whoever takes any", "GET", own, "/", wire.Fields{signed("us-east-1/s3")}, "rest"},
		{"a host of sts", "POST", own, "/", wire.Fields{form}, "sts"},
		{"any other host", "GET", "x.example.org", "/", wire.Fields{signed("us-east-1/s3")}, "rest"},
		{"any other host, for sts", "GET", "x.example.org", "/", wire.Fields{signed("us-east-1/sts")}, "rest"},
	}
	table := proxy.NewTable([]*proxy.Route{
		{Name: "sts", Service: "sts", Hosts: []string{shared, own}},
		{Name: "s3", Service: "s3", VirtualHosts: []string{shared}},
		{Name: "rest", Service: "rest"},
	})
	for _, tt := range tests {
		req := &wire.Request{Method: tt.method, Host: tt.host, Fields: tt.fields}
		var r *wire.Refusal
		if req.Path, req.RawQuery, req.HasQuery, r = wire.ParseTarget(tt.target); r != nil {
			t.Fatal(r)
		}
		if req.Query, r = wire.ParseQuery(req.RawQuery); r != nil {
			t.Fatal(r)
		}
		route, _, r := table.Match(req)
		if r != nil || route.Name != tt.route {
			t.Errorf("%s: route %v, %v; want %s", tt.name, route, r, tt.route)
		}
		if n := testing.AllocsPerRun(10, func() { _, _, _ = table.Match(req) }); n != 0 {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}

// TestTableServiceOfEveryHost gives a route without hosts those that only routes of
// other services have, too.
func TestTableServiceOfEveryHost(t *testing.T) {
	t.Parallel()
	table := proxy.NewTable([]*proxy.Route{
		{Name: "sts", Service: "sts"}, {Name: "s3", Service: "s3", VirtualHosts: []string{"a.example.com"}}, {Name: "other", Service: "s3", Hosts: []string{"b.example.com"}},
	})
	tests := []struct {
		host        string
		plain, asks string // the route of a request without Action, and of one with it
	}{
		{"a.example.com", "s3", "sts"},
		{"b.example.com", "other", "sts"},
		{"c.example.com", "sts", "sts"},
		{"x.a.example.com", "s3", "s3"},
	}
	for _, tt := range tests {
		for query, want := range map[string]string{"": tt.plain, "Action": tt.asks} {
			route, _, r := table.Match(&wire.Request{Method: "GET", Host: tt.host, Path: "/", Query: wire.Query{{Name: query}}})
			if r != nil || route.Name != want {
				t.Errorf("%s, %q: %v, %v; want %s", tt.host, query, route, r, want)
			}
		}
	}
}
