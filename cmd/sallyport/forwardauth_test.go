package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
)

// TestForwardAuthExamples: Sallyport's configurations in the examples are ones, and
// docs/forward-auth.md shows one of them.
func TestForwardAuthExamples(t *testing.T) {
	t.Parallel()
	for name, dialect := range map[string]config.Dialect{"nginx": config.DialectNginx, "caddy": config.DialectCaddy, "traefik": config.DialectTraefik, "envoy-http": config.DialectEnvoy} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", name, "sallyport.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Parse("sallyport.yaml", text, func(string) (string, bool) { return "x", true })
		if err != nil {
			t.Fatal(err)
		}
		if d := cfg.Doors[0]; d.Type != config.DoorForwardAuth || d.Dialect != dialect || d.PathPrefix != "/authorize" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	document := readDocument(t, "docs/forward-auth.md")
	_, block, _ := strings.Cut(document, "```yaml sallyport.yaml\n")
	block, _, _ = strings.Cut(block, "```")
	if _, err := config.Parse("sallyport.yaml", []byte(block), func(string) (string, bool) { return "x", true }); err != nil {
		t.Error(err)
	}
}

// TestForwardAuthDoorOptions: what the file says of a door that is asked over HTTP
// reaches it.
func TestForwardAuthDoorOptions(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{
		Limits:   config.Limits{HeaderBytes: 4096, Connections: 7},
		Timeouts: config.Timeouts{Header: time.Second, Idle: 2 * time.Second, BodyProgress: 3 * time.Second, WriteProgress: 4 * time.Second},
	}
	d := &config.Door{
		Name: "n", Type: config.DoorForwardAuth, Dialect: config.DialectNginx, Listen: "127.0.0.1:9192", PathPrefix: "/ask", HealthPath: "/up", MaxBody: 9,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}
	o, err := forwardauthOptions(cfg, d, nil)
	if err != nil || o.Name != "n" || o.Dialect != forwardauth.Nginx || o.Address != "127.0.0.1:9192" || o.PathPrefix != "/ask" || o.HealthPath != "/up" || o.MaxBody != 9 ||
		len(o.TrustedProxies) != 1 || o.MaxHeader != 4096 || o.MaxConnections != 7 || o.HeaderTimeout != time.Second || o.IdleTimeout != 2*time.Second ||
		o.ReadTimeout != 3*time.Second || o.WriteTimeout != 4*time.Second || o.ClientCAs != nil {
		t.Errorf("%+v, %v", o, err)
	}
	d.TLS = &config.TLS{Certificate: "a", Key: "b", ClientCA: filepath.Join(t.TempDir(), "none.pem")}
	if _, err = forwardauthOptions(cfg, d, nil); err == nil {
		t.Error("a door without the authorities of its clients opened")
	}
}
