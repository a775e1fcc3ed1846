package envoyconfig_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
	"github.com/sallyport-iam/sallyport/wire"
)

// configuration is what of Envoy's is looked at.
type configuration struct {
	StaticResources struct {
		Listeners []struct {
			FilterChains []struct {
				Filters []struct {
					TypedConfig struct {
						RouteConfig struct {
							VirtualHosts []struct {
								Domains []string
								Routes  []struct {
									Match struct {
										Headers []struct {
											Name        string
											StringMatch struct {
												Exact     string
												SafeRegex struct{ Regex string } `yaml:"safe_regex"`
											} `yaml:"string_match"`
										}
									}
									TypedPerFilterConfig map[string]struct {
										CheckSettings struct {
											WithRequestBody struct {
												MaxRequestBytes int64 `yaml:"max_request_bytes"`
											} `yaml:"with_request_body"`
										} `yaml:"check_settings"`
									} `yaml:"typed_per_filter_config"`
								}
							} `yaml:"virtual_hosts"`
						} `yaml:"route_config"`
					} `yaml:"typed_config"`
				}
			} `yaml:"filter_chains"`
		}
	} `yaml:"static_resources"`
}

// limits are the greatest bodies that come along, by method and target, on the
// virtual host that has one of the domains.
func limits(t *testing.T, text, domain string) func(method, target string) int64 {
	t.Helper()
	var c configuration
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return func(method, target string) int64 {
		for _, host := range c.StaticResources.Listeners[0].FilterChains[0].Filters[0].TypedConfig.RouteConfig.VirtualHosts {
			if !strings.Contains(strings.Join(host.Domains, " "), domain) {
				continue
			}
			for _, r := range host.Routes {
				fits := true
				for _, h := range r.Match.Headers {
					if h.Name == ":method" {
						fits = fits && h.StringMatch.Exact == method
					} else {
						fits = fits && regexp.MustCompile("^(?:"+h.StringMatch.SafeRegex.Regex+")$").MatchString(target)
					}
				}
				if fits {
					return r.TypedPerFilterConfig["envoy.filters.http.ext_authz"].CheckSettings.WithRequestBody.MaxRequestBytes
				}
			}
		}
		t.Fatalf("no route takes %s %s at %s", method, target, domain)
		return 0
	}
}

// everything are all operations that are served somewhere.
func everything() []envoyconfig.Operation {
	var out []envoyconfig.Operation
	for _, o := range s3.Operations() {
		if o.Refused == "" && !o.OlderName {
			out = append(out, envoyconfig.Operation{Name: o.Name, Method: o.Method, Level: o.Level, Selector: o.Selector, Decides: o.Decides, BodyLimit: o.BodyLimit})
		}
	}
	return out
}

// TestBodies sends the requests of the mapper's own list through the routes: the
// bodies that decide come along, whole, and none of an object does.
func TestBodies(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../../action/s3/testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	o := usual(t)
	o.Routes[0].Operations, o.Routes[0].Domains = everything(), []string{"s3.example.com"}
	text := written(t, o)
	paths, buckets := limits(t, text, "s3.example.com"), limits(t, text, "*.s3.example.com")
	mapper, decided, streamed := s3.New(s3.Options{Operations: []string{s3.AllOperations}}), 0, 0
	for line := range strings.Lines(string(list)) {
		request, _, _ := strings.Cut(line, "  ")
		method, target, _ := strings.Cut(request, " ")
		target, _, _ = strings.Cut(target, " [")
		path, raw, hasQuery, refusal := wire.ParseTarget(target)
		if refusal != nil {
			continue
		}
		query, _ := wire.ParseQuery(raw)
		op, refusal := mapper.Recognise(&wire.Request{Method: method, Path: path, RawQuery: raw, HasQuery: hasQuery, Query: query}, action.Place{})
		if refusal != nil {
			continue
		}
		got := []int64{paths(method, target)}
		if op.Bucket != "" {
			rest := strings.TrimPrefix(strings.TrimPrefix(target, "/"+op.Bucket), "/")
			got = append(got, buckets(method, "/"+rest))
		}
		for i, limit := range got {
			switch {
			case op.Body == action.BodyDecides && limit < op.BodyLimit:
				t.Errorf("%s %s (%d) is %s: %d bytes come along, and there may be %d", method, target, i, op.Name, limit, op.BodyLimit)
			case op.Body == action.BodyStreams && op.Key != "" && limit != 0:
				t.Errorf("%s %s (%d) is %s: its body streams, and would be held", method, target, i, op.Name)
			}
		}
		switch op.Body {
		case action.BodyDecides:
			decided++
		case action.BodyStreams:
			streamed++
		}
	}
	if decided < 10 || streamed < 20 {
		t.Errorf("tried %d that are decided from bodies, and %d that stream", decided, streamed)
	}
}

// TestWrite: every set-up gives a configuration in which there is nothing to find.
func TestWrite(t *testing.T) {
	t.Parallel()
	endpoint := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for name, test := range map[string]struct {
		change     func(*envoyconfig.Options)
		has, lacks []string
	}{
		"the usual": {
			func(*envoyconfig.Options) {},
			[]string{"normalize_path: false", "domains: [\"*\"]", "timeout: 0.25s"}, []string{"admin:", "transport_socket", "context_extensions", "# Made"},
		},
		"TLS for clients": {
			func(o *envoyconfig.Options) { o.Certificate, o.Key = "/etc/envoy/tls.crt", "/etc/envoy/it's.key" },
			[]string{"DownstreamTlsContext", "filename: /etc/envoy/tls.crt", `filename: "/etc/envoy/it's.key"`, "alpn_protocols: [h2, http/1.1]"}, nil,
		},
		"a Unix socket": {
			func(o *envoyconfig.Options) { o.Door = envoyconfig.Door{Address: "/run/a b.sock", Socket: true} },
			[]string{`pipe: {path: "/run/a b.sock"}`}, []string{"9191"},
		},
		"a door with mutual TLS": {
			func(o *envoyconfig.Options) {
				o.Door = envoyconfig.Door{Address: "door.example:9191", TLS: true, CA: "/ca.pem", ServerName: "door.example", Certificate: "/c.pem", Key: "/k.pem"}
			},
			[]string{"sni: door.example", "san_type: DNS", "type: STRICT_DNS", "filename: /k.pem"}, nil,
		},
		"a door with TLS at an address": {
			func(o *envoyconfig.Options) {
				o.Door = envoyconfig.Door{Address: "10.0.0.1:9191", TLS: true, CA: "/ca.pem"}
			},
			[]string{`san_type: IP_ADDRESS, matcher: {exact: "10.0.0.1"}`}, []string{"sni:"},
		},
		"a store with TLS": {
			func(o *envoyconfig.Options) { o.Upstreams[0].Endpoint = endpoint("https://store.example") },
			[]string{"address: store.example, port_value: 443", "auto_sni: true, auto_san_validation: true", "filename: /etc/ssl/certs/ca-certificates.crt"}, nil,
		},
		"a store with TLS at an address": {
			func(o *envoyconfig.Options) {
				o.Upstreams[0].Endpoint, o.Upstreams[0].CA = endpoint("https://[::1]:7443"), "/ca.pem"
			},
			[]string{`address: "::1", port_value: 7443`, `matcher: {exact: "::1"}`, "filename: /ca.pem"}, []string{"auto_sni"},
		},
		"a store without port": {
			func(o *envoyconfig.Options) { o.Upstreams[0].Endpoint = endpoint("http://store.example") },
			[]string{"port_value: 80"}, nil,
		},
		"hosts": {
			func(o *envoyconfig.Options) {
				o.Routes[0].Hosts, o.Routes[0].Domains = []string{"S3.internal", "s3.example.com"}, []string{"s3.example.com"}
			},
			[]string{"domains: [s3.internal, s3.example.com]", `domains: ["*.s3.example.com"]`, "name: main-buckets"}, []string{`["*"]`},
		},
		"smaller bodies": {
			func(o *envoyconfig.Options) { o.MaxBody = 4096 }, []string{"max_request_bytes: 4096"}, []string{"2097152"},
		},
		"an admin interface": {
			func(o *envoyconfig.Options) { o.Admin, o.Source = "127.0.0.1:9901", "sallyport envoy config" },
			[]string{"admin:\n  address: {socket_address: {address: 127.0.0.1, port_value: 9901}}", "# Made by `sallyport envoy config`.\n"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := usual(t)
			test.change(&o)
			text := written(t, o)
			if again := written(t, o); again != text {
				t.Error("it is written otherwise the second time")
			}
			for _, part := range test.has {
				if !strings.Contains(text, part) {
					t.Errorf("it does not have %q:\n%s", part, text)
				}
			}
			for _, part := range test.lacks {
				if strings.Contains(text, part) {
					t.Errorf("it has %q:\n%s", part, text)
				}
			}
			findings := envoyconfig.Check("f", []byte(text), envoyconfig.Expectations{Routes: o.Routes, MaxBody: o.MaxBody})
			if len(findings) > 0 {
				t.Errorf("%v", findings)
			}
		})
	}
}

// TestWriteNoBodies: a door that takes no bodies is sent none.
func TestWriteNoBodies(t *testing.T) {
	t.Parallel()
	o := usual(t)
	o.MaxBody = 0
	if text := written(t, o); strings.Contains(text, "with_request_body") || !strings.Contains(text, "Everything streams") {
		t.Error(text)
	}
}

// TestWriteRefuses: addresses that Envoy cannot use are refused.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*envoyconfig.Options){
		"a listener by name":      func(o *envoyconfig.Options) { o.Listen = "localhost:80" },
		"a listener without port": func(o *envoyconfig.Options) { o.Listen = "127.0.0.1" },
		"an admin by name":        func(o *envoyconfig.Options) { o.Admin = "localhost:80" },
		"a door without port":     func(o *envoyconfig.Options) { o.Door.Address = "door" },
		"a door at port 0":        func(o *envoyconfig.Options) { o.Door.Address = "127.0.0.1:0" },
		"a door without host":     func(o *envoyconfig.Options) { o.Door.Address = ":9191" },
	} {
		o := usual(t)
		change(&o)
		if err := envoyconfig.Write(new(strings.Builder), o); err == nil {
			t.Errorf("%s is written", name)
		}
	}
}
