package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/secret"
)

var update = flag.Bool("update", false, "write what the tests get into testdata and docs")

var environment = map[string]string{
	"FULL":                    "Not A Name",
	"EMPTY":                   "",
	"ADDRESS":                 "not an address",
	"STORE_ACCESS_KEY_ID":     "AKIAIOSFODNN7EXAMPLE",
	"STORE_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	"YAML":                    "[a, b]: ${EMPTY}",
}

func lookup(name string) (string, bool) {
	value, ok := environment[name]
	return value, ok
}

// opaque lets go-cmp compare what it cannot look into.
var opaque = cmp.Options{cmp.Comparer(secret.Value.Equal), cmpopts.EquateComparable(netip.Prefix{})}

func TestWrong(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want := archive.Files[0], &archive.Files[1]
			_, err = config.Parse(input.Name, input.Data, lookup)
			if err == nil {
				t.Fatal("no problem is found")
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "hunter") || strings.Contains(got, "wJalr") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMinimalHasSafeDefaults(t *testing.T) {
	t.Parallel()
	got, err := config.Parse("/etc/sallyport/sallyport.yaml", []byte(config.Minimal), lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Doors: []config.Door{{
			Name: "s3", Type: config.DoorStandalone, Listen: "127.0.0.1:9000", SocketMode: 0o660, ProxyProtocol: config.ProxyProtocolNone, MaxBody: 2 << 20, MaxConnectionAge: 10 * time.Minute, SourcePrincipal: config.SourcePrincipalRecorded, PathPrefix: "/authorize",
			Routes: []config.Route{{Name: "main", Service: "s3", Regions: []string{"us-east-1"}, Mode: config.ModeEnforce, Upstream: "store"}},
		}},
		Upstreams: []config.Upstream{{
			Name: "store", Endpoint: &url.URL{Scheme: "http", Host: "127.0.0.1:7070"}, Addressing: config.AddressingPath, ObjectKeys: config.ObjectKeysStrict, Operations: []string{"core"}, CopyTags: config.CopyTagsExact, CopyAnnotations: config.CopyAnnotationsChecked, ACLs: config.ACLsRefused, TagLifetime: time.Second, Signing: config.SigningResign, Region: "us-east-1", PayloadSigning: config.PayloadSigningAuto,
			Credentials: &config.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
			Timeouts:    config.UpstreamTimeouts{Connect: 5 * time.Second, ResponseHeader: time.Minute, Idle: 90 * time.Second},
			Connections: config.Connections{Max: 0, MaxIdle: 256},
		}},
		Bundle:   config.Bundle{Directory: "/etc/sallyport/bundle", Quiet: 250 * time.Millisecond, Poll: 5 * time.Second},
		Keys:     config.Keys{Files: []string{"/etc/sallyport/keys.yaml"}},
		Admin:    config.Admin{Listen: "127.0.0.1:9901"},
		Log:      config.Log{Level: "info"},
		Audit:    config.Audit{Output: config.AuditStdout, WhenFull: config.AuditDrop},
		Cache:    config.Cache{Decisions: 64 << 20},
		Limits:   config.Limits{HeaderBytes: 64 << 10, ObjectBytes: 5 << 30, DecidedBodyBudget: 64 << 20, FailedAuthentications: config.FailedAuthentications{Rate: 20, Burst: 1000}},
		Timeouts: config.Timeouts{Header: 10 * time.Second, Idle: 2 * time.Minute, BodyProgress: 30 * time.Second, WriteProgress: 30 * time.Second, DrainDelay: 5 * time.Second, Drain: 30 * time.Second},
	}
	if diff := cmp.Diff(want, got, opaque); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCachesOff: 0 remembers nothing, and is not too little.
func TestCachesOff(t *testing.T) {
	t.Parallel()
	got, err := config.Parse("sallyport.yaml", []byte(config.Minimal+"\ncache: {decisions: 0}\nsessions: {keys: sessions.yaml, cache: 0}\n"), lookup)
	if err != nil {
		t.Fatal(err)
	}
	if got.Cache.Decisions != 0 || got.Sessions.Cache != 0 {
		t.Errorf("caches of %d and %d bytes", got.Cache.Decisions, got.Sessions.Cache)
	}
}

func TestEveryKey(t *testing.T) {
	t.Parallel()
	file := "testdata/every_key.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse(file, text, lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Doors: []config.Door{{
			Name: "s3", Type: config.DoorStandalone, Listen: ":9000", SocketMode: 0o660, MaxBody: 2 << 20, MaxConnectionAge: 10 * time.Minute, SourcePrincipal: config.SourcePrincipalRecorded,
			TLS:            &config.TLS{Certificate: "testdata/tls.crt", Key: "/run/tls.key", ClientCA: "testdata/clients.pem", ClientCertificates: config.ClientCertificatesRequire},
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.2/32")},
			ProxyProtocol:  config.ProxyProtocolRequired,
			HealthPath:     "/-/healthy", PathPrefix: "/authorize",
			Routes: []config.Route{
				{Name: "main", Service: "s3", Regions: []string{"us-east-1", "eu-central-1"}, Hosts: []string{"s3.example.com", "127.0.0.1", "[::1]"}, VirtualHosts: []string{"s3.example.com"}, Account: "111122223333", Mode: config.ModeObserve, CORS: []config.CORSRule{
					{Origins: []string{"https://*.example.com:8443", "null"}, Methods: []config.CORSMethod{"GET", "PUT"}, Headers: []string{"authorization", "X-Amz-*"}, Expose: []string{"ETag"}, MaxAge: time.Hour},
				}, Upstream: "store", EncodedMessages: true},
				{Name: "tokens", Service: "sts", Regions: []string{"us-east-1", "eu-central-1"}, Hosts: []string{"s3.example.com", "sts.example.org"}, Mode: config.ModeEnforce},
				{Name: "rest", Service: "s3", Regions: []string{"default"}, Mode: config.ModeEnforce, Upstream: "local"},
			},
		}, {
			Name: "envoy", Type: config.DoorExtAuthz, Listen: "unix:testdata/run/authz.sock", SocketMode: 0o600, ProxyProtocol: config.ProxyProtocolNone, MaxBody: 1 << 20, MaxConnectionAge: 5 * time.Minute, SourcePrincipal: config.SourcePrincipalVerified, PathPrefix: "/authorize",
			TLS:    &config.TLS{Certificate: "testdata/tls.crt", Key: "testdata/tls.key", ClientCA: "testdata/envoys.pem", ClientCertificates: config.ClientCertificatesRequest},
			Routes: []config.Route{{Name: "mesh", Service: "s3", Regions: []string{"us-east-1"}, Mode: config.ModeEnforce, Upstream: "mesh"}},
		}, {
			Name: "asked", Type: config.DoorForwardAuth, Listen: "127.0.0.1:9192", SocketMode: 0o660, ProxyProtocol: config.ProxyProtocolNone, MaxBody: 1 << 20, MaxConnectionAge: 10 * time.Minute, SourcePrincipal: config.SourcePrincipalRecorded,
			Dialect: config.DialectTraefik, PathPrefix: "/may-it", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
			TLS:    &config.TLS{Certificate: "testdata/tls.crt", Key: "testdata/tls.key", ClientCA: "testdata/proxies.pem", ClientCertificates: config.ClientCertificatesRequest},
			Routes: []config.Route{{Name: "asked", Service: "s3", Regions: []string{"us-east-1"}, Mode: config.ModeEnforce, Upstream: "mesh"}},
		}},
		Upstreams: []config.Upstream{
			{
				Name: "store", Endpoint: &url.URL{Scheme: "https", Host: "store.example.com"}, Addressing: config.AddressingVirtual, ObjectKeys: config.ObjectKeysExact, Operations: []string{"core", "GetBucketReplication"}, CopyTags: config.CopyTagsChecked, CopyAnnotations: config.CopyAnnotationsUnchecked, ACLs: config.ACLsForwarded, TagLifetime: 2 * time.Second, Signing: config.SigningResign, Region: "eu-central-1", PayloadSigning: config.PayloadSigningSigned, CAFile: "testdata/ca.pem",
				Credentials: &config.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), SessionToken: secret.New("$" + environment["YAML"])},
				Callers: []config.CallerCredentials{
					{Principal: "arn:aws:iam::111122223333:user/team/alice", Credentials: config.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), SessionToken: secret.New("token")}},
					{Principal: "111122223333", Credentials: config.Credentials{AccessKeyID: "AKIA", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")}},
				},
				Timeouts:    config.UpstreamTimeouts{Connect: 250 * time.Millisecond, ResponseHeader: 90 * time.Second, Idle: time.Minute},
				Connections: config.Connections{Max: 100, MaxIdle: 50},
			},
			{
				Name: "local", Endpoint: &url.URL{Scheme: "http", Host: "[::1]:7070"}, Addressing: config.AddressingPath, ObjectKeys: config.ObjectKeysStrict, Operations: []string{"core"}, CopyTags: config.CopyTagsUnchecked, CopyAnnotations: config.CopyAnnotationsChecked, ACLs: config.ACLsRefused, TagLifetime: time.Second, Signing: config.SigningPassthrough, Region: "us-east-1", PayloadSigning: config.PayloadSigningAuto,
				Timeouts:    config.UpstreamTimeouts{Connect: 5 * time.Second, ResponseHeader: time.Minute, Idle: 90 * time.Second},
				Connections: config.Connections{MaxIdle: 256},
			},
			{
				Name: "mesh", Endpoint: &url.URL{Scheme: "http", Host: "store:7070"}, Addressing: config.AddressingPath, ObjectKeys: config.ObjectKeysStrict, Operations: []string{"core"}, CopyTags: config.CopyTagsUnchecked, CopyAnnotations: config.CopyAnnotationsChecked, ACLs: config.ACLsRefused, TagLifetime: time.Second, Region: "us-east-1", Signing: config.SigningIdentity, PayloadSigning: config.PayloadSigningAuto,
				Timeouts:    config.UpstreamTimeouts{Connect: 5 * time.Second, ResponseHeader: time.Minute, Idle: 90 * time.Second},
				Connections: config.Connections{MaxIdle: 256},
			},
		},
		Bundle:   config.Bundle{Directory: "/srv/bundle", Quiet: 100 * time.Millisecond, Poll: time.Second},
		Keys:     config.Keys{Files: []string{"testdata/keys.yaml", "testdata/more/keys.yaml"}, Principals: []string{"arn:aws:iam::111122223333:user/team/alice", "444455556666"}},
		Sessions: &config.Sessions{Keys: "testdata/sessions.yaml", Cache: 8 << 20},
		Admin:    config.Admin{Listen: "localhost:9902"},
		Log:      config.Log{Level: "debug"},
		Audit:    config.Audit{Output: "testdata/audit.jsonl", WhenFull: config.AuditRefuse},
		Cache:    config.Cache{Decisions: 8 << 20},
		Limits:   config.Limits{HeaderBytes: 16384, ObjectBytes: 5 << 30, DecidedBodyBudget: 128 << 20, Connections: 1000, FailedAuthentications: config.FailedAuthentications{Rate: 5, Burst: 100, Anonymous: true}},
		Timeouts: config.Timeouts{Header: 5 * time.Second, Idle: time.Minute, BodyProgress: 20 * time.Second, WriteProgress: 21 * time.Second, DrainDelay: 0, Drain: 90 * time.Second},
	}
	if diff := cmp.Diff(want, got, opaque); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The file is to have every key, so no field may have its zero value by
	// chance: what is zero above is listed here.
	zeroOf(t, reflect.ValueOf(*got), "")
}

// zeroOf reports fields that are zero in the whole configuration but for those
// whose zero the file states.
func zeroOf(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	stated := map[string]bool{".Timeouts.DrainDelay": true, ".Doors.TLS.ClientCA": true /* of the second door */, ".Doors.Dialect": true /* of the third */}
	for i := range v.NumField() {
		field, name := v.Field(i), path+"."+v.Type().Field(i).Name
		if field.IsZero() && !stated[name] {
			t.Errorf("every_key.yaml does not set %s", name)
		}
		if field.Kind() == reflect.Slice && field.Len() > 0 {
			field = field.Index(0)
		}
		if field.Kind() == reflect.Pointer && !field.IsNil() {
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct && strings.HasSuffix(field.Type().PkgPath(), "/config") {
			zeroOf(t, field, name)
		}
	}
}

func TestAuditOutput(t *testing.T) {
	t.Parallel()
	tests := []struct{ file, written, want string }{
		{"sallyport.yaml", "stderr", config.AuditStderr},
		{"sallyport.yaml", "none", config.AuditNone},
		{"sallyport.yaml", "./none", "./none"},
		{"sallyport.yaml", "audit.jsonl", "./audit.jsonl"},
		{"/etc/sallyport/sallyport.yaml", "./stdout", "/etc/sallyport/stdout"},
		{"sallyport.yaml", "/var/log/audit.jsonl", "/var/log/audit.jsonl"},
	}
	for _, tt := range tests {
		got, err := config.Parse(tt.file, []byte(config.Minimal+"\naudit: {output: "+tt.written+"}\n"), lookup)
		if err != nil {
			t.Errorf("%s: %v", tt.written, err)
			continue
		}
		if got.Audit.Output != tt.want {
			t.Errorf("%s: %s, want %s", tt.written, got.Audit.Output, tt.want)
		}
	}
}

func TestLoadChecksFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("garbage.pem", "not PEM")
	write("sallyport.yaml", `doors:
  - {name: a, listen: "127.0.0.1:1", tls: {certificate: gone.crt, key: gone.key}, routes: [{name: a, service: s3, regions: [r], upstream: s}]}
  - {name: b, listen: "127.0.0.1:2", tls: {certificate: garbage.pem, key: garbage.pem}, routes: [{name: b, service: s3, regions: [r], upstream: s}]}
upstreams:
  - {name: s, endpoint: "https://store.example.com", ca_file: garbage.pem}
  - {name: t, endpoint: "https://store.example.com", ca_file: gone.pem}
bundle: {directory: bundle}
keys: {files: [keys.yaml]}
`)
	file := filepath.Join(directory, "sallyport.yaml")
	_, err := config.Load(file, lookup)
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	var got []string
	for _, p := range problems {
		message, _, _ := strings.Cut(p.Message, ": tls:")
		got = append(got, strings.ReplaceAll(message, directory+"/", ""))
		if p.File != file || p.Line == 0 || p.Column == 0 || p.Remedy == "" {
			t.Errorf("incomplete: %+v", p)
		}
	}
	want := []string{
		`certificate "gone.crt" cannot be read: no such file or directory`,
		`key "gone.key" cannot be read: no such file or directory`,
		`certificate and key do not go together`,
		`ca_file holds no PEM certificate`,
		`ca_file "gone.pem" cannot be read: no such file or directory`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLoadTakesFilesThatGoTogether(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	writePair(t, directory)
	file := filepath.Join(directory, "sallyport.yaml")
	text := strings.NewReplacer(
		"listen: 127.0.0.1:9000", "listen: 127.0.0.1:9000\n    tls: {certificate: tls.crt, key: tls.key}",
		"http://127.0.0.1:7070", "https://127.0.0.1:7070\n    ca_file: tls.crt",
	).Replace(config.Minimal)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, lookup)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(directory, "tls.key"); c.Doors[0].TLS.Key != want {
		t.Errorf("the key is %s, want %s", c.Doors[0].TLS.Key, want)
	}
}

// writePair writes a self-signed certificate and its key.
func writePair(t *testing.T, directory string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate},
		"tls.key": {Type: "PRIVATE KEY", Bytes: encoded},
	} {
		if err := os.WriteFile(filepath.Join(directory, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadWithoutFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "gone.yaml"), lookup)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that it does not exist", err)
	}
	var problems config.Problems
	if errors.As(err, &problems) {
		t.Error("a file that cannot be read is no problem of its text")
	}
}

func TestParseOddTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"not utf-8", "doors: \xff", "f:1:1: the file is not UTF-8; save it as UTF-8"},
		{"huge", strings.Repeat("# padding\n", 1<<15), "f:1:1: the file has more than 262144 bytes; keep policies in the bundle and the configuration small"},
		{"nothing", "", "f:1:1: the file is empty; begin with doors, upstreams, bundle and keys"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("f", []byte(tt.text), lookup)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := config.WriteReference(&want); err != nil {
		t.Fatal(err)
	}
	const file = "../docs/configuration.md"
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/configuration.md is stale: run make generate")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(config.Minimal))
	if text, err := os.ReadFile("testdata/every_key.yaml"); err == nil {
		f.Add(text)
	}
	files, _ := filepath.Glob("testdata/wrong/*.txtar")
	for _, file := range files {
		if archive, err := txtar.ParseFile(file); err == nil {
			f.Add(archive.Files[0].Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("f", text, lookup)
		if (c == nil) == (err == nil) {
			t.Fatal("neither or both of a configuration and an error")
		}
		var problems config.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("not problems: %v", err)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" || p.Remedy == "" || strings.Contains(p.String(), "\n") {
				t.Fatalf("incomplete: %+v", p)
			}
		}
	})
}
