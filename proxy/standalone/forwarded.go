package standalone

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// client is the address and the scheme of the client's own connection; peer and
// scheme are those of the connection here. What a trusted proxy says of them is
// believed; what anybody else says is not. Of X-Forwarded-For the right-most
// address that no trusted proxy has is the client's: those left of it are
// whatever that client claims. believed tells that the connection is a trusted
// proxy's.
func client(fields wire.Fields, peer netip.AddrPort, scheme string, trusted []netip.Prefix) (_ netip.AddrPort, _ string, believed bool) {
	if !contains(trusted, peer.Addr()) {
		return peer, scheme, false
	}
	if proto := fields.Get("x-forwarded-proto"); fields.Count("x-forwarded-proto") == 1 && (proto == "http" || proto == "https") {
		scheme = proto
	}
	var list []string
	for i := range fields {
		if fields[i].Name == "x-forwarded-for" {
			list = append(list, fields[i].Value)
		}
	}
	hops := strings.Split(strings.Join(list, ","), ",")
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
	return peer, scheme, true
}

// forwardedHost puts the host that a trusted proxy was asked for in the place of
// the one that it asked us for. It takes that place altogether: route, bucket
// and signature go by one host, never by two. So a client that signed the other
// one is refused, and so is what does not name one host.
func forwardedHost(req *wire.Request) *wire.Refusal {
	const name = "x-forwarded-host"
	host, sent := req.Fields.Lookup(name)
	if !sent {
		return nil
	}
	if req.Fields.Count(name) > 1 || !wire.ValidHost(host) {
		return &wire.Refusal{
			Status: http.StatusBadRequest, Code: "InvalidRequest", Message: "The X-Forwarded-Host header does not name one host.",
			Cause: "a trusted proxy must set X-Forwarded-Host to the one host it was asked for, or remove it",
		}
	}
	req.Host = host
	return nil
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
