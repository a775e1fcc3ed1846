//go:build unix

package e2e_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// TestEnvoyAWSCLI: aws-cli as people use it, through Envoy.
func TestEnvoyAWSCLI(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{})
	for version, path := range map[string]func(testing.TB) string{
		"v1": func(t testing.TB) string { return pythonTool(t, "aws") },
		"v2": cliVersion2Tool,
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cliTour(t, tool{path: path(t), dir: t.TempDir(), place: e.at(admin), before: []string{"--endpoint-url", e.endpoint}})
		})
	}
}

// TestEnvoyForms: every form of the configuration runs: what is printed for a
// Unix socket, for TLS on either side, for hosts that are buckets.
func TestEnvoyForms(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	directory := t.TempDir()
	certificate, key := filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key")
	if err := shared.certificates.issue(certificate, key, "envoy"); err != nil {
		t.Fatal(err)
	}
	authority := shared.certificates.file(t)
	sockets, err := os.MkdirTemp("", "envoy") //nolint:usetesting // the path of a socket has a bound that a test's own folder may exceed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	for name, s := range map[string]setup{
		"a Unix socket": {listen: "unix:" + filepath.Join(sockets, "authz.sock")},
		"TLS for clients": {
			flags: []string{"--tls-certificate", certificate, "--tls-key", key}, client: shared.certificates.client(),
		},
		"a door with mutual TLS": {
			door:  []string{"tls: {certificate: " + certificate + ", key: " + key + ", client_ca: " + authority + "}"},
			flags: []string{"--door-ca", authority, "--door-certificate", certificate, "--door-key", key},
		},
		"hosts that are buckets": {route: []string{"virtual_hosts: [s3.example.com]"}},
		"several routes":         {route: []string{"hosts: [127.0.0.1]\n      - {name: rest, service: s3, regions: [us-east-1], upstream: store}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEnvoy(t, upstream(shared.store), s)
			bucket, client := bucket(t), e.at(admin).client(t, func(o *s3.Options) {
				if s.client != nil {
					o.HTTPClient = s.client
				}
			})
			if len(s.route) > 0 && strings.Contains(s.route[0], "s3.example.com") {
				p := place{"http://s3.example.com", shared.keys[admin]}
				client = p.client(t, func(o *s3.Options) { o.HTTPClient = alwaysAt(e.address) })
			}
			name := "a key"
			if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &name, Body: strings.NewReader("text")}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: &bucket, Key: &name, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}); err != nil {
				t.Error(err)
			}
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &name})
			if err != nil {
				t.Fatal(err)
			}
			defer out.Body.Close()
			if text, _ := io.ReadAll(out.Body); string(text) != "text" {
				t.Errorf("%q", text)
			}
		})
	}
}

// TestEnvoyDump: what a running Envoy tells of its configuration has no findings
// either; what a mesh made of one is seen so.
func TestEnvoyDump(t *testing.T) {
	t.Parallel()
	admin, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	e := startEnvoy(t, upstream(shared.store), setup{flags: []string{"--admin", admin}})
	response, dump := follow(t, "http://"+admin+"/config_dump")
	if response.StatusCode != http.StatusOK || !strings.Contains(dump, "RoutesConfigDump") {
		t.Fatalf("%d %s", response.StatusCode, dump)
	}
	for text, want := range map[string]bool{dump: true, strings.Replace(dump, `"normalize_path": false`, `"normalize_path": true`, 1): false} {
		file := filepath.Join(t.TempDir(), "dump.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := e.site.EnvoyCheck(t.Context(), file); (err == nil && strings.HasSuffix(string(out), ": OK\n")) != want {
			t.Errorf("%s%v", out, err)
		}
	}
}

// TestEnvoyLargeBodies: a DeleteObjects near the limit comes along whole, and an
// object that is larger than any limit streams.
func TestEnvoyLargeBodies(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{})
	bucket, client := bucket(t), e.at(admin).client(t)
	large := strings.Repeat("0123456789abcdef", 1<<20)
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("large"), Body: strings.NewReader(large)}); err != nil {
		t.Error(err)
	}
	if text, ok := stored(t, bucket, "large"); !ok || text != large {
		t.Errorf("the store holds %d bytes", len(text))
	}
	many := &types.Delete{Quiet: aws.Bool(true)}
	for range 1000 {
		many.Objects = append(many.Objects, types.ObjectIdentifier{Key: aws.String(strings.Repeat("k", 200) + "/" + strings.Repeat("k", 200) + "/" + strings.Repeat("k", 200) + "/" + strings.Repeat("k", 200) + "/" + random(80))})
	}
	if out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &bucket, Delete: many}); err != nil || len(out.Errors) > 0 {
		t.Errorf("%v, %v", out, err)
	}
}

// breaks are settings that `sallyport envoy check` reports, and what they do.
var breaks = []struct {
	code, old, new string
	// probe makes the request that shows it.
	probe func(t *testing.T, e *envoyed)
}{
	{"NORMALIZE_PATH", "normalize_path: false", "normalize_path: true", mismatches("/bucket/a/../b")},
	{"MERGE_SLASHES", "merge_slashes: false", "merge_slashes: true", mismatches("/bucket/a//b")},
	{"ESCAPED_SLASHES", "KEEP_UNCHANGED", "UNESCAPE_AND_FORWARD", mismatches("/bucket/a%2Fb")},
	{"STRIP_HOST", "                stat_prefix: s3\n", "                stat_prefix: s3\n                strip_any_host_port: true\n", func(t *testing.T, e *envoyed) {
		// Through a port that is not Envoy's own.
		p := place{"http://127.0.0.1:8080", shared.keys[admin]}
		response, body := exchange(t, e.endpoint, p.signed(t, "GET", "/bucket/key", emptyHash).String())
		if response.StatusCode != http.StatusForbidden || !strings.Contains(body, "SignatureDoesNotMatch") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}},
	{"RAW_HEADERS", "encode_raw_headers: true", "encode_raw_headers: false", func(t *testing.T, e *envoyed) {
		m := e.at(admin).signed(t, "GET", "/bucket/key", emptyHash, "X-Amz-Meta-A: caf\xe9")
		if response, body := exchange(t, e.endpoint, m.String()); response.StatusCode != http.StatusForbidden {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}},
	{"DECOMPRESSES", "- name: envoy.filters.http.ext_authz\n", `- name: envoy.filters.http.decompressor
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.decompressor.v3.Decompressor
                      decompressor_library: {name: gzip, typed_config: {"@type": type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip}}
                  - name: envoy.filters.http.ext_authz
`, func(t *testing.T, e *envoyed) {
		m := e.at(admin).signed(t, "PUT", "/bucket/key", sum256("x"), "Content-Length: 1", "Content-Encoding: gzip").carrying("x")
		if response, body := exchange(t, e.endpoint, m.String()); response.StatusCode < 400 {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}},
	{"HOST_REWRITE", "route: {cluster: upstream_store, timeout: 0s}\n  clusters", "route: {cluster: upstream_store, timeout: 0s, host_rewrite_literal: other.example}\n  clusters", refusedByStore},
	{"PATH_REWRITE", "route: {cluster: upstream_store, timeout: 0s}\n  clusters", "route: {cluster: upstream_store, timeout: 0s, regex_rewrite: {pattern: {regex: public}, substitution: private}}\n  clusters", refusedByStore},
	{"REQUEST_HEADERS", "  virtual_hosts:", "  request_headers_to_remove: [x-amz-date]\n                  virtual_hosts:", refusedByStore},
	{"BODY_MISSING", "acl|legal-hold|retention|tagging", "acl", func(t *testing.T, e *envoyed) {
		bucket := bucket(t)
		put(t, bucket, "key", "x")
		_, err := e.at(admin).client(t).PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: &bucket, Key: aws.String("key"), Tagging: &types.Tagging{TagSet: []types.Tag{}}})
		if httpStatus(err) < 400 {
			t.Errorf("%v", err)
		}
	}},
	{"BODY_BUFFERED", "                      transport_api_version: V3\n", "                      transport_api_version: V3\n                      with_request_body: {max_request_bytes: 1048576, pack_as_bytes: true}\n", func(t *testing.T, e *envoyed) {
		bucket := bucket(t)
		_, err := e.at(admin).client(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("large"), Body: strings.NewReader(strings.Repeat("x", 2<<20))})
		if httpStatus(err) != http.StatusRequestEntityTooLarge {
			t.Errorf("%v", err)
		}
	}},
	{"DISABLED", "- match: {prefix: /}\n", `- match: {prefix: /}
                          typed_per_filter_config: {envoy.filters.http.ext_authz: {"@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, disabled: true}}
`, undecided},
	{"SHADOW_MODE", "                      transport_api_version: V3\n", "                      transport_api_version: V3\n                      shadow_mode: true\n", undecided},
	{"FILTER_ENABLED", "                      transport_api_version: V3\n", "                      transport_api_version: V3\n                      filter_enabled: {default_value: {numerator: 0}}\n", undecided},
}

// mismatches asks for a target as admin, whose signature is not that of what
// Sallyport sees.
func mismatches(target string) func(*testing.T, *envoyed) {
	return func(t *testing.T, e *envoyed) {
		response, body := exchange(t, e.endpoint, e.at(admin).signed(t, "GET", target, emptyHash).String())
		if response.StatusCode != http.StatusForbidden || !strings.Contains(body, "SignatureDoesNotMatch") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}
}

// refusedByStore asks for an object that is there and allowed, and that the store
// does not give.
func refusedByStore(t *testing.T, e *envoyed) {
	bucket := bucket(t)
	put(t, bucket, "public/key", "x")
	_, err := e.at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("public/key")})
	if httpStatus(err) < 400 {
		t.Errorf("%v", err)
	}
}

// undecided sends a request that nobody signed, which the store gets.
func undecided(t *testing.T, e *envoyed) {
	response, body := exchange(t, e.endpoint, "GET /bucket/key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if response.Header.Get("x-sallyport-revision") != "" {
		t.Errorf("Sallyport answers: %d %s", response.StatusCode, body)
	}
}

// TestEnvoyBreaks: what the check reports does break a real Envoy: a signature
// does not match, or nobody decides.
func TestEnvoyBreaks(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{upstream: []string{"object_keys: exact"}})
	t.Run("as printed", func(t *testing.T) {
		t.Parallel()
		for _, target := range []string{"/bucket/a/../b", "/bucket/a//b", "/bucket/a%2Fb", "/bucket/key"} {
			response, body := exchange(t, e.endpoint, e.at(admin).signed(t, "GET", target, emptyHash, "X-Amz-Meta-A: caf\xe9").String())
			if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusBadRequest || strings.Contains(body, "Signature") {
				t.Errorf("%s: %d %s", target, response.StatusCode, body)
			}
		}
	})
	for _, b := range breaks {
		t.Run(b.code, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(e.config, b.old) {
				t.Fatalf("there is no %q in\n%s", b.old, e.config)
			}
			changed := e.again(t, func(text string) string { return strings.Replace(text, b.old, b.new, 1) })
			out, err := e.site.EnvoyCheck(t.Context(), changed.file)
			if err == nil || !strings.Contains(string(out), ": error: ") {
				t.Errorf("the check says\n%s", out)
			}
			if out, _ := e.site.EnvoyCheck(t.Context(), changed.file, "--output=json"); !strings.Contains(string(out), `"`+b.code+`"`) {
				t.Errorf("the check does not say %s:\n%s", b.code, out)
			}
			b.probe(t, changed)
		})
	}
}

// TestEnvoyFailureMode: with failure_mode_allow, what nobody decided passes.
func TestEnvoyFailureMode(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{change: func(text string) string {
		return strings.Replace(text, "failure_mode_allow: false", "failure_mode_allow: true", 1)
	}})
	if out, err := e.site.EnvoyCheck(t.Context(), e.file); err == nil || !strings.Contains(string(out), "failure_mode_allow is true") {
		t.Errorf("%s%v", out, err)
	}
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	undecided(t, e)
}
