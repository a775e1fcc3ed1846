package envoyconfig

import (
	"fmt"
	"slices"
	"strings"
)

// bodies tries the operations of the door's routes on the virtual hosts that
// Envoy would choose for them.
func (c *checker) bodies(routes *node, filters []httpFilter) {
	hosts := routes.get("virtual_hosts").each()
	claimed := map[*node]bool{}
	for i := range c.expect.Routes {
		r := &c.expect.Routes[i]
		try := func(name string, s style) {
			host := chosen(hosts, name)
			if host == nil {
				c.add(routes.at, Note, "NO_VIRTUAL_HOST", "no virtual host here takes "+shorten(name)+", which the door's route "+r.Name+" serves", "add it, unless another listener has it")
				return
			}
			claimed[host] = true
			c.try(&trial{routes: routes, host: host, filters: filters}, r.Operations, s)
		}
		for _, name := range slices.Concat(r.Hosts, r.Domains) {
			try(strings.ToLower(name), pathStyle)
		}
		for _, name := range r.Domains {
			try("bucket."+strings.ToLower(name), bucketHosts)
		}
	}
	for i := range c.expect.Routes {
		r := &c.expect.Routes[i]
		for _, host := range hosts {
			if len(r.Hosts)+len(r.Domains) == 0 && !claimed[host] {
				c.try(&trial{routes: routes, host: host, filters: filters}, r.Operations, styleOf(host))
			}
		}
	}
}

// styleOf guesses where the requests of a virtual host have the bucket: in the
// host if it takes subdomains alone.
func styleOf(host *node) style {
	domains := host.get("domains").each()
	other := func(d *node) bool { return !strings.HasPrefix(d.string(), "*.") }
	return style(len(domains) > 0 && !slices.ContainsFunc(domains, other))
}

// chosen is the virtual host that Envoy chooses: an exact name, the longest that
// ends or begins with a star, and the star alone.
func chosen(hosts []*node, name string) *node {
	var found *node
	best := -1
	for _, host := range hosts {
		for _, d := range host.get("domains").each() {
			domain := strings.ToLower(d.string())
			rank := -1
			switch {
			case domain == name:
				rank = 1 << 30
			case domain == "*":
				rank = 0
			case strings.HasPrefix(domain, "*") && strings.HasSuffix(name, domain[1:]) && len(name) >= len(domain):
				rank = 1<<20 + len(domain)
			case strings.HasSuffix(domain, "*") && strings.HasPrefix(name, domain[:len(domain)-1]) && len(name) >= len(domain):
				rank = len(domain)
			}
			if rank > best {
				found, best = host, rank
			}
		}
	}
	return found
}

// trial is what operations are tried on, and what came of it.
type trial struct {
	routes, host *node
	filters      []httpFilter
	misfits      []misfit
}

// misfit is what is wrong with the body on a route, for some operations.
type misfit struct {
	route      *node
	code       string
	limit      int64
	operations []string
}

func (t *trial) note(r *node, code string, limit int64, operation string) {
	i := slices.IndexFunc(t.misfits, func(m misfit) bool { return m.route == r && m.code == code })
	if i < 0 {
		t.misfits = append(t.misfits, misfit{route: r, code: code})
		i = len(t.misfits) - 1
	}
	m := &t.misfits[i]
	m.limit = max(m.limit, limit)
	if !slices.Contains(m.operations, operation) {
		m.operations = append(m.operations, operation)
	}
}

// try finds the routes that requests take whose bodies must come along, or must
// not.
func (c *checker) try(t *trial, operations []Operation, s style) {
	routes := t.host.get("routes").each()
	for i := range operations {
		o := &operations[i]
		if !o.Decides && (o.Level != objectLevel || o.BodyLimit == 0) || !o.isAt(s) {
			continue
		}
		for _, target := range o.samples(s) {
			for _, r := range c.taken(routes, &sample{o.Method, target}) {
				if r.get("route") == nil {
					continue
				}
				for _, f := range guards(t.filters, r, t.host, t.routes) {
					if code, limit := c.fits(o, bodyOn(f, r, t.host, t.routes)); code != "" {
						t.note(r, code, limit, o.Name)
					}
				}
			}
		}
	}
	for _, m := range t.misfits {
		names := strings.Join(m.operations, ", ")
		switch m.code {
		case "BODY_MISSING":
			c.add(m.route.at, Error, m.code, "bodies that decide do not come along on this route, and requests are denied: "+names, fmt.Sprintf("add a route before it with with_request_body: {max_request_bytes: %d, pack_as_bytes: true}, as `sallyport envoy config` prints it", m.limit))
		case "BODY_TOO_SMALL":
			c.add(m.route.at, Error, m.code, "bodies that decide may be greater than max_request_bytes on this route, and are then refused with 413: "+names, fmt.Sprintf("write max_request_bytes: %d", m.limit))
		case "BODY_BUFFERED":
			c.add(m.route.at, Error, m.code, "Envoy holds bodies on this route that Sallyport does not read, and refuses larger ones with 413: "+names, "remove with_request_body here, and add routes for what is decided from bodies, as `sallyport envoy config` prints them")
		}
	}
}

// taken are the routes that may take a request.
func (c *checker) taken(routes []*node, s *sample) []*node {
	var out []*node
	for _, r := range routes {
		v := c.matcher.route(r.get("match"), s)
		if v != no {
			out = append(out, r)
		}
		if v == yes {
			break
		}
	}
	return out
}

// fits tells what is wrong with the body that comes along for an operation, and
// how large it must be; empty if nothing is.
func (c *checker) fits(o *Operation, body *node) (code string, limit int64) {
	if !o.Decides {
		if body != nil {
			return "BODY_BUFFERED", 0
		}
		return "", 0
	}
	limit = o.BodyLimit
	if c.expect.MaxBody > 0 {
		limit = min(limit, c.expect.MaxBody)
	}
	if body == nil {
		return "BODY_MISSING", limit
	}
	if size, ok := body.get("max_request_bytes").number(); !ok || size < uint64(limit) {
		return "BODY_TOO_SMALL", limit
	}
	return "", 0
}
