package proxy_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	v4auth "github.com/aws/smithy-go/aws-http-auth/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestServeKeys decides with the keys of the connection, of the client and of the
// signature as they are, whatever a client writes into its request.
func TestServeKeys(t *testing.T) {
	t.Parallel()
	forged := []wire.Field{
		{Name: "x-forwarded-for", Value: "198.51.100.1"}, {Name: "x-forwarded-proto", Value: "https"}, {Name: "aws-sourceip", Value: "198.51.100.1"},
		{Name: "aws:sourceip", Value: "198.51.100.1"}, {Name: "aws:username", Value: "root"}, {Name: "s3:authtype", Value: "POST"},
		{Name: "x-amz-source-arn", Value: "arn:aws:s3:::a"}, {Name: "x-amz-source-account", Value: "000000000000"}, {Name: "via", Value: "aws"},
	}
	header := map[string]string{
		"aws:sourceip": "203.0.113.7", "aws:securetransport": "false", "aws:requestedregion": "us-east-1", "aws:viaawsservice": "false",
		"aws:useragent":       "test",
		"s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authtype": "REST-HEADER", "s3:x-amz-content-sha256": hashOf(""),
	}
	with := func(changes ...string) map[string]string {
		keys := map[string]string{}
		for name, value := range header {
			keys[name] = value
		}
		for _, change := range changes {
			name, value, set := strings.Cut(change, "=")
			if delete(keys, name); set {
				keys[name] = value
			}
		}
		return keys
	}
	unsigned := []string{"s3:signatureversion", "s3:authtype", "s3:x-amz-content-sha256"}
	tests := []struct {
		name, user string
		fields     []wire.Field
		change     func(*wire.Request)
		want       map[string]string
	}{
		{name: "signed", user: "alice", want: header},
		{name: "forged headers", user: "alice", fields: forged[:5], want: header},
		{name: "referer", user: "alice", fields: []wire.Field{{Name: "referer", Value: "http://a.example/"}}, want: with("aws:referer=http://a.example/")},
		{name: "no user agent", user: "alice", change: func(r *wire.Request) { r.Fields.Del("user-agent") }, want: with("aws:useragent")},
		{name: "TLS 1.2", user: "alice", change: func(r *wire.Request) { r.Scheme, r.TLS = "https", &wire.TLS{Version: 0x0303} }, want: with("aws:securetransport=true", "s3:tlsversion=1.2")},
		{name: "TLS 1.3", user: "alice", change: func(r *wire.Request) { r.Scheme, r.TLS = "https", &wire.TLS{Version: 0x0304} }, want: with("aws:securetransport=true", "s3:tlsversion=1.3")},
		{name: "TLS that ended before the door", user: "alice", change: func(r *wire.Request) { r.Scheme = "https" }, want: with("aws:securetransport=true")},
		{name: "an IPv4 address as IPv6", user: "alice", change: func(r *wire.Request) { r.Peer = netip.MustParseAddrPort("[::ffff:192.0.2.1]:1") }, want: with("aws:sourceip=192.0.2.1")},
		{name: "an IPv6 address with a zone", user: "alice", change: func(r *wire.Request) { r.Peer = netip.MustParseAddrPort("[fe80::1%eth0]:1") }, want: with("aws:sourceip=fe80::1")},
		{name: "anonymous", want: with(unsigned...)},
		{name: "anonymous, forged headers", fields: slices.Concat(forged[:3], forged[3:6], forged[8:]), want: with(unsigned...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var got map[string]string
			b.enforcer.Decide = func(_ uint64, c *authz.Caller, r *authz.Request, _ *authz.Access) authz.Decision {
				got = map[string]string{}
				for name, value := range r.Keys.All() {
					got[name], _ = value.Single()
				}
				if !r.Now.Equal(clock) {
					t.Errorf("decided as of %s", r.Now)
				}
				name, _ := c.Keys.Lookup("aws:username")
				if text, _ := name.Single(); text != tt.user {
					t.Errorf("aws:username is %q", text)
				}
				return authz.Decision{}
			}
			req := request(t, tt.user, "GET", "localhost", "/reports/a", "", tt.fields...)
			if tt.change != nil {
				tt.change(req)
			}
			b.serve(req)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for name := range got {
				if !slices.Contains(proxy.Keys(), name) && !slices.Contains(proxy.SignatureKeys(), name) {
					t.Errorf("%s is not said to be filled", name)
				}
			}
		})
	}
}

// TestServeKeys_presigned has the age of the signature, which nothing but a link
// and a form has.
func TestServeKeys_presigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := map[string]string{}
	b.enforcer.Now = func() time.Time { return clock.Add(30 * time.Second) }
	b.enforcer.Decide = func(_ uint64, _ *authz.Caller, r *authz.Request, _ *authz.Access) authz.Decision {
		for _, name := range proxy.SignatureKeys() {
			if value, ok := r.Keys.Lookup(name); ok {
				got[name], _ = value.Single()
			}
		}
		return authz.Decision{}
	}
	b.serve(requestV4A(t, "alice", "/reports/a", v4auth.SignatureTypeQueryString, "us-east-1"))
	want := map[string]string{
		"s3:authtype": "REST-QUERY-STRING", "s3:signatureage": "30000", "s3:signatureversion": "AWS4-ECDSA-P256-SHA256", "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
