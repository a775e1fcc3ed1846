package config

import (
	"fmt"
	"strings"
)

// Keys that mean nothing beside another: they are reported, for whoever wrote
// them counts on them.

// checkDoor reports keys that are for the other type of door.
func (d *decoder) checkDoor(door *Door) {
	wrong := func(into any, key string, is DoorType) {
		if at, written := d.places[into]; written && door.Type != "" && door.Type != is {
			d.problem(at, fmt.Sprintf("%s is for doors of type %s, and %s is of type %s", key, is, quote(door.Name), door.Type), "remove it")
		}
	}
	wrong(&door.TrustedProxies, "trusted_proxies", DoorStandalone)
	wrong(&door.ProxyProtocol, "proxy_protocol", DoorStandalone)
	wrong(&door.HealthPath, "health_path", DoorStandalone)
	wrong(&door.SocketMode, "socket_mode", DoorExtAuthz)
	wrong(&door.MaxBody, "max_body", DoorExtAuthz)
	wrong(&door.MaxConnectionAge, "max_connection_age", DoorExtAuthz)
	if door.TLS != nil {
		wrong(&door.TLS.ClientCA, "client_ca", DoorExtAuthz)
	}
	socket := strings.HasPrefix(door.Listen, UnixPrefix)
	if socket && door.Type == DoorStandalone {
		d.problem(d.places[&door.Listen], "a Unix socket is for doors of type ext_authz", "write HOST:PORT")
	}
	if at, written := d.places[&door.SocketMode]; written && door.Type == DoorExtAuthz && door.Listen != "" && !socket {
		d.problem(at, "socket_mode is for a Unix socket, and the door listens on an address", "write listen: unix:PATH, or remove socket_mode")
	}
}

// checkSigning reports a route whose door would send requests that nobody signs.
func (d *decoder) checkSigning(c *Config, door *Door, route *Route) {
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		if u.Name == route.Upstream && u.Signing == SigningIdentity && door.Type == DoorStandalone {
			d.problem(d.places[&route.Upstream], fmt.Sprintf("requests to the upstream %s are not signed, and the door %s is of type standalone, which signs", quote(u.Name), quote(door.Name)), "write signing: resign in the upstream, or give the route another one")
		}
	}
}

// checkIdentity reports keys about signatures that are not made.
func (d *decoder) checkIdentity(u *Upstream) {
	for _, key := range []struct {
		name string
		into any
	}{{"credentials", u.Credentials}, {"caller_credentials", &u.Callers}, {"payload_signing", &u.PayloadSigning}} {
		if at, written := d.places[key.into]; written {
			d.problem(at, key.name+" has no meaning with signing: identity, under which requests are not signed", "remove it, or write signing: resign")
		}
	}
}

// checkPassthrough reports keys about rewrites that are not done.
func (d *decoder) checkPassthrough(u *Upstream) {
	for _, key := range []struct {
		name string
		into any
	}{{"addressing", &u.Addressing}, {"payload_signing", &u.PayloadSigning}, {"caller_credentials", &u.Callers}} {
		if at, written := d.places[key.into]; written {
			d.problem(at, key.name+" has no meaning with signing: passthrough, under which requests leave as they came", "remove it, or write signing: resign")
		}
	}
}
