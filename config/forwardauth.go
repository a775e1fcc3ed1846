package config

import (
	"fmt"
	"strings"
)

// checkForwardAuth reports what a door that is asked over HTTP lacks, and what
// whoever asks it could not be told to do.
func (d *decoder) checkForwardAuth(c *Config, door *Door) {
	if door.Type != DoorForwardAuth {
		return
	}
	at := d.places[&door.Type]
	if _, written := d.places[&door.Dialect]; !written {
		d.problem(at, fmt.Sprintf("door %s does not say who asks: dialect is missing", quote(door.Name)), "write dialect: envoy, nginx, traefik or caddy")
	}
	if _, written := d.places[&door.TrustedProxies]; !written {
		d.problem(at, fmt.Sprintf("door %s does not say whom it believes: trusted_proxies is missing", quote(door.Name)), "name the addresses of the proxies that ask, for example [127.0.0.1]")
	}
	if written, is := d.places[&door.MaxBody]; is && door.Dialect != "" && !door.Dialect.SendsBodies() {
		d.problem(written, "max_body is for proxies that send bodies along, and "+string(door.Dialect)+" does not", "remove it")
	}
	if strings.HasSuffix(door.PathPrefix, "/") {
		d.problem(d.places[&door.PathPrefix], "path_prefix ends with /, which begins the path that Envoy adds", "write "+strings.TrimRight(door.PathPrefix, "/"))
	}
	if door.HealthPath != "" && door.PathPrefix != "" && (door.HealthPath == door.PathPrefix || strings.HasPrefix(door.HealthPath, door.PathPrefix+"/")) {
		d.problem(d.places[&door.HealthPath], "health_path is a path that is asked for decisions: to be healthy would be to allow", "write a path that does not begin with "+door.PathPrefix)
	}
	for i := range door.Routes {
		d.checkForwardAuthRoute(c, door, &door.Routes[i])
	}
}

func (d *decoder) checkForwardAuthRoute(c *Config, door *Door, route *Route) {
	if at, written := d.places[&route.CORS]; written {
		d.problem(at, fmt.Sprintf("cors is for doors that answer, and %s is asked by a proxy that does", quote(door.Name)), "remove it, and let the proxy answer pages of other origins")
	}
	if door.Dialect == "" || door.Dialect.SetsTarget() {
		return
	}
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		if u.Name != route.Upstream || u.Signing == SigningPassthrough {
			continue
		}
		if at, written := d.places[&route.VirtualHosts]; written {
			d.problem(at, fmt.Sprintf("buckets of virtual hosts have to be moved into the path for the upstream %s, and %s cannot be told another path", quote(u.Name), door.Dialect), "write hosts, for path style, or use a door of type standalone or ext_authz")
		}
		if u.Addressing == AddressingVirtual {
			d.problem(d.places[&route.Upstream], fmt.Sprintf("the upstream %s is told buckets as hosts, and %s cannot be told another host", quote(u.Name), door.Dialect), "write addressing: path in the upstream, or use a door of type standalone or ext_authz")
		}
	}
}
