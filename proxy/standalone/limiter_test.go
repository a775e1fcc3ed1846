package standalone_test

import (
	"io"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// TestFloodingPeer: a peer whose requests fail is told to slow down, be they requests
// or not, and keeps its connection unless what follows cannot be told from what was
// not read; another peer, whom the same proxy tells of, is served.
func TestFloodingPeer(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	door := openDoor(t, readAll, func(o *standalone.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		clock := func() time.Time { return time.Unix(1_700_000_000+now.Load(), 0) }
		o.Enforcer.Now = clock
		o.Enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 3, Now: clock})
	})
	ask := func(address, target, field string) (code string, open bool) {
		c := dial(t, door)
		defer c.Close()
		lines := []string{"GET " + target + " HTTP/1.1", "Host: localhost", "X-Forwarded-For: " + address}
		if field != "" {
			lines = append(lines, field)
		}
		c.send(lines...)
		resp, body := c.answer()
		_, code, _ = strings.Cut(body, "<Code>")
		code, _, _ = strings.Cut(code, "</Code>")
		if resp.StatusCode == 200 {
			code = ""
		}
		return code, !resp.Close
	}
	const forged = "Authorization: AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260301/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
	for _, target := range []string{"/open/a", "/open/%zz", "/open/a"} {
		if code, _ := ask("192.0.2.1", target, forged); code == "SlowDown" || code == "" {
			t.Errorf("%s: %q", target, code)
		}
	}
	for _, target := range []string{"/open/a", "/open/%zz"} {
		if code, open := ask("192.0.2.1", target, forged); code != "SlowDown" || !open {
			t.Errorf("limited, %s: %q, open %v", target, code, open)
		}
	}
	// Over one connection: a body that came is passed over, one that has not ends it.
	c := dial(t, door)
	for _, request := range []struct {
		body  string
		close bool
	}{{"Content-Length: 5\r\n\r\nGET /", false}, {"Content-Length: 0\r\n\r\n", false}, {"Content-Length: 100000\r\n\r\nGET /open/a HTTP/1.1\r\n", true}} {
		if _, err := io.WriteString(c, "PUT /open/a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"+forged+"\r\n"+request.body); err != nil {
			t.Fatal(err)
		}
		if resp, body := c.answer(); !strings.Contains(body, "SlowDown") || resp.Close != request.close {
			t.Errorf("limited, %q: %s, close %v", request.body, body, resp.Close)
		}
	}
	if code, open := ask("192.0.2.2", "/open/a", ""); code != "" || !open {
		t.Errorf("another peer: %q, open %v", code, open)
	}
	now.Add(1)
	if code, _ := ask("192.0.2.1", "/open/a", ""); code != "" {
		t.Errorf("after a second: %q", code)
	}
}
