package standalone

import (
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

// proxyProtocol reads from each connection, before anything else, who its client
// is: what a load balancer that forwards connections says in a PROXY header, of
// version 1 or 2. A connection of anybody but a trusted proxy is closed at once,
// and one without a header when it is read.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
func proxyProtocol(listener net.Listener, trusted []netip.Prefix, timeout time.Duration) net.Listener {
	return &proxyproto.Listener{
		Listener:          listener,
		ReadHeaderTimeout: timeout,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			peer, err := netip.ParseAddrPort(o.Upstream.String())
			if err != nil || !contains(trusted, peer.Addr()) {
				return proxyproto.REJECT, proxyproto.ErrInvalidUpstream
			}
			return proxyproto.REQUIRE, nil
		},
	}
}
