package extauthz_test

import (
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/sallyport-iam/sallyport/proxy"
)

// TestFloodingPeer: failures are those of the address that Envoy tells of, over
// whatever connection it asks.
func TestFloodingPeer(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) {
		s.enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 3, Now: func() time.Time { return clock }})
	})
	ask := func(address, user, target string) *authv3.CheckResponse {
		in := sent(t, user, "GET", "localhost", target, "", "").question(false)
		source := in.GetAttributes().GetSource().GetAddress().GetAddress().(*corev3.Address_SocketAddress)
		source.SocketAddress.Address = address
		return w.ask(in)
	}
	slow := func(out *authv3.CheckResponse) bool {
		d := out.GetDeniedResponse()
		return d.GetStatus().GetCode() == 503 && strings.Contains(d.GetBody(), "<Code>SlowDown</Code>")
	}
	if out := ask("192.0.2.1", "alice", "/reports/a"); out.GetOkResponse() == nil {
		t.Fatal(out)
	}
	for i := range 5 {
		if out := ask("192.0.2.1", "mallory", "/reports/a"); out.GetDeniedResponse() == nil || slow(out) != (i >= 3) {
			t.Errorf("failure %d: %v", i, out)
		}
	}
	if out := ask("192.0.2.1", "alice", "/reports/a"); out.GetOkResponse() == nil {
		t.Errorf("who was let in before: %v", out)
	}
	if out := ask("192.0.2.1", "bob", "/reports/open/a"); !slow(out) {
		t.Errorf("who is new there: %v", out)
	}
	if out := ask("192.0.2.2", "bob", "/reports/open/a"); out.GetOkResponse() == nil {
		t.Errorf("another peer: %v", out)
	}
}
