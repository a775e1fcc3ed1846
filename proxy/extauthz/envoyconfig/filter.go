package envoyconfig

import (
	"strconv"
	"strings"
	"time"
)

// filter judges an ext_authz filter by itself.
func (c *checker) filter(n *node) {
	c.apply("ExtAuthz", n, !c.merged[n])
	if b := n.get("with_request_body"); b != nil {
		c.buffer(b)
	}
	c.enabled(n)
	c.headers(n)
	if rules := n.get("decoder_header_mutation_rules"); rules != nil && !rules.get("allow_all_routing").on() {
		c.add(rules.at, Error, "MUTATION_RULES", "decoder_header_mutation_rules without allow_all_routing: Envoy then does not take the host and path"+doorSigned, "remove the rules, or add allow_all_routing: true")
	}
	c.service(n)
}

// enabled reports a filter that is not asked about every request.
func (c *checker) enabled(n *node) {
	if n.get("deny_at_disable.default_value").on() {
		return
	}
	const remedy = "remove it, or add deny_at_disable: {default_value: true, runtime_key: …}"
	if part := n.get("filter_enabled"); part != nil {
		numerator, ok := part.get("default_value.numerator").number()
		whole := map[string]uint64{"": 100, "HUNDRED": 100, "0": 100, "TEN_THOUSAND": 10_000, "1": 10_000, "MILLION": 1_000_000, "2": 1_000_000}[part.get("default_value.denominator").string()]
		switch {
		case !ok || whole == 0 || numerator < whole:
			c.add(part.at, Error, "FILTER_ENABLED", "filter_enabled is less than all: the other requests pass undecided", remedy)
		case part.get("runtime_key") != nil:
			c.add(part.at, Warning, "FILTER_ENABLED", "the runtime key of filter_enabled can let requests pass undecided", remedy)
		}
	}
	if part := n.get("filter_enabled_metadata"); part != nil {
		c.add(part.at, Error, "FILTER_ENABLED", "filter_enabled_metadata: requests whose metadata does not match pass undecided", remedy)
	}
}

// sampleHeaders are headers that clients sign.
var sampleHeaders = []string{
	"host", ":authority", ":path", ":method", "authorization", "content-length", "content-type", "content-md5", "content-encoding", "date", "range", "x-forwarded-proto",
	"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-meta-a", "x-amz-copy-source", "x-amz-decoded-content-length", "amz-sdk-request", "user-agent",
}

// headers reports headers that the door is not told of.
func (c *checker) headers(n *node) {
	const remedy = "remove it: which headers a client signs, nobody knows beforehand"
	if allowed := n.get("allowed_headers"); allowed != nil {
		if missing := c.missing(allowed, func(v verdict) bool { return v != yes }); missing != "" {
			c.add(allowed.at, Error, "ALLOWED_HEADERS", "allowed_headers keeps headers from Sallyport that clients sign, such as "+missing, remedy)
		} else {
			c.add(allowed.at, Note, "ALLOWED_HEADERS", "allowed_headers keeps headers from Sallyport that it does not name", remedy)
		}
	}
	if disallowed := n.get("disallowed_headers"); disallowed != nil {
		if missing := c.missing(disallowed, func(v verdict) bool { return v != no }); missing != "" {
			c.add(disallowed.at, Error, "DISALLOWED_HEADERS", "disallowed_headers keeps headers from Sallyport that clients sign, such as "+missing, remedy)
		} else {
			c.add(disallowed.at, Note, "DISALLOWED_HEADERS", "disallowed_headers keeps headers from Sallyport, which a client may sign", remedy)
		}
	}
}

// missing is a header that clients sign for which the matchers, any of which may
// match, say what is not wanted; empty if there is none.
func (c *checker) missing(matchers *node, unwanted func(verdict) bool) string {
	for _, name := range sampleHeaders {
		v := no
		for _, pattern := range matchers.get("patterns").each() {
			v = max(v, c.matcher.string(pattern, name))
		}
		if unwanted(v) {
			return name
		}
	}
	return ""
}

// service judges how the door is reached.
func (c *checker) service(n *node) {
	service := n.get("grpc_service")
	if service == nil {
		if !c.merged[n] && n.get("http_service") == nil {
			c.add(n.at, Error, "NO_SERVICE", "the filter asks nobody", "write grpc_service, as `sallyport envoy config` prints it")
		}
		return
	}
	c.checkTimeout(service)
	name := service.get("envoy_grpc.cluster_name")
	if name == nil {
		c.add(service.at, Warning, "GRPC_CLIENT", "only envoy_grpc is judged here", "write grpc_service: {envoy_grpc: {cluster_name: …}}")
		return
	}
	cluster := c.clusters[name.string()]
	switch {
	case cluster != nil:
		c.doorCluster(cluster)
	case c.partial || c.dynamic || len(c.clusters) == 0:
		c.add(name.at, Note, "CLUSTER_ELSEWHERE", "the cluster "+shorten(name.string())+" is not here, and not judged", "see that it speaks HTTP/2")
	default:
		c.add(name.at, Error, "NO_CLUSTER", "there is no cluster "+shorten(name.string()), "add it, as `sallyport envoy config` prints it")
	}
}

// checkTimeout judges how long a check may take.
func (c *checker) checkTimeout(service *node) {
	timeout := service.get("timeout")
	if timeout == nil {
		c.add(service.at, Note, "CHECK_TIMEOUT", "there is no timeout: Envoy's own is 0.2s", "write timeout: 0.25s, or more if the store of objects' tags is slow")
		return
	}
	switch d, ok := timeout.duration(); {
	case !ok:
		c.add(timeout.at, Error, "CHECK_TIMEOUT", "timeout is "+timeout.shown()+", which is no duration", "write timeout: 0.25s")
	case d == 0:
		c.add(timeout.at, Error, "CHECK_TIMEOUT", "timeout is 0, which is none: requests wait for a Sallyport that does not answer", "write timeout: 0.25s")
	case d < 50*time.Millisecond:
		c.add(timeout.at, Warning, "CHECK_TIMEOUT", "timeout is "+timeout.shown()+": a policy that asks for an object's tags makes Sallyport ask the store, which takes longer", "write timeout: 0.25s")
	case d > 10*time.Second:
		c.add(timeout.at, Warning, "CHECK_TIMEOUT", "timeout is "+timeout.shown()+": so long does each request wait if Sallyport hangs", "write timeout: 0.25s")
	}
}

// doorCluster judges the cluster of the door.
func (c *checker) doorCluster(n *node) {
	if c.judged[n] {
		return
	}
	c.judged[n] = true
	options := n.get("typed_extension_protocol_options").entry(typeHTTP)
	auto := options.get("auto_config") != nil
	if n.get("http2_protocol_options") == nil && options.get("explicit_http_config.http2_protocol_options") == nil && !auto {
		c.add(n.at, Error, "NO_HTTP2", "the cluster "+shorten(n.get("name").string())+" does not speak HTTP/2, which gRPC is", "add http2_protocol_options, as `sallyport envoy config` prints it")
	}
	if n.get("transport_socket") != nil {
		return
	}
	for _, e := range n.get("load_assignment.endpoints").each() {
		for _, l := range e.get("lb_endpoints").each() {
			if host := l.get("endpoint.address.socket_address.address"); host != nil && !isLoopback(host.string()) {
				c.add(host.at, Warning, "CLEAR_TEXT", "Sallyport is asked in clear text at "+shorten(host.string())+", where others can read credentials or answer in its place", "give the door tls with client_ca, or a Unix socket")
			}
		}
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// buffer judges how a body is sent along.
func (c *checker) buffer(n *node) {
	if c.judged[n] {
		return
	}
	c.judged[n] = true
	c.apply("BufferSettings", n, true)
	size, ok := n.get("max_request_bytes").number()
	if ok && c.expect.MaxBody > 0 && size > uint64(c.expect.MaxBody) {
		c.add(n.at, Warning, "BODY_OVER_DOOR", "max_request_bytes is greater than the door's max_body: what is between them is held, and denied", "write max_request_bytes: "+strconv.FormatInt(c.expect.MaxBody, 10))
	}
}
