package forwardauth_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
)

// TestExamples: the proxies' configurations copy each header that is answered, and
// tell each that is required. e2e runs them.
func TestExamples(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(string(text))
	}
	conf := read("nginx/nginx.conf")
	for answered, name := range forwardauth.Places(nginx) {
		variable := regexp.MustCompile(`auth_request_set (\$\w+) +\$upstream_http_` + strings.ReplaceAll(answered, "-", "_") + ";").FindStringSubmatch(conf)
		if variable == nil {
			t.Errorf("nginx.conf does not read %s", answered)
		} else if !regexp.MustCompile(`proxy_set_header ` + name + ` +` + regexp.QuoteMeta(variable[1]) + ";").MatchString(conf) {
			t.Errorf("nginx.conf does not set %s", name)
		}
	}
	for _, name := range forwardauth.Told(nginx) {
		if !strings.Contains(conf, "proxy_set_header "+name+" $") {
			t.Errorf("nginx.conf does not tell %s", name)
		}
	}
	caddyfile := read("caddy/Caddyfile")
	for answered, name := range forwardauth.Places(caddy) {
		line := answered
		if name != answered {
			line += ">" + name
		}
		if !strings.Contains(caddyfile, "\t\t\t"+line+"\n") {
			t.Errorf("the Caddyfile does not copy %s", line)
		}
	}
	for _, line := range []string{"order request_header before forward_auth", "request_header -connection"} {
		if !strings.Contains(caddyfile, line) {
			t.Errorf("the Caddyfile does not say %s", line)
		}
	}
	dynamic := read("traefik/dynamic.yaml")
	for answered := range forwardauth.Places(traefik) {
		if !strings.Contains(dynamic, "          - "+answered+"\n") {
			t.Errorf("dynamic.yaml does not copy %s", answered)
		}
	}
	for _, line := range []string{"trustforwardheader: false", "preserverequestmethod: false", "passhostheader: false", "forwardbody: true", "middlewares: [sallyport, to-store]", `upgrade: ""`} {
		if !strings.Contains(dynamic, line) {
			t.Errorf("dynamic.yaml does not say %s", line)
		}
	}
	for _, name := range forwardauth.Told(envoy) {
		if !strings.Contains(read("envoy-http/envoy.yaml"), "{key: "+name+", ") {
			t.Errorf("envoy.yaml does not tell %s", name)
		}
	}
}
