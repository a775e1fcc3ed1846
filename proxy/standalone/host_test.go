package standalone_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestMuseum_20_oneHost: the host that chooses the bucket is the one that was
// signed, but for a port that goes without saying; and what a proxy says of it
// counts altogether or not at all.
func TestMuseum_20_oneHost(t *testing.T) {
	t.Parallel()
	const domain = ".s3.example.com"
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	tests := []struct {
		name string
		// PORT in hosts stands for the door's port.
		signed, host string // signed is empty for an anonymous request
		target       string // "/key" if empty
		forwarded    []string
		proto        string
		trusted      []netip.Prefix
		status       int
		bucket       string // that the store was asked for
	}{
		{name: "as signed", signed: "open" + domain, host: "open" + domain, status: 200, bucket: "open"},
		{name: "as signed, with a port", signed: "open" + domain + ":PORT", host: "open" + domain + ":PORT", status: 200, bucket: "open"},
		{name: "a proxy took the door's port away", signed: "open" + domain + ":PORT", host: "open" + domain, status: 200, bucket: "open"},
		{name: "a proxy added the default port", signed: "open" + domain, host: "open" + domain + ":80", status: 200, bucket: "open"},
		{name: "a proxy added the door's port", signed: "open" + domain, host: "open" + domain + ":PORT", status: 403},
		{name: "another scheme's default port", signed: "open" + domain, host: "open" + domain + ":443", status: 403},
		{name: "another port", signed: "open" + domain + ":1", host: "open" + domain, status: 403},
		{name: "a final dot", signed: "open" + domain, host: "open" + domain + ".", status: 403},
		{name: "another case", signed: "open" + domain, host: "OPEN" + domain, status: 403},
		{name: "another bucket", signed: "open" + domain, host: "closed" + domain, status: 403},
		{name: "another bucket that is open", signed: "closed" + domain, host: "open" + domain, status: 403},
		{name: "absolute form", signed: "open" + domain, host: "open" + domain, target: "http://open" + domain + "/key", status: 200, bucket: "open"},
		{name: "absolute form of another bucket", signed: "closed" + domain, host: "closed" + domain, target: "http://open" + domain + "/key", status: 400},

		{name: "nobody is trusted", signed: "open" + domain, host: "internal", forwarded: []string{"open" + domain}, status: 403},
		{name: "nobody is trusted, and what was signed arrives", signed: "open" + domain, host: "open" + domain, forwarded: []string{"closed" + domain}, status: 200, bucket: "open"},
		{name: "a trusted proxy's word", signed: "open" + domain, host: "internal", forwarded: []string{"open" + domain}, trusted: loopback, status: 200, bucket: "open"},
		{name: "with the default port of its scheme", signed: "open" + domain, host: "internal", forwarded: []string{"open" + domain + ":443"}, proto: "https", trusted: loopback, status: 200, bucket: "open"},
		{name: "with that of another", signed: "open" + domain, host: "internal", forwarded: []string{"open" + domain + ":443"}, trusted: loopback, status: 403},
		{name: "its word is another than was signed", signed: "open" + domain, host: "open" + domain, forwarded: []string{"closed" + domain}, trusted: loopback, status: 403},
		{name: "its word is another that is open", signed: "closed" + domain, host: "closed" + domain, forwarded: []string{"open" + domain}, trusted: loopback, status: 403},
		{name: "its word twice", signed: "open" + domain, host: "open" + domain, forwarded: []string{"open" + domain, "open" + domain}, trusted: loopback, status: 400},
		{name: "its word is a list", signed: "open" + domain, host: "open" + domain, forwarded: []string{"open" + domain + ", internal"}, trusted: loopback, status: 400},
		{name: "its word is empty", signed: "open" + domain, host: "open" + domain, forwarded: []string{""}, trusted: loopback, status: 400},
		{name: "its word is a path", signed: "open" + domain, host: "open" + domain, forwarded: []string{"open" + domain + "/x"}, trusted: loopback, status: 400},

		{name: "anonymous, nobody trusted", host: "closed" + domain, forwarded: []string{"open" + domain}, status: 403},
		{name: "anonymous, a trusted proxy's word", host: "open" + domain, forwarded: []string{"closed" + domain}, trusted: loopback, status: 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Pointer[string]
			door := openDoor(t, func(_ http.ResponseWriter, r *http.Request) { asked.Store(&r.RequestURI) }, func(o *standalone.Options) {
				o.TrustedProxies = tt.trusted
			})
			port := strconv.Itoa(int(netip.MustParseAddrPort(door.Addr().String()).Port()))
			lines := []string{"GET /key HTTP/1.1", "Host: " + strings.Replace(tt.host, "PORT", port, 1)}
			if tt.target != "" {
				lines[0] = "GET " + tt.target + " HTTP/1.1"
			}
			if tt.signed != "" {
				req := &wire.Request{Method: "GET", Host: strings.Replace(tt.signed, "PORT", port, 1), Path: "/key"}
				sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret.New(secretAccessKey)},
					"s3", "us-east-1", "UNSIGNED-PAYLOAD", time.Now())
				for _, f := range req.Fields {
					lines = append(lines, f.Name+": "+f.Value)
				}
			}
			for _, host := range tt.forwarded {
				lines = append(lines, "X-Forwarded-Host: "+host)
			}
			if tt.proto != "" {
				lines = append(lines, "X-Forwarded-Proto: "+tt.proto)
			}
			c := dial(t, door)
			c.send(lines...)
			resp, body := c.answer()
			if resp.StatusCode != tt.status {
				t.Errorf("%d %s, want %d", resp.StatusCode, body, tt.status)
			}
			uri := asked.Load()
			switch {
			case tt.bucket == "" && uri != nil:
				t.Errorf("the store was asked for %s", *uri)
			case tt.bucket != "" && (uri == nil || *uri != "/"+tt.bucket+"/key"):
				t.Errorf("the store was asked for %v, want the key of %s", uri, tt.bucket)
			}
		})
	}
}
