package envoyconfig

// routeConfiguration judges routes, and where f is not nil also which bodies
// come along on them.
func (c *checker) routeConfiguration(n *node, f *httpFilter) {
	c.judged[n] = true
	c.apply("RouteConfiguration", n, true)
	c.requestHeaders(n)
	c.perFilter(n, f, true)
	if n.get("vhds") != nil {
		c.add(n.get("vhds").at, Warning, "ROUTES_ELSEWHERE", "virtual hosts come from elsewhere, and are not judged", "check what the running Envoy tells at /config_dump")
	}
	for _, host := range n.get("virtual_hosts").each() {
		c.apply("VirtualHost", host, true)
		c.requestHeaders(host)
		c.perFilter(host, f, true)
		for _, r := range host.get("routes").each() {
			c.route(r, f)
		}
	}
	if f != nil {
		c.bodies(n, f)
	}
}

// route judges one route by itself.
func (c *checker) route(r *node, f *httpFilter) {
	c.apply("Route", r, true)
	c.requestHeaders(r)
	if match := r.get("match"); match != nil {
		c.apply("RouteMatch", match, true)
	}
	action := r.get("route")
	c.perFilter(r, f, action != nil)
	if action == nil {
		return
	}
	c.apply("RouteAction", action, true)
	for _, w := range action.get("weighted_clusters.clusters").each() {
		c.requestHeaders(w)
		c.perFilter(w, f, true)
		if host := w.get("host_rewrite_literal"); host != nil {
			c.add(host.at, Error, "HOST_REWRITE", "host_rewrite_literal is "+host.shown()+": it changes the host in"+doorSigned, "remove it; Sallyport sets the store's host")
		}
	}
	if f != nil {
		for _, name := range clustersOf(action) {
			c.guarded[name] = true
		}
	}
}

// perFilter judges what is said of the filter beside it. leads tells that
// requests go on from here.
func (c *checker) perFilter(n *node, f *httpFilter, leads bool) {
	for _, entry := range n.get("typed_per_filter_config").all() {
		name, config := entry.value.message()
		if name == typeFilter {
			c.apply("FilterConfig", config, true)
			ours := f != nil && entry.key == f.name || entry.key == "envoy.filters.http.ext_authz"
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
		c.judged[config] = true
		if f != nil && entry.key != f.name {
			c.add(entry.at, Warning, "NO_SUCH_FILTER", "there is no filter named "+shorten(entry.key)+": what is said here has no effect", "write the name of the filter, "+shorten(f.name))
		}
		c.apply("ExtAuthzPerRoute", config, true)
		if d := config.get("disabled"); leads && !d.off() {
			c.add(d.at, Error, "DISABLED", "the filter is disabled here: requests pass undecided", removeIt)
		}
		settings := config.get("check_settings")
		if settings == nil {
			continue
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
}

// all are the fields of an object.
func (n *node) all() []field {
	if n == nil {
		return nil
	}
	return n.fields
}

// settings is what the most specific of some places says of the filter; nil if
// none says anything.
func settings(f *httpFilter, places ...*node) *node {
	for _, place := range places {
		name, config := place.get("typed_per_filter_config").entry(f.name).message()
		if name == typeFilter {
			name, config = config.get("config").message()
		}
		if name == typePerRoute {
			return config
		}
	}
	return nil
}

// body is what comes along on a route: nil if nothing does.
func bodyOn(f *httpFilter, places ...*node) *node {
	s := settings(f, places...).get("check_settings")
	if own := s.get("with_request_body"); own != nil {
		return own
	}
	if !s.get("disable_request_body_buffering").off() {
		return nil
	}
	return f.config.get("with_request_body")
}
