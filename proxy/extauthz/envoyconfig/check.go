package envoyconfig

import (
	"regexp"
	"slices"
	"strings"
)

// The types of messages that are looked for.
const (
	typeManager  = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	typeTCPProxy = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
	typeExtAuthz = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
	typePerRoute = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
	typeFilter   = "envoy.config.route.v3.FilterConfig"
	typeRoutes   = "envoy.config.route.v3.RouteConfiguration"
	typeRoute    = "envoy.config.route.v3.Route"
	typeList     = "envoy.config.route.v3.RouteList"
	typeRouter   = "envoy.extensions.filters.http.router.v3.Router"
	typeHost     = "envoy.config.route.v3.VirtualHost"
	typeCluster  = "envoy.config.cluster.v3.Cluster"
	typeHTTP     = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)

// Expectations are what the door behind the filter serves.
type Expectations struct {
	// Routes are those of the door; what they lead to does not matter.
	Routes []Route
	// MaxBody is the greatest body that the door takes, in bytes; 0 if it is not
	// known.
	MaxBody int64
}

// Check judges the configuration of an Envoy: a bootstrap, what /config_dump
// tells, resources, or parts of them such as Istio's EnvoyFilter, as YAML or
// JSON. It reports everything at once, in the order of the file.
func Check(file string, source []byte, e Expectations) []Finding {
	c := &checker{
		report: report{file: file}, expect: e, matcher: matcher{compiled: map[string]*regexp.Regexp{}},
		clusters: map[string]*node{}, routes: map[string]*node{}, guarded: map[string]bool{}, judged: map[*node]bool{}, merged: map[*node]bool{},
	}
	documents := read(&c.report, source)
	for _, document := range documents {
		c.partial = c.partial || document.get("kind") != nil && document.get("api_version") != nil
		c.collect(document, "", false, 0)
	}
	switch {
	case len(c.findings) > 0 && len(documents) == 0 || c.exhausted:
	case len(c.managers)+len(c.filters)+len(c.loose) == 0:
		c.add(position{1, 1}, Error, "NOTHING_FOUND", "there is no HTTP connection manager, no ext_authz filter and no route configuration here", "name a configuration of Envoy: a bootstrap, or what its /config_dump tells")
	default:
		c.judge()
	}
	return c.sorted()
}

// checker is one check.
type checker struct {
	report
	expect  Expectations
	matcher matcher
	// partial tells that the document has parts of a configuration, so that
	// what is absent may be elsewhere.
	partial   bool
	visits    int
	exhausted bool

	managers []*node
	filters  []*node // of type ExtAuthz
	proxies  []*node // of type TcpProxy
	loose    []*node // route configurations and virtual hosts
	clusters map[string]*node
	routes   map[string]*node
	// dynamic tells that clusters come from elsewhere, too.
	dynamic bool
	// guarded are the clusters that requests reach through the filter.
	guarded map[string]bool
	// overHTTP tells that every filter asks over HTTP.
	overHTTP bool
	// merged are messages that others are completed by.
	merged map[*node]bool
	// judged are messages that have been judged already.
	judged map[*node]bool
}

// collect finds the messages that count, wherever they stand. merged tells that
// they are merged into others, so that what is absent is there.
func (c *checker) collect(n *node, key string, merged bool, depth int) {
	if c.visits++; c.visits > maxVisits || depth > maxDepth {
		if !c.exhausted {
			c.add(n.at, Error, "TOO_LARGE", "there is more here than can be read, or aliases repeat themselves", "check the listeners, routes and clusters that are for the store")
		}
		c.exhausted = true
		return
	}
	merged = merged || c.partial && n.get("operation").string() == "MERGE" && n.get("value") != nil
	name, message := n.message()
	if merged && message != nil {
		c.merged[message] = true
	}
	switch name {
	case typePerRoute:
		if c.partial {
			c.perRoute(message)
		}
	case typeManager:
		c.managers = append(c.managers, message)
	case typeExtAuthz:
		c.filters = append(c.filters, message)
	case typeTCPProxy:
		c.proxies = append(c.proxies, message)
	case typeCluster:
		c.cluster(message)
	case typeRoutes:
		c.routes[message.get("name").string()] = message
		c.loose = append(c.loose, message)
	case typeHost:
		c.loose = append(c.loose, &node{at: message.at, kind: object, fields: []field{{"virtual_hosts", message.at, &node{at: message.at, kind: list, items: []*node{message}}}}})
	case "":
		if key == "typed_config" || key == "typedConfig" {
			c.add(n.at, Error, "UNTYPED", "a typed_config is "+n.shown()+" without @type, so that nobody can tell what it is", `write its "@type"`)
		}
	default:
		if key == "typed_config" && (strings.Contains(name, ".ext_authz.v2") || strings.Contains(name, "http_connection_manager.v2")) {
			c.add(n.at, Error, "API_VERSION", "the type "+shorten(name)+" is of version 2 of Envoy's API, which is not read here", "write that of version 3")
		}
	}
	for _, f := range n.fields {
		if c.exhausted {
			return
		}
		switch snake(f.key) {
		case "http_connection_manager.normalize_path", "http_connection_manager.path_with_escaped_slashes_action", "http_connection_manager.path_with_escaped_slashes_action_enabled":
			c.add(f.at, Error, "RUNTIME", "the runtime key "+shorten(f.key)+" changes what happens to paths", removeIt)
		case "cds_config":
			c.dynamic = true
		case "dynamic_active_clusters", "dynamic_warming_clusters", "static_clusters", "clusters":
			for _, item := range f.value.each() {
				c.cluster(item)
			}
		}
		c.collect(f.value, f.key, merged, depth+1)
	}
	for _, item := range n.items {
		if c.exhausted {
			return
		}
		c.collect(item, "", merged, depth+1)
	}
}

// cluster remembers a cluster by its name.
func (c *checker) cluster(n *node) {
	if name := n.get("name").string(); name != "" && n.kind == object {
		c.clusters[name] = n
	}
}

// judge applies everything to what was found.
func (c *checker) judge() {
	overHTTP := func(f *node) bool { return f.get("http_service") != nil && f.get("grpc_service") == nil }
	c.overHTTP = len(c.filters) > 0 && !slices.ContainsFunc(c.filters, func(f *node) bool { return !overHTTP(f) })
	var unguarded []*node
	for _, m := range c.managers {
		if !c.manager(m) {
			unguarded = append(unguarded, m)
		}
	}
	for _, f := range c.filters {
		c.filter(f)
	}
	for name := range c.guarded {
		c.upstreamFilters(c.clusters[name].get("typed_extension_protocol_options").entry(typeHTTP).get("http_filters"))
	}
	for _, routes := range c.loose {
		// With no manager that uses them, they are still somebody's.
		if !c.judged[routes] && len(c.managers) == 0 {
			c.routeConfiguration(routes, nil)
		}
	}
	if !c.partial {
		c.around(unguarded)
	}
}
