package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// check compares values with each other. What is missing or wrong by itself has
// been reported already and is empty here.
func (d *decoder) check(c *Config) {
	upstreams := d.checkUpstreams(c)
	doors := map[string]bool{}
	routes := map[string]bool{}
	for i := range c.Doors {
		door := &c.Doors[i]
		d.unique(doors, "door", &door.Name)
		d.checkDoor(door)
		for j := range door.Routes {
			route := &door.Routes[j]
			d.unique(routes, "route", &route.Name)
			d.reference(upstreams, route)
			d.checkService(c, door, route)
			d.checkSigning(c, door, route)
		}
		d.checkForwardAuth(c, door)
		if door.ProxyProtocol == ProxyProtocolRequired && len(door.TrustedProxies) == 0 {
			d.problem(d.places[&door.ProxyProtocol], "proxy_protocol: required believes trusted_proxies alone, and there are none", "name the networks of the load balancers under trusted_proxies")
		}
		d.checkHosts(door)
	}
	d.checkListeners(c)
	d.checkCache("decisions", &c.Cache.Decisions)
	if c.Sessions != nil {
		d.checkCache("cache", &c.Sessions.Cache)
	}
}

// checkKeys reports a configuration that lets nobody in: with sessions clients can come
// with tokens or certificates alone.
func (d *decoder) checkKeys(c *Config, root ast.Node) {
	if _, written := d.places[&c.Keys.Files]; written || c.Sessions != nil {
		return
	}
	if _, ok := root.(*ast.MappingNode); !ok {
		return
	}
	at, written := d.places[&c.Keys]
	if !written {
		at = place(root)
	}
	d.problem(at, "there are neither key files nor sessions, so that nobody can be let in", "add keys: {files: [FILE]}, as `sallyport keys create` makes it")
}

// checkCache reports memory that is too little.
func (d *decoder) checkCache(key string, bytes *int64) {
	if n := *bytes; 0 < n && n < leastCache {
		d.problem(d.places[bytes], key+" is too little to remember any", "write at least "+sizeText(leastCache)+", or 0 to remember none")
	}
}

// leastCache is the least memory that a cache can do with.
const leastCache = 1 << 20

// unique reports a name that another of its kind has.
func (d *decoder) unique(taken map[string]bool, kind string, name *string) {
	if *name == "" {
		return
	}
	if taken[*name] {
		d.problem(d.places[name], fmt.Sprintf("another %s is named %s", kind, quote(*name)), "give each its own name")
	}
	taken[*name] = true
}

// reference reports a route whose upstream is not there.
func (d *decoder) reference(upstreams map[string]bool, route *Route) {
	if route.Upstream == "" || upstreams[route.Upstream] || route.Service == ServiceSTS {
		return
	}
	var known []string
	for name := range upstreams {
		known = append(known, name)
	}
	remedy := "add it under upstreams"
	if near := nearest(route.Upstream, known); near != "" {
		remedy = "did you mean " + near + "?"
	}
	d.problem(d.places[&route.Upstream], fmt.Sprintf("there is no upstream %s", quote(route.Upstream)), remedy)
}

func (d *decoder) checkUpstreams(c *Config) map[string]bool {
	names := map[string]bool{}
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		d.unique(names, "upstream", &u.Name)
		if u.Endpoint != nil {
			if u.Addressing == AddressingVirtual && isAddress(u.Endpoint.Hostname()) {
				d.problem(d.places[&u.Addressing], "addressing virtual needs a host name, and the endpoint is an IP address", "write addressing: path")
			}
			if u.CAFile != "" && u.Endpoint.Scheme != "https" {
				d.problem(d.places[&u.CAFile], "ca_file is for https, and the endpoint is plain http", "write https:// in endpoint or remove ca_file")
			}
		}
		if at, written := d.places[&u.Connections.MaxIdle]; written && u.Connections.Max > 0 && u.Connections.MaxIdle > u.Connections.Max {
			d.problem(at, "max_idle is greater than max", "write at most the value of max")
		}
		if u.Signing == SigningIdentity {
			d.checkIdentity(u)
		}
		d.checkCopyTags(u)
		if u.Signing == SigningPassthrough {
			d.checkPassthrough(u)
		}
		if u.Credentials != nil {
			d.checkSecret(u.Credentials, "give it a value, or remove credentials for the AWS SDK's default chain")
		}
		principals := map[string]bool{}
		for j := range u.Callers {
			c := &u.Callers[j]
			d.checkSecret(&c.Credentials, "give it a value")
			if principals[c.Principal] && c.Principal != "" {
				d.problem(d.places[&c.Principal], fmt.Sprintf("there are credentials for %s already", quote(c.Principal)), "keep one of them")
			}
			principals[c.Principal] = true
		}
	}
	return names
}

// checkSecret reports a secret that is written and empty.
func (d *decoder) checkSecret(c *Credentials, remedy string) {
	if at, written := d.places[&c.SecretAccessKey]; written && c.SecretAccessKey.IsEmpty() && !d.reported(at) {
		d.problem(at, "secret_access_key is empty", remedy)
	}
}

// reported tells whether there is a problem at a place already.
func (d *decoder) reported(at position) bool {
	for _, p := range d.problems {
		if p.Line == at.line && p.Column == at.column {
			return true
		}
	}
	return false
}

// claim is a host, or a domain with the names below it, that a route takes.
type claim struct {
	host  string
	below bool
	route *Route
	at    position
}

func (c claim) String() string {
	if c.below {
		return "BUCKET." + c.host
	}
	return c.host
}

// checkHosts reports the routes of a door that some request would fit both.
func (d *decoder) checkHosts(door *Door) {
	var claims []claim
	rest := map[string]*Route{} // by service
	for i := range door.Routes {
		route := &door.Routes[i]
		own := map[string]bool{}
		for j := range route.VirtualHosts {
			at := d.places[&route.VirtualHosts[j]]
			claims = append(claims, claim{route.VirtualHosts[j], true, route, at})
			own[route.VirtualHosts[j]] = true
		}
		for j := range route.Hosts {
			// A host that is one of the route's own domains is taken once.
			if !own[route.Hosts[j]] {
				claims = append(claims, claim{route.Hosts[j], false, route, d.places[&route.Hosts[j]]})
			}
		}
		_, hosts := d.places[&route.Hosts]
		_, domains := d.places[&route.VirtualHosts]
		if hosts || domains {
			continue
		}
		if other := rest[route.Service]; other != nil {
			d.problem(d.places[route], fmt.Sprintf("the routes %s and %s of door %s both take any host", quote(other.Name), quote(route.Name), quote(door.Name)), "give one of them hosts or virtual_hosts")
			continue
		}
		rest[route.Service] = route
	}
	for i, a := range claims {
		for _, b := range claims[:i] {
			if a.host != "" && b.host != "" {
				d.compare(a, b)
			}
		}
	}
}

// compare reports two claims that one host could satisfy.
func (d *decoder) compare(a, b claim) {
	if a.route == b.route && a.host == b.host {
		return // reported as an element that is there twice
	}
	if a.route.Service != b.route.Service && a.host == b.host {
		return // what a request is signed for chooses
	}
	overlap := a.host == b.host ||
		b.below && strings.HasSuffix(a.host, "."+b.host) ||
		a.below && strings.HasSuffix(b.host, "."+a.host)
	if !overlap {
		return
	}
	if a.route == b.route {
		d.problem(a.at, fmt.Sprintf("%s and %s of route %s overlap: a host could be either", a, b, quote(a.route.Name)), "use names of which none is below the other")
		return
	}
	d.problem(a.at, fmt.Sprintf("%s of route %s overlaps %s of route %s: they cannot be told apart", a, quote(a.route.Name), b, quote(b.route.Name)), "give each route hosts of its own, none below another's virtual_hosts")
}

// checkListeners reports addresses that are listened on twice, and upstreams
// that are a door of this process.
func (d *decoder) checkListeners(c *Config) {
	type listener struct {
		what, address string
		at            position
	}
	all := []listener{{"the admin listener", c.Admin.Listen, d.places[&c.Admin.Listen]}}
	for i := range c.Doors {
		door := &c.Doors[i]
		all = append(all, listener{"door " + quote(door.Name), door.Listen, d.places[&door.Listen]})
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if sameListener(a.address, b.address) {
				d.problem(a.at, fmt.Sprintf("%s listens on %s as %s does", a.what, quote(a.address), b.what), "give each its own port")
			}
		}
	}
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		for _, l := range all[1:] {
			if u.Endpoint != nil && u.Endpoint.Port() != "" && u.Endpoint.Host == l.address {
				d.problem(d.places[&u.Endpoint], fmt.Sprintf("the endpoint of upstream %s is %s itself", quote(u.Name), l.what), "write the address of the store")
			}
		}
	}
}

// sameListener tells whether two addresses cannot both be listened on.
func sameListener(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return strings.EqualFold(hostA, hostB) || everywhere(hostA) || everywhere(hostB)
}

// everywhere tells whether a host stands for every interface.
func everywhere(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.IsUnspecified()
}

// checkFiles opens the files that must be right for a start.
func (d *decoder) checkFiles(c *Config) {
	for i := range c.Doors {
		t := c.Doors[i].TLS
		if t == nil || t.Certificate == "" || t.Key == "" {
			continue
		}
		readable := d.readable("certificate", &t.Certificate)
		if !d.readable("key", &t.Key) || !readable {
			continue
		}
		if _, err := tls.LoadX509KeyPair(t.Certificate, t.Key); err != nil {
			d.problem(d.places[&t.Certificate], "certificate and key do not go together: "+err.Error(), "name a PEM certificate and the PEM key that belongs to it")
		}
	}
	for i := range c.Doors {
		if t := c.Doors[i].TLS; t != nil {
			d.checkAuthorities("client_ca", &t.ClientCA)
		}
	}
	for i := range c.Upstreams {
		d.checkAuthorities("ca_file", &c.Upstreams[i].CAFile)
	}
}

// checkAuthorities reports a file without certificates.
func (d *decoder) checkAuthorities(key string, file *string) {
	if *file == "" || !d.readable(key, file) {
		return
	}
	pem, err := os.ReadFile(*file)
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.problem(d.places[file], key+" holds no PEM certificate", "name a file of BEGIN CERTIFICATE blocks")
	}
}

// readable reports a file that cannot be opened.
func (d *decoder) readable(key string, file *string) bool {
	f, err := os.Open(*file)
	if err == nil {
		_ = f.Close()
		return true
	}
	reason := err.Error()
	var failed *fs.PathError
	if errors.As(err, &failed) {
		reason = failed.Err.Error()
	}
	d.problem(d.places[file], fmt.Sprintf("%s %s cannot be read: %s", key, quote(*file), reason), "make it readable, or name another; relative paths begin at the directory of this file")
	return false
}
