package envoyconfig

import "slices"

// routeConfiguration judges routes, and where it is known which filters there
// are, which of them are asked there, and which bodies come along.
func (c *checker) routeConfiguration(n *node, filters []httpFilter) {
	c.judged[n] = true
	c.apply("RouteConfiguration", n, true)
	c.requestHeaders(n)
	c.perFilter(n, filters, true)
	if n.get("vhds") != nil {
		c.add(n.get("vhds").at, Warning, "ROUTES_ELSEWHERE", "virtual hosts come from elsewhere, and are not judged", "check what the running Envoy tells at /config_dump")
	}
	for _, host := range n.get("virtual_hosts").each() {
		c.apply("VirtualHost", host, true)
		c.requestHeaders(host)
		c.perFilter(host, filters, true)
		for _, r := range routesOf(host) {
			c.route(r, filters, host, n)
		}
	}
	if len(filters) > 0 {
		c.bodies(n, filters)
	}
}

// route judges one route, which is in the virtual host and configuration around
// it.
func (c *checker) route(r *node, filters []httpFilter, around ...*node) {
	c.apply("Route", r, true)
	c.requestHeaders(r)
	if match := r.get("match"); match != nil {
		c.apply("RouteMatch", match, true)
	}
	action := r.get("route")
	c.perFilter(r, filters, action != nil)
	if action == nil {
		return
	}
	c.apply("RouteAction", action, true)
	for _, w := range action.get("weighted_clusters.clusters").each() {
		c.requestHeaders(w)
		c.perFilter(w, filters, true)
		if host := w.get("host_rewrite_literal"); host != nil {
			c.add(host.at, Error, "HOST_REWRITE", "host_rewrite_literal is "+host.shown()+": it changes the host in"+doorSigned, "remove it; Sallyport sets the store's host")
		}
	}
	places := append([]*node{r}, around...)
	if len(guards(filters, places...)) > 0 {
		for _, name := range clustersOf(action) {
			c.guarded[name] = true
		}
		return
	}
	if len(filters) > 0 && !slices.ContainsFunc(filters, func(f httpFilter) bool { return said(&f, places...) != nil }) {
		c.add(r.at, Error, "DISABLED", "the filter is disabled unless a route enables it, and this one does not: requests pass undecided", "enable it for the whole listener")
	}
}

// perFilter judges what is said of the filter beside it. leads tells that
// requests go on from here.
func (c *checker) perFilter(n *node, filters []httpFilter, leads bool) {
	for _, entry := range n.get("typed_per_filter_config").all() {
		name, config := entry.value.message()
		if name == typeFilter {
			c.apply("FilterConfig", config, true)
			ours := named(filters, entry.key) || entry.key == "envoy.filters.http.ext_authz"
			if ours && leads && !config.get("disabled").off() {
				c.add(entry.at, Error, "DISABLED", "the filter is disabled here: requests pass undecided", removeIt)
			}
			if name, config = config.get("config").message(); name != typePerRoute {
				continue
			}
		}
		if name != typePerRoute || c.judged[config] {
			continue
		}
		if len(filters) > 0 && !named(filters, entry.key) {
			c.add(entry.at, Warning, "NO_SUCH_FILTER", "there is no filter named "+shorten(entry.key)+": what is said here has no effect", "write the name of the filter, "+shorten(filters[0].name))
		}
		if d := config.get("disabled"); leads && !d.off() {
			c.add(d.at, Error, "DISABLED", "the filter is disabled here: requests pass undecided", removeIt)
		}
		c.perRoute(config)
	}
}

// perRoute judges what a place says of the filter by itself.
func (c *checker) perRoute(config *node) {
	c.judged[config] = true
	c.apply("ExtAuthzPerRoute", config, true)
	settings := config.get("check_settings")
	if settings == nil {
		return
	}
	c.apply("CheckSettings", settings, true)
	for _, e := range settings.get("context_extensions").all() {
		if e.key != "sallyport_route" {
			c.add(e.at, Error, "CONTEXT_EXTENSION", "the context extension "+shorten(e.key)+" is not one that Sallyport knows, and it denies the request", "remove it; sallyport_route names a route of the door")
		}
	}
	if b := settings.get("with_request_body"); b != nil {
		c.buffer(b)
	}
}

// all are the fields of an object.
func (n *node) all() []field {
	if n == nil {
		return nil
	}
	return n.fields
}

// named tells that one of the filters has a name.
func named(filters []httpFilter, name string) bool {
	return slices.ContainsFunc(filters, func(f httpFilter) bool { return f.name == name })
}

// said is what the most specific of some places says of a filter; nil if none
// says anything.
func said(f *httpFilter, places ...*node) *node {
	for _, place := range places {
		if config := place.get("typed_per_filter_config").entry(f.name); config != nil {
			return config
		}
	}
	return nil
}

// guards are the filters that are asked about the requests of a route.
func guards(filters []httpFilter, places ...*node) []*httpFilter {
	var out []*httpFilter
	for i := range filters {
		f := &filters[i]
		config := said(f, places...)
		if config == nil && !f.off || config != nil && config.get("disabled").off() && config.get("config.disabled").off() {
			out = append(out, f)
		}
	}
	return out
}

// bodyOn is what comes along on a route: nil if nothing does.
func bodyOn(f *httpFilter, places ...*node) *node {
	name, config := said(f, places...).message()
	if name == typeFilter {
		name, config = config.get("config").message()
	}
	if name == typePerRoute {
		s := config.get("check_settings")
		if own := s.get("with_request_body"); own != nil {
			return own
		}
		if !s.get("disable_request_body_buffering").off() {
			return nil
		}
	}
	return f.config.get("with_request_body")
}
