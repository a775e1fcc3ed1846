package envoyconfig

import (
	"slices"
	"strings"
	"time"
)

// rule is about one field of a message.
type rule struct {
	code     string
	severity Severity
	// message is the message's name without its package, path its field.
	message, path string
	// bad judges the field, which is nil if it is absent.
	bad func(*node) bool
	// says is what follows the field and its value; remedy is what to do.
	says, remedy string
}

// The judgements of fields.
var (
	set      = func(n *node) bool { return n != nil }
	notOff   = func(n *node) bool { return !n.off() }
	notOn    = func(n *node) bool { return !n.on() }
	notEmpty = func(n *node) bool { return n != nil && (n.kind != list || len(n.items) > 0) }
)

// not are the values that a field may not be other than; absent is one of them.
func not(values ...string) func(*node) bool {
	return func(n *node) bool { return n != nil && !slices.Contains(values, n.unwrapped().string()) }
}

// lasting is a duration that is not 0 and shorter than least.
func lasting(least time.Duration) func(*node) bool {
	return func(n *node) bool {
		d, ok := n.duration()
		return n != nil && (!ok || d > 0 && d < least)
	}
}

const forever = time.Duration(1<<63 - 1)

// Parts of sentences that several rules share.
const (
	clientSigned = ", and the client signed it as it was"
	doorSigned   = " what Sallyport signed for the store"
	removeIt     = "remove it"
)

// rules are those about one field each, by message and in the order of Envoy's
// documentation.
var rules = []rule{
	{"NORMALIZE_PATH", Error, "HttpConnectionManager", "normalize_path", notOff, "Envoy changes .. and escapes in paths before the filter sees them" + clientSigned, "write normalize_path: false"},
	{"MERGE_SLASHES", Error, "HttpConnectionManager", "merge_slashes", notOff, "Envoy changes // in paths, which is another key" + clientSigned, "write merge_slashes: false"},
	{"ESCAPED_SLASHES", Error, "HttpConnectionManager", "path_with_escaped_slashes_action", not("KEEP_UNCHANGED", "IMPLEMENTATION_SPECIFIC_DEFAULT", "0", "1"), "%2F in a path is part of a key" + clientSigned, "write path_with_escaped_slashes_action: KEEP_UNCHANGED"},
	{"PATH_NORMALIZATION", Error, "HttpConnectionManager", "path_normalization_options", set, "it changes paths" + clientSigned, removeIt},
	{"HEADER_VALIDATION", Warning, "HttpConnectionManager", "typed_header_validation_config", set, "a validator may normalise paths, and is not read here", "remove it, or see that it changes no path"},
	{"STRIP_HOST", Warning, "HttpConnectionManager", "strip_matching_host_port", notOff, "Envoy changes the Host header, and Sallyport must guess what the client signed", "write strip_matching_host_port: false"},
	{"STRIP_HOST", Error, "HttpConnectionManager", "strip_any_host_port", notOff, "Envoy changes the Host header" + clientSigned, "remove it; ignore_port_in_host_matching: true in the route configuration lets hosts be found without"},
	{"STRIP_HOST", Error, "HttpConnectionManager", "strip_trailing_host_dot", notOff, "Envoy changes the Host header" + clientSigned, "write strip_trailing_host_dot: false"},
	{"UNDERSCORES", Error, "HttpConnectionManager", "common_http_protocol_options.headers_with_underscores_action", not("ALLOW", "0"), "names of metadata may have underscores, and a header that is dropped may have been signed", "write headers_with_underscores_action: ALLOW"},
	{"STREAM_DURATION", Warning, "HttpConnectionManager", "common_http_protocol_options.max_stream_duration", lasting(forever), "an object that takes longer is cut off", "remove it; stream_idle_timeout ends what does not move"},
	{"REQUEST_TIMEOUT", Warning, "HttpConnectionManager", "request_timeout", lasting(forever), "an upload that takes longer is cut off", "remove it; request_headers_timeout and stream_idle_timeout end what does not move"},
	{"IDLE_TIMEOUT", Warning, "HttpConnectionManager", "stream_idle_timeout", lasting(30 * time.Second), "a store that completes or copies a large object may be silent for longer", "write 30s or more; 300s is Envoy's own"},
	{"REMOTE_ADDRESS", Warning, "HttpConnectionManager", "use_remote_address", notOn, "aws:SourceIp is then what the request says of itself in X-Forwarded-For", "write use_remote_address: true, unless a proxy of yours before Envoy writes X-Forwarded-For and nobody else reaches Envoy"},
	{"TRUSTED_HOPS", Note, "HttpConnectionManager", "xff_num_trusted_hops", not("0"), "aws:SourceIp is what the proxies before Envoy wrote", "see that it is their number, and that nobody reaches Envoy without them"},
	{"ORIGINAL_IP", Note, "HttpConnectionManager", "original_ip_detection_extensions", notEmpty, "aws:SourceIp is what they find", "see that no client can choose it"},
	{"EARLY_HEADERS", Error, "HttpConnectionManager", "early_header_mutation_extensions", notEmpty, "they change headers before the filter sees them, which the client may have signed", removeIt},
	{"UPGRADES", Warning, "HttpConnectionManager", "upgrade_configs", notEmpty, "what passes after an upgrade is decided by nobody, and no store needs one", removeIt},
	{"LOCAL_REPLIES", Warning, "HttpConnectionManager", "local_reply_config", set, "denials are local replies, and clients need their status and body as they are", "remove it, or see that its mappers leave out what ext_authz answers"},

	{"API_VERSION", Error, "ExtAuthz", "transport_api_version", func(n *node) bool { return n.string() != "V3" && n.string() != "2" }, "the door speaks version 3 alone", "write transport_api_version: V3"},
	{"FAILURE_MODE", Error, "ExtAuthz", "failure_mode_allow", notOff, "if Sallyport cannot be reached, every request passes undecided", "write failure_mode_allow: false"},
	{"RAW_HEADERS", Error, "ExtAuthz", "encode_raw_headers", notOn, "Envoy then joins repeated headers and replaces bytes outside UTF-8, so that what was signed cannot be known", "write encode_raw_headers: true"},
	{"CLEAR_ROUTE_CACHE", Error, "ExtAuthz", "clear_route_cache", notOff, "the route is then chosen anew by the store's host and path", "write clear_route_cache: false"},
	{"CLEAR_ROUTE_CACHE", Error, "ExtAuthz", "clear_route_cache_headers", notEmpty, "the route is then chosen anew by what Sallyport set", removeIt},
	{"STATUS_ON_ERROR", Warning, "ExtAuthz", "status_on_error", badStatus, "clients take Envoy's 403 for a decision, and do not try again", "write status_on_error: {code: 503}"},
	{"VALIDATE_MUTATIONS", Warning, "ExtAuthz", "validate_mutations", notOn, "Envoy does not look at what it is told to set", "write validate_mutations: true"},
	{"SHADOW_MODE", Error, "ExtAuthz", "shadow_mode", notOff, "decisions are noted and not enforced", "write shadow_mode: false; mode: observe of a route of Sallyport's tries policies"},
	{"HTTP_SERVICE", Warning, "ExtAuthz", "http_service", set, "over HTTP Envoy joins and replaces parts of headers, and cannot be told the host to forward to", "write grpc_service, or see that the routes have host_rewrite_literal with the store's host, as docs/forward-auth.md says"},
	{"DENIED_BODY", Warning, "ExtAuthz", "max_denied_response_body_bytes", func(n *node) bool { v, ok := n.number(); return n != nil && (!ok || v >= 1024) }, "what Sallyport answers in the store's place, such as policies of buckets, is cut off there", removeIt},
	{"DENIED_BODY", Error, "ExtAuthz", "max_denied_response_body_bytes", func(n *node) bool { v, ok := n.number(); return ok && v > 0 && v < 1024 }, "denials are cut off, which clients then cannot read", removeIt},
	{"MUTATION_RULES", Error, "ExtAuthz", "decoder_header_mutation_rules.disallow_all", notOff, "Envoy then does not take" + doorSigned, removeIt},
	{"MUTATION_RULES", Error, "ExtAuthz", "decoder_header_mutation_rules.disallow_expression", set, "Envoy then may not take" + doorSigned, removeIt},

	{"SERVICE_OVERRIDE", Warning, "CheckSettings", "grpc_service", set, "these requests are decided by another service, which is not judged here", "remove it, or see that it is Sallyport"},
	{"SERVICE_OVERRIDE", Warning, "CheckSettings", "http_service", set, "these requests are decided by another service, which is not judged here", "remove it, or see that it is Sallyport"},
	{"PARTIAL_BODY", Error, "BufferSettings", "allow_partial_message", notOff, "half of a body decides nothing, and is denied", "write allow_partial_message: false"},
	{"BODY_AS_TEXT", Error, "BufferSettings", "pack_as_bytes", notOn, "Envoy replaces bytes outside UTF-8, and the body's hash does not match", "write pack_as_bytes: true"},

	{"REQUEST_HEADERS", Error, "RouteConfiguration", "internal_only_headers", notEmpty, "Envoy removes these headers of clients, who may have signed them", removeIt},
	{"HOST_REWRITE", Error, "RouteAction", "host_rewrite_literal", set, "it changes the host in" + doorSigned, "remove it; Sallyport sets the store's host"},
	{"HOST_REWRITE", Error, "RouteAction", "auto_host_rewrite", notOff, "it changes the host in" + doorSigned, "remove it; Sallyport sets the store's host"},
	{"HOST_REWRITE", Error, "RouteAction", "host_rewrite_header", set, "it changes the host in" + doorSigned, "remove it; Sallyport sets the store's host"},
	{"HOST_REWRITE", Error, "RouteAction", "host_rewrite_path_regex", set, "it changes the host in" + doorSigned, "remove it; Sallyport sets the store's host"},
	{"HOST_REWRITE", Error, "RouteAction", "host_rewrite", set, "it changes the host in" + doorSigned, "remove it; Sallyport sets the store's host"},
	{"FORWARDED_HOST", Warning, "RouteAction", "append_x_forwarded_host", notOff, "it is for routes that change the host, and none may", removeIt},
	{"PATH_REWRITE", Error, "RouteAction", "prefix_rewrite", set, "it changes the path in" + doorSigned, removeIt},
	{"PATH_REWRITE", Error, "RouteAction", "regex_rewrite", set, "it changes the path in" + doorSigned, removeIt},
	{"PATH_REWRITE", Error, "RouteAction", "path_rewrite_policy", set, "it changes the path in" + doorSigned, removeIt},
	{"PATH_REWRITE", Error, "RouteAction", "path_rewrite", set, "it changes the path in" + doorSigned, removeIt},
	{"CLUSTER_HEADER", Error, "RouteAction", "cluster_header", set, "a client that writes the header chooses where the request, signed for the store, goes", "name the cluster"},
	{"CLUSTER_PLUGIN", Warning, "RouteAction", "cluster_specifier_plugin", set, "where the request, signed for the store, goes is not read here", "name the cluster"},
	{"CLUSTER_PLUGIN", Warning, "RouteAction", "inline_cluster_specifier_plugin", set, "where the request, signed for the store, goes is not read here", "name the cluster"},
	{"ROUTE_TIMEOUT", Warning, "RouteAction", "timeout", func(n *node) bool { d, ok := n.duration(); return !ok || d != 0 }, "an object that takes longer is cut off; Envoy's own timeout is 15s", "write timeout: 0s; stream_idle_timeout ends what does not move"},
	{"STREAM_DURATION", Warning, "RouteAction", "max_stream_duration.max_stream_duration", lasting(forever), "an object that takes longer is cut off", removeIt},
	{"INTERNAL_REDIRECT", Warning, "RouteAction", "internal_redirect_policy", set, "Envoy follows redirects of the store with a signature for another place", removeIt},
	{"INTERNAL_REDIRECT", Warning, "RouteAction", "internal_redirect_action", set, "Envoy follows redirects of the store with a signature for another place", removeIt},
	{"MIRROR", Warning, "RouteAction", "request_mirror_policies", notEmpty, "requests signed for the store, and what they carry, go to another place, too", removeIt},
	{"UPGRADES", Warning, "RouteAction", "upgrade_configs", notEmpty, "what passes after an upgrade is decided by nobody, and no store needs one", removeIt},
	{"ROUTE_MATCHER", Warning, "VirtualHost", "matcher", set, "which route a request takes is not read here", "write routes, or see that they are as `sallyport envoy config` has them"},
}

// badStatus is a status that clients do not try again.
func badStatus(n *node) bool {
	code := n.get("code")
	v, ok := code.number()
	return code.string() != "ServiceUnavailable" && (!ok || v < 500 || v > 599)
}

// apply applies the rules to a message and reports fields that it does not have.
// If it is not whole, what is absent may be elsewhere.
func (c *checker) apply(message string, n *node, whole bool) {
	if n.kind != object {
		c.add(n.at, Error, "WRONG_TYPE", "a "+message+" is "+n.shown(), "write an object; Envoy would not start with this")
		return
	}
	for i := range rules {
		r := &rules[i]
		if r.message != message {
			continue
		}
		if c.overHTTP && (r.code == "RAW_HEADERS" || r.code == "HOST_REWRITE") {
			continue // it has no raw headers, and cannot set the host
		}
		value := n.get(r.path)
		if value == nil && !whole || !r.bad(value) {
			continue
		}
		at := n.at
		if value != nil {
			at = value.at
		}
		c.add(at, r.severity, r.code, r.path+" is "+value.shown()+": "+r.says, r.remedy)
	}
	c.unknownFields(message, n)
}

// unknownFields reports what Envoy would refuse, or what is newer than this.
func (c *checker) unknownFields(message string, n *node) {
	known := knownFields()[message]
	seen := map[string]bool{}
	for _, f := range n.fields {
		name := snake(f.key)
		switch {
		case f.key == "@type":
		case !slices.Contains(known, name):
			c.add(f.at, Error, "UNKNOWN_FIELD", message+" has no field "+shorten(f.key)+" in the version of Envoy that is known here", "correct or remove it; what a newer Envoy has is not judged")
		case seen[name]:
			c.add(f.at, Error, "DUPLICATE_FIELD", "the field "+name+" is there twice, and Envoy takes the last", "keep one of them")
		}
		seen[name] = true
	}
}

// signedNames begin the names of headers that are signed, or tell who asks.
var signedNames = []string{"authorization", "host", ":", "x-amz-", "content-", "date", "range", "if-", "x-sallyport-", "expect", "transfer-encoding"}

// signed tells that a header may be part of a signature, or says who asks.
func signed(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(signedNames, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// requestHeaders judges what routes add to requests and remove from them.
func (c *checker) requestHeaders(n *node) {
	judge := func(at position, name, what string) {
		if signed(name) {
			c.add(at, Error, "REQUEST_HEADERS", "the header "+shorten(name)+" is "+what+" after Sallyport decided and signed", removeIt)
			return
		}
		c.add(at, Note, "REQUEST_HEADERS", "the header "+shorten(name)+" is "+what+" after Sallyport decided", "see that the store does without")
	}
	for _, item := range n.get("request_headers_to_add").each() {
		judge(item.at, item.get("header.key").string(), "added")
	}
	for _, item := range n.get("request_headers_to_remove").each() {
		judge(item.at, item.string(), "removed")
	}
}
