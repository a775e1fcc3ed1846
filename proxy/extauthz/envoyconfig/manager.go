package envoyconfig

import "slices"

// httpFilter is one of the filters of a connection manager.
type httpFilter struct {
	name    string
	at      position
	kind    string // the type of its configuration
	config  *node
	isAuthz bool
	// off tells that it is disabled unless a route enables it.
	off bool
}

// manager judges an HTTP connection manager and tells whether it has the
// filter, or is only a part that need not have it.
func (c *checker) manager(m *node) bool {
	filters := c.httpFilters(m)
	first := slices.IndexFunc(filters, func(f httpFilter) bool { return f.isAuthz })
	if first < 0 {
		if c.partial {
			c.apply("HttpConnectionManager", m, false)
		}
		return c.partial
	}
	c.apply("HttpConnectionManager", m, !c.merged[m])
	for i, f := range filters {
		switch {
		case f.isAuthz:
		case f.kind == typeRouter:
			c.upstreamFilters(f.config.get("upstream_http_filters"))
		case i < first:
			c.neighbour(f, before)
			if c.overHTTP {
				c.describes(f)
			}
		default:
			c.neighbour(f, after)
		}
	}
	filters = slices.DeleteFunc(filters, func(f httpFilter) bool { return !f.isAuthz })
	switch routes := c.configurationOf(m); {
	case routes != nil:
		c.routeConfiguration(routes, filters)
	case !c.partial:
		c.add(m.at, Warning, "ROUTES_ELSEWHERE", "the routes come from elsewhere, and are not judged", "check what the running Envoy tells at /config_dump")
	}
	return true
}

// httpFilters are the filters in their order.
func (c *checker) httpFilters(m *node) []httpFilter {
	var out []httpFilter
	for _, n := range m.get("http_filters").each() {
		f := httpFilter{name: n.get("name").string(), at: n.at}
		f.kind, f.config = n.get("typed_config").message()
		wrapped := false
		if f.kind == "envoy.extensions.common.matching.v3.ExtensionWithMatcher" {
			f.kind, f.config = f.config.get("extension_config.typed_config").message()
			wrapped = true
		}
		f.isAuthz = f.kind == typeExtAuthz
		if f.kind == "" && f.name == "envoy.filters.http.ext_authz" {
			c.add(n.at, Error, "UNTYPED", "the filter ext_authz has no typed_config that can be read here", "write its configuration here, as `sallyport envoy config` prints it")
		}
		if f.isAuthz {
			c.unknownFields("HttpFilter", n)
			f.off = !n.get("disabled").off()
			if !n.get("is_optional").off() {
				c.add(n.get("is_optional").at, Error, "OPTIONAL", "an Envoy that does not have the filter starts without it, and requests pass undecided", "remove is_optional")
			}
			if wrapped {
				c.add(n.at, Warning, "MATCHED_FILTER", "whether the filter is asked depends on a matcher, which is not read here", "configure the filter without one")
			}
		}
		out = append(out, f)
	}
	return out
}
