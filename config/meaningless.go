package config

import (
	"fmt"
	"slices"
	"strings"
)

// Keys that mean nothing beside another: they are reported, for whoever wrote
// them counts on them.

// checkDoor reports keys that are for other types of doors.
func (d *decoder) checkDoor(door *Door) {
	only := func(into any, key string, types ...DoorType) {
		if at, written := d.places[into]; written && door.Type != "" && !slices.Contains(types, door.Type) {
			d.problem(at, fmt.Sprintf("%s is for doors of type %s, and %s is of type %s", key, either(types), quote(door.Name), door.Type), "remove it")
		}
	}
	only(&door.TrustedProxies, "trusted_proxies", DoorStandalone, DoorForwardAuth)
	only(&door.ProxyProtocol, "proxy_protocol", DoorStandalone)
	only(&door.HealthPath, "health_path", DoorStandalone, DoorForwardAuth)
	only(&door.SocketMode, "socket_mode", DoorExtAuthz)
	only(&door.MaxBody, "max_body", DoorExtAuthz, DoorForwardAuth)
	only(&door.MaxConnectionAge, "max_connection_age", DoorExtAuthz)
	only(&door.Dialect, "dialect", DoorForwardAuth)
	only(&door.PathPrefix, "path_prefix", DoorForwardAuth)
	only(&door.SourcePrincipal, "source_principal", DoorExtAuthz)
	if t := door.TLS; t != nil {
		only(&t.ClientCertificates, "client_certificates", DoorStandalone)
		if at, written := d.places[&t.ClientCertificates]; written && door.Type == DoorStandalone && t.ClientCA == "" {
			d.problem(at, "client_certificates says what to do with certificates, and nothing says whose are good", "add client_ca: the PEM file of their authorities, or remove client_certificates")
		}
	}
	socket := strings.HasPrefix(door.Listen, UnixPrefix)
	if socket && (door.Type == DoorStandalone || door.Type == DoorForwardAuth) {
		d.problem(d.places[&door.Listen], "a Unix socket is for doors of type ext_authz", "write HOST:PORT")
	}
	if at, written := d.places[&door.SocketMode]; written && door.Type == DoorExtAuthz && door.Listen != "" && !socket {
		d.problem(at, "socket_mode is for a Unix socket, and the door listens on an address", "write listen: unix:PATH, or remove socket_mode")
	}
}

// either lists types of doors for a message.
func either(types []DoorType) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return strings.Join(words, " or ")
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

// checkCopyTags sets what copies demand where nothing is written and nobody can
// read tags, and reports what is written that takes reading them.
func (d *decoder) checkCopyTags(u *Upstream) {
	at, written := d.places[&u.CopyTags]
	switch {
	case u.CopyTags != CopyTagsExact:
	case !written && (u.Signing == SigningIdentity || u.Signing == SigningPassthrough && u.Credentials == nil):
		u.CopyTags = CopyTagsUnchecked
	case u.Signing == SigningIdentity:
		d.problem(at, "copy_tags: exact reads tags with credentials of Sallyport's own, and signing: identity has none", "write checked or unchecked")
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
