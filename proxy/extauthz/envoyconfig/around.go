package envoyconfig

import (
	"slices"
	"strings"
)

// around reports ways to what the filter guards that pass by it.
func (c *checker) around(unguarded []*node) {
	if len(c.guarded) == 0 && len(c.filters) == 0 {
		for _, m := range unguarded {
			c.add(m.at, Error, "NO_EXT_AUTHZ", "requests of this listener are not decided: it has no ext_authz filter", "add the one that `sallyport envoy config` prints, as the first of http_filters")
		}
		return
	}
	guarded := c.guardedAddresses()
	for _, m := range unguarded {
		var names []string
		for _, host := range c.configurationOf(m).get("virtual_hosts").each() {
			for _, r := range routesOf(host) {
				names = append(names, clustersOf(r.get("route"))...)
			}
		}
		if name := c.guardedAmong(names, guarded); name != "" {
			c.add(m.at, Error, "WAY_AROUND", "this listener leads to the cluster "+shorten(name)+" without the filter that others ask", "add the ext_authz filter, or take away the routes")
			continue
		}
		c.add(m.at, Note, "NO_EXT_AUTHZ", "this listener has no ext_authz filter; nothing that is known to be guarded stands behind it", "see that no store does")
	}
	for _, p := range c.proxies {
		names := []string{p.get("cluster").string()}
		for _, w := range p.get("weighted_clusters.clusters").each() {
			names = append(names, w.get("name").string())
		}
		if name := c.guardedAmong(names, guarded); name != "" {
			c.add(p.at, Error, "WAY_AROUND", "this TCP proxy leads to the cluster "+shorten(name)+" without the filter that others ask", removeIt)
		}
	}
}

// guardedAddresses are those of the clusters that are guarded.
func (c *checker) guardedAddresses() map[string]bool {
	guarded := map[string]bool{}
	for name := range c.guarded {
		for _, address := range addresses(c.clusters[name]) {
			guarded[address] = true
		}
	}
	return guarded
}

// guardedAmong is the first of some clusters that is guarded elsewhere, by its own
// name or under another; empty if none is.
func (c *checker) guardedAmong(names []string, guarded map[string]bool) string {
	i := slices.IndexFunc(names, func(name string) bool {
		return c.guarded[name] || slices.ContainsFunc(addresses(c.clusters[name]), func(a string) bool { return guarded[a] })
	})
	if i < 0 {
		return ""
	}
	return names[i]
}

// addresses are those of a cluster's endpoints.
func addresses(cluster *node) []string {
	var out []string
	for _, e := range cluster.get("load_assignment.endpoints").each() {
		for _, l := range e.get("lb_endpoints").each() {
			address := l.get("endpoint.address")
			if pipe := address.get("pipe.path").string(); pipe != "" {
				out = append(out, pipe)
			}
			if host := address.get("socket_address.address").string(); host != "" {
				out = append(out, strings.ToLower(host)+" "+address.get("socket_address.port_value").string())
			}
		}
	}
	return out
}

// configurationOf is the route configuration of a connection manager; nil if it is
// elsewhere.
func (c *checker) configurationOf(manager *node) *node {
	if inline := manager.get("route_config"); inline != nil {
		return inline
	}
	return c.routes[manager.get("rds.route_config_name").string()]
}

// routesOf are the routes of a virtual host, those included among which a matcher
// chooses.
func routesOf(host *node) []*node {
	out := slices.Clone(host.get("routes").each())
	var find func(*node)
	find = func(n *node) {
		switch name, message := n.message(); name {
		case typeRoute:
			out = append(out, message)
			return
		case typeList:
			out = append(out, message.get("routes").each()...)
			return
		}
		for _, f := range n.all() {
			find(f.value)
		}
		for _, item := range n.each() {
			find(item)
		}
	}
	find(host.get("matcher"))
	return out
}

// clustersOf are the clusters that a route leads to.
func clustersOf(action *node) []string {
	var names []string
	if name := action.get("cluster").string(); name != "" {
		names = append(names, name)
	}
	for _, w := range action.get("weighted_clusters.clusters").each() {
		names = append(names, w.get("name").string())
	}
	return names
}
