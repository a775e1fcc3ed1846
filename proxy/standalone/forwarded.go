package standalone

import (
	"net/http"
	"net/netip"
	"strings"
)

// client is the address and the scheme of the client's own connection. What a
// trusted proxy says of them is believed; what anybody else says is not. Of
// X-Forwarded-For the right-most address that no trusted proxy has is the
// client's: those left of it are whatever that client claims.
func client(r *http.Request, trusted []netip.Prefix) (peer netip.AddrPort, scheme string) {
	scheme = "http"
	if r.TLS != nil {
		scheme = "https"
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !contains(trusted, peer.Addr()) {
		return peer, scheme
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) == 1 && (proto[0] == "http" || proto[0] == "https") {
		scheme = proto[0]
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			// What stands left of something unreadable is not to be believed.
			break
		}
		peer = netip.AddrPortFrom(addr, 0)
		if !contains(trusted, addr) {
			break
		}
	}
	return peer, scheme
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
