package envoyconfig

import "strings"

// side is where a filter stands in relation to ext_authz.
type side bool

const (
	before side = true
	after  side = false
)

// manner is what a filter does to requests.
type manner uint8

const (
	unknown manner = iota
	harmless
	changes
	buffers
	decompresses
	compresses
	caches
	answersPreflights
	authenticates
)

// manners are those of Envoy's filters, by the part of their type that tells
// them apart. What is not here is unknown.
var manners = map[string]manner{
	"rbac": harmless, "ratelimit": harmless, "local_ratelimit": harmless, "rate_limit_quota": harmless,
	"bandwidth_limit": harmless, "bandwidth_share": harmless, "admission_control": harmless, "adaptive_concurrency": harmless,
	"fault": harmless, "health_check": harmless, "ip_tagging": harmless, "set_metadata": harmless, "set_filter_state": harmless,
	"original_src": harmless, "tap": harmless, "grpc_stats": harmless, "router": harmless, "cdn_loop": harmless, "csrf": harmless,
	"geoip": harmless, "on_demand": harmless, "upstream_codec": harmless, "alternate_protocols_cache": harmless,
	"kill_request": harmless, "grpc_web": harmless,

	"lua": changes, "wasm": changes, "ext_proc": changes, "golang": changes, "dynamic_modules": changes, "header_mutation": changes,
	"transform": changes, "composite": changes, "filter_chain": changes, "aws_lambda": changes, "aws_request_signing": changes,
	"credential_injector": changes, "gcp_authn": changes, "header_to_metadata": changes, "stateful_session": changes,
	"dynamic_forward_proxy": changes, "custom_response": changes, "connect_grpc_bridge": changes, "grpc_http1_bridge": changes,
	"grpc_http1_reverse_bridge": changes, "grpc_json_transcoder": changes, "grpc_json_reverse_transcoder": changes,

	"buffer": buffers, "file_system_buffer": buffers, "body_size_limit": buffers,
	"decompressor": decompresses, "compressor": compresses, "gzip": compresses,
	"cache": caches, "cache_v2": caches, "file_server": caches,
	"cors":      answersPreflights,
	"jwt_authn": authenticates, "basic_auth": authenticates, "oauth2": authenticates, "api_key_auth": authenticates, "ext_authz": harmless,
}

// upstreamFilters judges filters that stand behind the router.
func (c *checker) upstreamFilters(list *node) {
	for _, n := range list.each() {
		f := httpFilter{name: n.get("name").string(), at: n.at}
		f.kind, f.config = n.get("typed_config").message()
		c.neighbour(f, after)
	}
}

// describes judges the filter that tells Sallyport over HTTP of the client's
// request: what it adds only where it is absent, a client chooses.
func (c *checker) describes(f httpFilter) {
	for _, m := range f.config.get("mutations.request_mutations").each() {
		name := m.get("append.header.key")
		if action := m.get("append.append_action").string(); strings.HasPrefix(strings.ToLower(name.string()), "x-original-") && (action == "ADD_IF_ABSENT" || action == "1") {
			c.add(name.at, Error, "FORGEABLE", "the header "+shorten(name.string())+" stays as a client wrote it, and Sallyport decides by it", "write append_action: OVERWRITE_IF_EXISTS_OR_ADD")
		}
	}
}

// neighbour judges another filter by where it stands.
func (c *checker) neighbour(f httpFilter, s side) {
	if f.kind == "" {
		c.add(f.at, Warning, "UNKNOWN_FILTER", "what the filter "+shorten(f.name)+" does cannot be read here", "see that it changes neither requests nor what Sallyport answers")
		return
	}
	word := ""
	if parts := strings.Split(strings.TrimPrefix(f.kind, "envoy.extensions.filters.http."), "."); strings.HasPrefix(f.kind, "envoy.extensions.filters.http.") {
		word = parts[0]
	}
	named := "the filter " + shorten(f.name)
	switch m := manners[word]; {
	case m == harmless:
	case m == changes && s == before:
		c.add(f.at, Warning, "CHANGES_BEFORE", named+" may change what the client signed, before Sallyport sees it", "put ext_authz first, or see that it changes no header, path, host or body")
	case m == changes:
		c.add(f.at, Warning, "CHANGES_AFTER", named+" may change what Sallyport signed, and the headers that tell who asks", "remove it, or see that it changes no header, path, host or body")
	case m == buffers:
		c.add(f.at, Warning, "BUFFERS", named+" holds whole objects, or refuses large ones", "remove it; only the bodies that decide are held, by the filter itself")
	case m == decompresses:
		c.add(f.at, Error, "DECOMPRESSES", named+" changes bodies and Content-Encoding, which were signed", removeIt)
	case m == compresses:
		c.add(f.at, Warning, "COMPRESSES", named+" changes objects on their way to clients: their ETag, length and checksums", removeIt)
	case m == caches && s == before:
		c.add(f.at, Error, "CACHES", named+" answers before anybody decided", "put it behind ext_authz, or remove it")
	case m == caches:
		c.add(f.at, Warning, "CACHES", named+" answers for the store, and may mix up what differs by a header or by who asks", removeIt)
	case m == answersPreflights:
		c.add(f.at, Note, "CORS", named+" answers preflights in the place of Sallyport", "remove it if the door's routes have cors rules")
	case m == authenticates:
		c.add(f.at, Warning, "AUTHENTICATES", named+" reads credentials of its own, where clients of S3 put their signature", "remove it from the listener for the store")
	default:
		c.add(f.at, Warning, "UNKNOWN_FILTER", "the filter "+shorten(f.name)+" of type "+shorten(f.kind)+" is not known here", "see that it changes neither requests nor what Sallyport answers")
	}
}
