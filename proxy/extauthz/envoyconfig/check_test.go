package envoyconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// A filter that stands before or behind ext_authz.
func filter(name, kind string) string {
	return "- name: " + name + "\n                    typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http." + kind + "}\n                  "
}

const (
	authz     = "- name: envoy.filters.http.ext_authz"
	router    = "- name: envoy.filters.http.router"
	streams   = "- match: {prefix: /}\n                          route: {cluster: upstream_store, timeout: 0s}"
	perRoute  = "\n                          typed_per_filter_config: {envoy.filters.http.ext_authz: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, "
	another   = "    - name: other\n      address: {socket_address: {address: 127.0.0.1, port_value: 10001}}\n      filter_chains:\n        - filters:\n            - name: x\n              typed_config:\n"
	clusters  = "  clusters:\n"
	manager   = "                stat_prefix: s3\n"
	newFilter = "                      transport_api_version: V3\n"
	mutation  = "{name: m, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation}}"
	ofRouter  = `"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router` + "\n"
	ofRoute   = `"@type": type.googleapis.com/envoy.config.route.v3.Route`
	ofStore   = "    - name: upstream_store\n"
	sameStore = "    - {name: same, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 7070}}}}]}]}}\n"
	ofManager = `                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager` + "\n"
)

// rules are changes of a configuration in which there is nothing to find, each
// with what is found then.
var rules = []struct {
	code     string
	severity envoyconfig.Severity
	old, new string
}{
	{"NORMALIZE_PATH", envoyconfig.Error, "normalize_path: false", "normalize_path: true"},
	{"NORMALIZE_PATH", envoyconfig.Error, "normalize_path: false", `normalizePath: "true"`},
	{"NORMALIZE_PATH", envoyconfig.Error, "normalize_path: false", "normalize_path: On"},
	{"NORMALIZE_PATH", envoyconfig.Error, "normalize_path: false", "normalize_path: {value: true}"},
	{"NORMALIZE_PATH", envoyconfig.Error, "normalize_path: false", "normalize_path: maybe"},
	{"MERGE_SLASHES", envoyconfig.Error, "merge_slashes: false", "merge_slashes: true"},
	{"ESCAPED_SLASHES", envoyconfig.Error, "KEEP_UNCHANGED", "UNESCAPE_AND_FORWARD"},
	{"ESCAPED_SLASHES", envoyconfig.Error, "KEEP_UNCHANGED", "2"},
	{"PATH_NORMALIZATION", envoyconfig.Error, manager, manager + "                path_normalization_options: {}\n"},
	{"HEADER_VALIDATION", envoyconfig.Warning, manager, manager + "                typed_header_validation_config: {name: x}\n"},
	{"STRIP_HOST", envoyconfig.Warning, manager, manager + "                strip_matching_host_port: true\n"},
	{"STRIP_HOST", envoyconfig.Error, manager, manager + "                strip_any_host_port: true\n"},
	{"STRIP_HOST", envoyconfig.Error, manager, manager + "                strip_trailing_host_dot: true\n"},
	{"UNDERSCORES", envoyconfig.Error, manager, manager + "                common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}\n"},
	{"STREAM_DURATION", envoyconfig.Warning, manager, manager + "                common_http_protocol_options: {max_stream_duration: 60s}\n"},
	{"REQUEST_TIMEOUT", envoyconfig.Warning, manager, manager + "                request_timeout: 60s\n"},
	{"IDLE_TIMEOUT", envoyconfig.Warning, "stream_idle_timeout: 300s", "stream_idle_timeout: 5s"},
	{"REMOTE_ADDRESS", envoyconfig.Warning, "use_remote_address: true", "use_remote_address: false"},
	{"TRUSTED_HOPS", envoyconfig.Note, manager, manager + "                xff_num_trusted_hops: 1\n"},
	{"ORIGINAL_IP", envoyconfig.Note, manager, manager + "                original_ip_detection_extensions: [{name: x}]\n"},
	{"EARLY_HEADERS", envoyconfig.Error, manager, manager + "                early_header_mutation_extensions: [{name: x}]\n"},
	{"UPGRADES", envoyconfig.Warning, manager, manager + "                upgrade_configs: [{upgrade_type: websocket}]\n"},
	{"UPGRADES", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, upgrade_configs: [{upgrade_type: websocket}]", 1)},
	{"LOCAL_REPLIES", envoyconfig.Warning, manager, manager + "                local_reply_config: {body_format: {text_format: x}}\n"},
	{"UNKNOWN_FIELD", envoyconfig.Error, manager, manager + "                normalise_path: false\n"},
	{"UNKNOWN_FIELD", envoyconfig.Error, "- match:", "- mach:"},
	{"DUPLICATE_FIELD", envoyconfig.Error, "merge_slashes: false", "merge_slashes: false\n                mergeSlashes: false"},
	{"DUPLICATE_FIELD", envoyconfig.Error, "failure_mode_allow: false", "failure_mode_allow: false\n                      failure_mode_allow: false"},
	{"RUNTIME", envoyconfig.Error, clusters, clusters + "    []\nlayered_runtime: {layers: [{name: a, static_layer: {http_connection_manager.normalize_path: true}}]}\nx:\n"},

	{"API_VERSION", envoyconfig.Error, "transport_api_version: V3", "transport_api_version: V2"},
	{"API_VERSION", envoyconfig.Error, newFilter, ""},
	{"API_VERSION", envoyconfig.Error, router, filter("old", "ext_authz.v2.ExtAuthz") + router},
	{"FAILURE_MODE", envoyconfig.Error, "failure_mode_allow: false", "failure_mode_allow: true"},
	{"RAW_HEADERS", envoyconfig.Error, "encode_raw_headers: true", "encode_raw_headers: false"},
	{"CLEAR_ROUTE_CACHE", envoyconfig.Error, newFilter, newFilter + "                      clear_route_cache: true\n"},
	{"CLEAR_ROUTE_CACHE", envoyconfig.Error, newFilter, newFilter + "                      clear_route_cache_headers: [':path']\n"},
	{"STATUS_ON_ERROR", envoyconfig.Warning, "status_on_error: {code: 503}", "status_on_error: {code: 403}"},
	{"VALIDATE_MUTATIONS", envoyconfig.Warning, "validate_mutations: true", "validate_mutations: false"},
	{"SHADOW_MODE", envoyconfig.Error, newFilter, newFilter + "                      shadow_mode: true\n"},
	{"HTTP_SERVICE", envoyconfig.Warning, newFilter, newFilter + "                      http_service: {server_uri: {uri: x, cluster: y, timeout: 1s}}\n"},
	{"DENIED_BODY", envoyconfig.Error, newFilter, newFilter + "                      max_denied_response_body_bytes: 1023\n"},
	{"DENIED_BODY", envoyconfig.Warning, newFilter, newFilter + "                      max_denied_response_body_bytes: 1024\n"},
	{"MUTATION_RULES", envoyconfig.Error, newFilter, newFilter + "                      decoder_header_mutation_rules: {allow_all_routing: true, disallow_all: true}\n"},
	{"MUTATION_RULES", envoyconfig.Error, newFilter, newFilter + "                      decoder_header_mutation_rules: {allow_all_routing: true, disallow_expression: {regex: x}}\n"},
	{"MUTATION_RULES", envoyconfig.Error, newFilter, newFilter + "                      decoder_header_mutation_rules: {}\n"},
	{"FILTER_ENABLED", envoyconfig.Error, newFilter, newFilter + "                      filter_enabled: {default_value: {numerator: 99}}\n"},
	{"FILTER_ENABLED", envoyconfig.Error, newFilter, newFilter + "                      filter_enabled: {default_value: {numerator: 100, denominator: MILLION}}\n"},
	{"FILTER_ENABLED", envoyconfig.Warning, newFilter, newFilter + "                      filter_enabled: {default_value: {numerator: 100}, runtime_key: x}\n"},
	{"FILTER_ENABLED", envoyconfig.Error, newFilter, newFilter + "                      filter_enabled_metadata: {filter: x}\n"},
	{"ALLOWED_HEADERS", envoyconfig.Error, newFilter, newFilter + "                      allowed_headers: {patterns: [{exact: authorization}, {prefix: x-amz-}]}\n"},
	{"ALLOWED_HEADERS", envoyconfig.Note, newFilter, newFilter + "                      allowed_headers: {patterns: [{safe_regex: {regex: '.*'}}]}\n"},
	{"DISALLOWED_HEADERS", envoyconfig.Error, newFilter, newFilter + "                      disallowed_headers: {patterns: [{prefix: X-AMZ-M, ignore_case: true}]}\n"},
	{"DISALLOWED_HEADERS", envoyconfig.Note, newFilter, newFilter + "                      disallowed_headers: {patterns: [{exact: cookie}]}\n"},
	{"NO_SERVICE", envoyconfig.Error, "grpc_service:", "grpc_service: null\n                      filter_metadata:"},
	{"CHECK_TIMEOUT", envoyconfig.Note, "timeout: 0.25s", "initial_metadata: []"},
	{"CHECK_TIMEOUT", envoyconfig.Error, "timeout: 0.25s", "timeout: 0s"},
	{"CHECK_TIMEOUT", envoyconfig.Error, "timeout: 0.25s", "timeout: soon"},
	{"CHECK_TIMEOUT", envoyconfig.Warning, "timeout: 0.25s", "timeout: 0.01s"},
	{"CHECK_TIMEOUT", envoyconfig.Warning, "timeout: 0.25s", "timeout: 60s"},
	{"GRPC_CLIENT", envoyconfig.Warning, "envoy_grpc: {cluster_name: sallyport}", "google_grpc: {target_uri: x, stat_prefix: x}"},
	{"NO_CLUSTER", envoyconfig.Error, "{cluster_name: sallyport}", "{cluster_name: saliport}"},
	{"CLUSTER_ELSEWHERE", envoyconfig.Note, "    - name: sallyport\n", "    - name: other\n      cds_config: {ads: {}}\n"},
	{"NO_HTTP2", envoyconfig.Error, "{http2_protocol_options: {}}", "{http_protocol_options: {}}"},
	{"CLEAR_TEXT", envoyconfig.Warning, "address: 127.0.0.1, port_value: 9191", "address: sallyport.internal, port_value: 9191"},

	{"SERVICE_OVERRIDE", envoyconfig.Warning, streams, streams + perRoute + "check_settings: {grpc_service: {envoy_grpc: {cluster_name: x}}}}}"},
	{"SERVICE_OVERRIDE", envoyconfig.Warning, streams, streams + perRoute + "check_settings: {http_service: {}}}}"},
	{"CONTEXT_EXTENSION", envoyconfig.Error, streams, streams + perRoute + "check_settings: {context_extensions: {tenant: x}}}}"},
	{"PARTIAL_BODY", envoyconfig.Error, "allow_partial_message: false", "allow_partial_message: true"},
	{"BODY_AS_TEXT", envoyconfig.Error, "pack_as_bytes: true", "pack_as_bytes: false"},
	{"BODY_TOO_SMALL", envoyconfig.Error, "max_request_bytes: 2097152", "max_request_bytes: 65536"},
	{"BODY_MISSING", envoyconfig.Error, "acl|legal-hold|", "acl|"},
	{"BODY_MISSING", envoyconfig.Error, "{exact: POST}", "{exact: post}"},
	{"BODY_MISSING", envoyconfig.Error, "with_request_body: {", "context_extensions: {} #"},
	{"BODY_BUFFERED", envoyconfig.Error, newFilter, newFilter + "                      with_request_body: {max_request_bytes: 2097152, pack_as_bytes: true}\n"},
	{"BODY_BUFFERED", envoyconfig.Error, `[?](.*&)?(acl|legal-hold|retention|tagging)([=&].*)?`, ".*"},

	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, host_rewrite_literal: x", 1)},
	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, auto_host_rewrite: true", 1)},
	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, host_rewrite_header: x", 1)},
	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, host_rewrite_path_regex: {}", 1)},
	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, host_rewrite: x", 1)},
	{"HOST_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "cluster: upstream_store", "weighted_clusters: {clusters: [{name: upstream_store, weight: 1, host_rewrite_literal: x}]}", 1)},
	{"FORWARDED_HOST", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, append_x_forwarded_host: true", 1)},
	{"PATH_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, prefix_rewrite: /x", 1)},
	{"PATH_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, regex_rewrite: {}", 1)},
	{"PATH_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, path_rewrite_policy: {name: x}", 1)},
	{"PATH_REWRITE", envoyconfig.Error, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, path_rewrite: /x", 1)},
	{"CLUSTER_HEADER", envoyconfig.Error, streams, strings.Replace(streams, "cluster: upstream_store", "cluster_header: x", 1)},
	{"CLUSTER_PLUGIN", envoyconfig.Warning, streams, strings.Replace(streams, "cluster: upstream_store", "cluster_specifier_plugin: x", 1)},
	{"CLUSTER_PLUGIN", envoyconfig.Warning, streams, strings.Replace(streams, "cluster: upstream_store", "inline_cluster_specifier_plugin: {}", 1)},
	{"ROUTE_TIMEOUT", envoyconfig.Warning, streams, strings.Replace(streams, ", timeout: 0s", "", 1)},
	{"ROUTE_TIMEOUT", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 60s", 1)},
	{"STREAM_DURATION", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, max_stream_duration: {max_stream_duration: 9s}", 1)},
	{"INTERNAL_REDIRECT", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, internal_redirect_policy: {}", 1)},
	{"INTERNAL_REDIRECT", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, internal_redirect_action: HANDLE_INTERNAL_REDIRECT", 1)},
	{"MIRROR", envoyconfig.Warning, streams, strings.Replace(streams, "timeout: 0s", "timeout: 0s, request_mirror_policies: [{cluster: x}]", 1)},
	{"ROUTE_MATCHER", envoyconfig.Warning, "routes:", "matcher: {}\n                      routes:"},
	{"PATH_REWRITE", envoyconfig.Error, "routes:", "matcher: {on_no_match: {action: {typed_config: {" + ofRoute + ", route: {cluster: x, prefix_rewrite: /x}}}}}\n                      routes:"},
	{"DISABLED", envoyconfig.Error, "routes:", "matcher: {on_no_match: {action: {typed_config: {\"@type\": type.googleapis.com/envoy.config.route.v3.RouteList, routes: [{route: {cluster: x}, typed_per_filter_config: {envoy.filters.http.ext_authz: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, disabled: true}}}]}}}}\n                      routes:"},
	{"REQUEST_HEADERS", envoyconfig.Error, "routes:", "request_headers_to_add: [{header: {key: X-Amz-Acl, value: private}}]\n                      routes:"},
	{"REQUEST_HEADERS", envoyconfig.Error, streams, streams + "\n                          request_headers_to_remove: [content-md5]"},
	{"REQUEST_HEADERS", envoyconfig.Note, "virtual_hosts:", "request_headers_to_remove: [cookie]\n                  virtual_hosts:"},
	{"REQUEST_HEADERS", envoyconfig.Error, "virtual_hosts:", "internal_only_headers: [x-internal]\n                  virtual_hosts:"},
	{"WRONG_TYPE", envoyconfig.Error, "match: {prefix: /}", "match: /"},
	{"DISABLED", envoyconfig.Error, streams, streams + perRoute + "disabled: true}}"},
	{"DISABLED", envoyconfig.Error, "domains: [\"*\"]", "domains: [\"*\"]" + strings.ReplaceAll(perRoute, "    typed", "typed") + "disabled: true}}"},
	{"DISABLED", envoyconfig.Error, streams, streams + "\n                          typed_per_filter_config: {envoy.filters.http.ext_authz: {\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}"},
	{"DISABLED", envoyconfig.Error, authz, authz + "\n                    disabled: true"},
	{"UNKNOWN_FIELD", envoyconfig.Error, authz, authz + "\n                    disabled: true\n                    x: y"},
	{"OPTIONAL", envoyconfig.Error, authz, authz + "\n                    is_optional: true"},
	{"NO_SUCH_FILTER", envoyconfig.Warning, authz, "- name: sallyport"},
	{"ROUTES_ELSEWHERE", envoyconfig.Warning, "route_config:", "rds: {route_config_name: x}\n                internal_address_config:"},
	{"ROUTES_ELSEWHERE", envoyconfig.Warning, "virtual_hosts:", "vhds: {config_source: {ads: {}}}\n                  virtual_hosts:"},

	{"UNTYPED", envoyconfig.Error, `"@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz` + "\n", "\n"},
	{"UNTYPED", envoyconfig.Error, router, "- {name: x, typed_config: [1]}\n                  " + router},
	{"UNKNOWN_FILTER", envoyconfig.Warning, authz, filter("mine", "mine.v3.Mine") + authz},
	{"UNKNOWN_FILTER", envoyconfig.Warning, authz, "- {name: other, typed_config: {\"@type\": example.com/my.Filter}}\n                  " + authz},
	{"UNKNOWN_FILTER", envoyconfig.Warning, router, "- {name: later, config_discovery: {}}\n                  " + router},
	{"CHANGES_BEFORE", envoyconfig.Warning, authz, filter("lua", "lua.v3.Lua") + authz},
	{"CHANGES_AFTER", envoyconfig.Warning, router, filter("headers", "header_mutation.v3.HeaderMutation") + router},
	{"CHANGES_AFTER", envoyconfig.Warning, router, "- name: l\n                    typed_config: {\"@type\": type.googleapis.com/xds.type.v3.TypedStruct, type_url: type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}\n                  " + router},
	{"CHANGES_AFTER", envoyconfig.Warning, ofRouter, ofRouter + "                      upstream_http_filters: [" + mutation + "]\n"},
	{"CHANGES_AFTER", envoyconfig.Warning, ofStore, ofStore + "      typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {http_filters: [" + mutation + "]}}\n"},
	{"BUFFERS", envoyconfig.Warning, router, filter("buffer", "buffer.v3.Buffer") + router},
	{"DECOMPRESSES", envoyconfig.Error, authz, filter("d", "decompressor.v3.Decompressor") + authz},
	{"COMPRESSES", envoyconfig.Warning, authz, filter("c", "compressor.v3.Compressor") + authz},
	{"CACHES", envoyconfig.Error, authz, filter("c", "cache.v3.CacheConfig") + authz},
	{"CACHES", envoyconfig.Warning, router, filter("c", "cache.v3.CacheConfig") + router},
	{"CORS", envoyconfig.Note, authz, filter("c", "cors.v3.Cors") + authz},
	{"AUTHENTICATES", envoyconfig.Warning, authz, filter("j", "jwt_authn.v3.JwtAuthentication") + authz},
	{"MATCHED_FILTER", envoyconfig.Warning, `"@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz` + "\n", `"@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher` + "\n                      extension_config: {typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz}}\n"},

	{"NO_EXT_AUTHZ", envoyconfig.Error, "http.ext_authz.v3.ExtAuthz\n", "http.rbac.v3.RBAC\n"},
	{"NO_EXT_AUTHZ", envoyconfig.Note, clusters, another + ofManager + "                stat_prefix: b\n" + clusters},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + ofManager + "                route_config: {virtual_hosts: [{routes: [{route: {cluster: upstream_store}}]}]}\n" + clusters},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + "                {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: upstream_store}\n" + clusters},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + ofManager + "                rds: {route_config_name: r}\nconfigs: [{route_config: {\"@type\": type.googleapis.com/envoy.config.route.v3.RouteConfiguration, name: r, virtual_hosts: [{routes: [{route: {cluster: upstream_store}}]}]}}]\nstatic:\n" + clusters},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + ofManager + "                route_config: {virtual_hosts: [{routes: [{route: {cluster: same}}]}]}\n" + clusters + sameStore},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + "                {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: same}\n" + clusters + sameStore},
	{"WAY_AROUND", envoyconfig.Error, clusters, another + ofManager + "                route_config: {virtual_hosts: [{matcher: {on_no_match: {action: {typed_config: {" + ofRoute + ", route: {cluster: upstream_store}}}}}}]}\n" + clusters},
	{"MERGE_KEY", envoyconfig.Error, "normalize_path: false", "<<: {normalize_path: false}"},
	{"SYNTAX", envoyconfig.Error, "normalize_path: false", "normalize_path: *nowhere"},
	{"SYNTAX", envoyconfig.Error, "normalize_path: false", "normalize_path: [false"},
	{"TOO_DEEP", envoyconfig.Error, "normalize_path: false", "normalize_path: " + strings.Repeat("[", 200) + strings.Repeat("]", 200)},
}

// TestRules makes each change by itself: the configuration before has no
// findings, and the one after has the one expected, at a place in the change.
func TestRules(t *testing.T) {
	t.Parallel()
	good := written(t, usual(t))
	if findings := envoyconfig.Check("envoy.yaml", []byte(good), expectations()); len(findings) > 0 {
		t.Fatalf("what was written has findings: %v", findings)
	}
	for i, r := range rules {
		t.Run(fmt.Sprintf("%d %s", i, r.code), func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, r.old) {
				t.Fatalf("the configuration does not have %q", r.old)
			}
			bad := strings.Replace(good, r.old, r.new, 1)
			findings := envoyconfig.Check("envoy.yaml", []byte(bad), expectations())
			i := slices.IndexFunc(findings, func(f envoyconfig.Finding) bool { return f.Code == r.code && f.Severity == r.severity })
			if i < 0 {
				t.Fatalf("%s is not found, but %v", r.code, findings)
			}
			f := findings[i]
			if f.Line < 1 || f.Line > strings.Count(bad, "\n")+1 || f.Column < 1 || f.Message == "" || f.Remedy == "" || f.File != "envoy.yaml" {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestRulesAreTested: every code of a finding is in the table, or has a test of
// its own.
func TestRulesAreTested(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{"TOO_LARGE": true, "FILE_TOO_LARGE": true, "NO_VIRTUAL_HOST": true, "BODY_OVER_DOOR": true, "NOTHING_FOUND": true, "FORGEABLE": true}
	for _, r := range rules {
		tested[r.code] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?:(?:Error|Warning|Note), |\{|fail\(\S+, )"([A-Z][A-Z0-9_]+)"`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range code.FindAllStringSubmatch(string(text), -1) {
			found++
			if !tested[match[1]] && match[1] != "HUNDRED" {
				t.Errorf("%s: no test makes %s", file, match[1])
			}
		}
	}
	if found < 100 {
		t.Errorf("the files show only %d", found)
	}
}

// TestForgeable: over HTTP a header that tells of the client's request, and that
// the client may write itself, is an error.
func TestForgeable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../examples/envoy-http/envoy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]bool{"OVERWRITE_IF_EXISTS_OR_ADD": false, "ADD_IF_ABSENT": true} {
		findings := envoyconfig.Check("envoy.yaml", []byte(strings.ReplaceAll(string(text), "OVERWRITE_IF_EXISTS_OR_ADD", action)), expectations())
		n := 0
		for _, f := range findings {
			if f.Code == "FORGEABLE" && f.Severity == envoyconfig.Error {
				n++
			}
		}
		if want && n != 3 || !want && n != 0 {
			t.Errorf("%s: %v", action, findings)
		}
	}
}
