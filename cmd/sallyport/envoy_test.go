package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestEnvoyDocument: the configuration of Sallyport that docs/envoy.md shows is
// one, and the routes of Envoy send along the bodies of just the operations that
// are decided from them. e2e runs both configurations.
func TestEnvoyDocument(t *testing.T) {
	t.Parallel()
	text := readDocument(t, "docs/envoy.md")
	_, block, _ := strings.Cut(text, "```yaml sallyport.yaml\n")
	block, _, _ = strings.Cut(block, "```")
	cfg, err := config.Parse("sallyport.yaml", []byte(block), func(string) (string, bool) { return "x", true })
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Doors[0].Type != config.DoorExtAuthz || !strings.Contains(text, "max_request_bytes: 2097152") || cfg.Doors[0].MaxBody != 2097152 {
		t.Errorf("%+v", cfg.Doors[0])
	}
	var withBody []*regexp.Regexp
	for _, match := range regexp.MustCompile(`regex: '([^']+)'`).FindAllStringSubmatch(text, -1) {
		withBody = append(withBody, regexp.MustCompile("^(?:"+strings.ReplaceAll(match[1], `\|`, "|")+")$"))
	}
	if len(withBody) != 3 {
		t.Fatalf("%d expressions", len(withBody))
	}
	operations, err := os.ReadFile("../../action/s3/testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	mapper, tried := s3.New(s3.Options{Operations: []string{config.OperationsAll}}), 0
	for line := range strings.Lines(string(operations)) {
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
		sent := func(target string) bool {
			// The last expression but one is of the route for PUT alone.
			return (method == "PUT" || method == "POST") && (withBody[0].MatchString(target) || withBody[2].MatchString(target)) ||
				method == "PUT" && withBody[1].MatchString(target)
		}
		if op.Body == action.BodyDecides && (!sent(target) || op.BodyLimit > 2097152) || op.Body == action.BodyStreams && op.Key != "" && sent(target) {
			t.Errorf("%s %s is %s: its body (%v) comes along: %v", method, target, op.Name, op.Body, sent(target))
		}
		tried++
	}
	if tried < 100 {
		t.Errorf("%d operations tried", tried)
	}
}

// TestEnvoyDoorOptions: what the file says of a door behind Envoy reaches it.
func TestEnvoyDoorOptions(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Limits: config.Limits{HeaderBytes: 4096, Connections: 7}}
	d := &config.Door{Name: "envoy", Type: config.DoorExtAuthz, Listen: config.UnixPrefix + "/run/authz.sock", SocketMode: 0o600, MaxBody: 9}
	o, err := extauthzOptions(cfg, d, nil)
	if err != nil || o.Socket != "/run/authz.sock" || o.SocketMode != 0o600 || o.Address != "" || o.MaxBody != 9 || o.MaxHeader != 4096 || o.MaxConnections != 7 {
		t.Errorf("%+v, %v", o, err)
	}
	d.Listen = "127.0.0.1:9191"
	if o, err = extauthzOptions(cfg, d, nil); err != nil || o.Socket != "" || o.Address != "127.0.0.1:9191" {
		t.Errorf("%+v, %v", o, err)
	}
	d.TLS = &config.TLS{Certificate: "a", Key: "b", ClientCA: filepath.Join(t.TempDir(), "none.pem")}
	if _, err = extauthzOptions(cfg, d, nil); err == nil {
		t.Error("a door without the authorities of its clients opened")
	}
}

// TestEnvoyDoorLacksKeys: a condition key that these doors have no value for is not
// said to be filled: a Deny on it would never match.
func TestEnvoyDoorLacksKeys(t *testing.T) {
	t.Parallel()
	fills := func(kind config.DoorType) bool {
		o := bundleOptions(&config.Config{
			Doors:     []config.Door{{Name: "d", Type: kind, Routes: []config.Route{{Name: "r", Upstream: "u"}}}},
			Upstreams: []config.Upstream{{Name: "u", Operations: []string{config.OperationsCore}}},
		}, nil)
		return o.Routes[0].Fills("s3:GetObject", "s3:tlsversion")
	}
	if !fills(config.DoorStandalone) || fills(config.DoorExtAuthz) || fills(config.DoorForwardAuth) {
		t.Errorf("s3:TlsVersion: standalone %v, ext_authz %v, forward_auth %v", fills(config.DoorStandalone), fills(config.DoorExtAuthz), fills(config.DoorForwardAuth))
	}
}
