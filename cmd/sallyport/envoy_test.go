package main

import (
	"path/filepath"
	"testing"

	"github.com/sallyport-iam/sallyport/config"
)

// TestEnvoyDocument runs the commands that docs/envoy.md shows. e2e runs both
// configurations.
func TestEnvoyDocument(t *testing.T) {
	t.Setenv("STORE_ACCESS_KEY_ID", "id")
	t.Setenv("STORE_SECRET_ACCESS_KEY", "secret")
	runDocument(t, "docs/envoy.md", 3)
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
