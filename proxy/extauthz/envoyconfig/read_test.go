package envoyconfig_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// codes are those of findings, with their places.
func codes(findings []envoyconfig.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Severity, f.Code))
	}
	return strings.Join(out, ", ")
}

// The filter and the manager, in parts of configurations.
const (
	managerType = `"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`
	authzType   = `"@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`
)

// TestForms: what is read, and where its findings are.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"nothing":          {"", "1:1 error NOTHING_FOUND"},
		"a comment":        {"# nothing\n", "1:1 error NOTHING_FOUND"},
		"something else":   {"a: [b]\n", "1:1 error NOTHING_FOUND"},
		"JSON without any": {`{"a": 1}`, "1:1 error NOTHING_FOUND"},
		"no YAML":          {"a: [", "1:4 error SYNTAX"},
		"merge keys":       {"a: {<<: {b: c}}", "1:5 error MERGE_KEY"},
		"an unknown alias": {"a: *b", "1:4 error SYNTAX"},
		"deep JSON":        {`{"a": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", "1:107 error TOO_DEEP"},
		"deep YAML":        {strings.Repeat("- ", 60) + "a", "1:97 error TOO_DEEP"},
		"deep lines":       {deepLines(1400), "49:49 error TOO_DEEP"},
		"a manager with another's place by alias": {
			"a: &m\n  " + managerType + "\n  use_remote_address: true\n  normalize_path: true\n  http_filters:\n  - {name: a, typed_config: {" + authzType + ", transport_api_version: V3, encode_raw_headers: true, validate_mutations: true, status_on_error: {code: 503}, grpc_service: {timeout: 1s, envoy_grpc: {cluster_name: c}}}}\n  route_config: {}\nb: *m\n",
			"4:19 error NORMALIZE_PATH, 6:276 note CLUSTER_ELSEWHERE",
		},
		"an EnvoyFilter that merges": {
			"apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nspec:\n  configPatches:\n  - patch:\n      value:\n        typed_config:\n          " + managerType + "\n          merge_slashes: true\n",
			"9:26 error MERGE_SLASHES",
		},
		"an EnvoyFilter that inserts": {
			"apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nspec:\n  configPatches:\n  - patch:\n      value:\n        typed_config:\n          " + authzType + "\n          transport_api_version: V3\n          grpc_service: {timeout: 1s, envoy_grpc: {cluster_name: c}}\n          status_on_error: {code: 503}\n          validate_mutations: true\n          failure_mode_allow: true\n",
			"8:11 error RAW_HEADERS, 10:66 note CLUSTER_ELSEWHERE, 13:31 error FAILURE_MODE",
		},
		"an EnvoyFilter that completes": {
			"apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nspec:\n  configPatches:\n  - patch:\n      operation: MERGE\n      value:\n        typed_config: {" + authzType + ", encode_raw_headers: true, failure_mode_allow: true}\n  - patch:\n      operation: MERGE\n      value: {typed_per_filter_config: {x: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, check_settings: {with_request_body: {max_request_bytes: 1}}}}}\n",
			"8:152 error FAILURE_MODE, 11:171 error BODY_AS_TEXT",
		},
		"several documents": {
			"a: b\n---\n" + authzType + "\ntransport_api_version: V3\ngrpc_service: {timeout: 1s, envoy_grpc: {cluster_name: c}}\nstatus_on_error: {code: 503}\nvalidate_mutations: true\n",
			"3:1 error RAW_HEADERS, 5:56 note CLUSTER_ELSEWHERE",
		},
		"routes that a control plane sent": {
			`{"configs": [{"dynamic_route_configs": [{"route_config": {"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "virtual_hosts": [{"routes": [` + "\n" + `{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s", "prefix_rewrite": "/x"}}]}]}}]}]}`,
			"2:89 error PATH_REWRITE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := envoyconfig.Check("f", []byte(test.text), expectations())
			if got := codes(findings); got != test.want {
				t.Errorf("got  %s\nwant %s\n%v", got, test.want, findings)
			}
		})
	}
}

func deepLines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestLimits: what is too large is refused, and so is what would take the parser
// of YAML time that grows faster than the text.
func TestLimits(t *testing.T) {
	t.Parallel()
	aliases := "a0: &a0 [x]\n"
	for i := 1; i < 40; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	many := func(part string) string { return strings.Repeat(part, 1<<18/len(part)) }
	for name, test := range map[string]struct{ text, code string }{
		"aliases of aliases":   {aliases, "TOO_LARGE"},
		"much YAML":            {"a: " + strings.Repeat("x", 1<<20), "FILE_TOO_LARGE"},
		"much JSON":            {`{"a": "` + strings.Repeat("x", 64<<20) + `"}`, "FILE_TOO_LARGE"},
		"lines":                {many("a: b\n"), "TOO_DEEP"},
		"list lines":           {many("- a\n"), "NOTHING_FOUND"},
		"documents":            {many("a: b\n---\n"), "TOO_DEEP"},
		"complex keys":         {many("? a\n"), "TOO_DEEP"},
		"tags":                 {many("a: !b c\n"), "TOO_DEEP"},
		"stairs":               {many("a:\n b:\n  c:\n   d: e\n"), "TOO_DEEP"},
		"elements in brackets": {"a: [" + many("{b: c},") + "]", "NOTHING_FOUND"},
		"brackets":             {"a: [" + many(strings.Repeat("[", 40)+strings.Repeat("]", 40)+",") + "]", "NOTHING_FOUND"},
		"anchors":              {"a: [" + many("&a b,") + "]", "NOTHING_FOUND"},
		"one alias":            {"a: &a b\nc: [" + many("*a,") + "]", "NOTHING_FOUND"},
		"lines of a string":    {"a: b\n" + many("  c\n"), "TOO_DEEP"},
		"blanks":               {"a: b" + many(" "), "NOTHING_FOUND"},
	} {
		findings := envoyconfig.Check("f", []byte(test.text), expectations())
		if len(findings) != 1 || findings[0].Code != test.code {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// TestJSON: the same configuration as JSON has the same findings, bad and good.
func TestJSON(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"normalize_path: false", "normalize_path: true"} {
		text := strings.Replace(written(t, usual(t)), "normalize_path: false", change, 1)
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		compact, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		indented, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want := len(envoyconfig.Check("f", []byte(text), expectations()))
		for _, source := range [][]byte{compact, indented} {
			findings := envoyconfig.Check("f", source, expectations())
			if len(findings) != want {
				t.Errorf("%v", findings)
			}
			for _, f := range findings {
				line := strings.Split(string(source), "\n")[f.Line-1]
				if !strings.HasPrefix(line[f.Column-1:], "true") {
					t.Errorf("%v is at %.20q", f, line[f.Column-1:])
				}
			}
		}
	}
}

// TestDoors: what the door serves decides which bodies must come along, and on
// which virtual host.
func TestDoors(t *testing.T) {
	t.Parallel()
	o := usual(t)
	hosts := envoyconfig.Route{Name: "main", Upstream: "store", Hosts: []string{"S3.internal"}, Domains: []string{"s3.example.com"}, Operations: operations()}
	rest := envoyconfig.Route{Name: "rest", Upstream: "store"}
	o.Routes = []envoyconfig.Route{hosts, rest}
	text := written(t, o)
	for name, test := range map[string]struct {
		old, new string
		expect   envoyconfig.Expectations
		want     []string
	}{
		"as written":             {"", "", envoyconfig.Expectations{Routes: o.Routes, MaxBody: 2 << 20}, nil},
		"a door of small bodies": {"", "", envoyconfig.Expectations{Routes: o.Routes, MaxBody: 1 << 20}, []string{"BODY_OVER_DOOR"}},
		"no host of buckets":     {"*.s3.example.com", "*.s3.example.org", envoyconfig.Expectations{Routes: o.Routes}, []string{"BODY_MISSING"}},
		"no host at all":         {`["*"]`, "[x]", envoyconfig.Expectations{Routes: []envoyconfig.Route{{Name: "a", Hosts: []string{"a.example.com"}}}}, []string{"NO_VIRTUAL_HOST"}},
		"another takes it":       {`["*"]`, `["*", "bucket.*"]`, envoyconfig.Expectations{Routes: o.Routes}, nil},
		"a host is another's":    {"s3.internal, ", "", envoyconfig.Expectations{Routes: o.Routes}, []string{"BODY_MISSING"}},
		"the rest has them, too": {"", "", expectations(), []string{"BODY_MISSING"}},
	} {
		if !strings.Contains(text, test.old) {
			t.Errorf("%s: there is no %s in\n%s", name, test.old, text)
		}
		findings := envoyconfig.Check("f", []byte(strings.Replace(text, test.old, test.new, 1)), test.expect)
		var got []string
		for _, f := range findings {
			if !slices.Contains(got, f.Code) {
				got = append(got, f.Code)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// TestDisabledFilters: a filter that routes must enable is asked where they do.
func TestDisabledFilters(t *testing.T) {
	t.Parallel()
	o := usual(t)
	o.MaxBody = 0
	text := strings.Replace(written(t, o), "- name: envoy.filters.http.ext_authz", "- name: envoy.filters.http.ext_authz\n                    disabled: true", 1)
	none := envoyconfig.Expectations{Routes: []envoyconfig.Route{{Name: "main"}}}
	enabled := func(config string) string {
		return strings.Replace(text, "- match: {prefix: /}", "- match: {prefix: /}\n                          typed_per_filter_config: {envoy.filters.http.ext_authz: {\"@type\": type.googleapis.com/"+config+"}}", 1)
	}
	for name, test := range map[string]struct {
		text string
		want string
	}{
		"nowhere":           {text, "DISABLED"},
		"on the route":      {enabled("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, check_settings: {}"), ""},
		"with its own type": {enabled("envoy.config.route.v3.FilterConfig, config: {}"), ""},
		"not on the route":  {enabled("envoy.config.route.v3.FilterConfig, disabled: true"), "DISABLED"},
	} {
		var got []string
		for _, f := range envoyconfig.Check("f", []byte(test.text), none) {
			got = append(got, f.Code)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
}
