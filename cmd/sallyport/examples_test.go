package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/config"
)

const examples = "../../examples"

// TestExamplesAreYAML: every file of the examples that says so is YAML, without
// keys that are there twice.
func TestExamplesAreYAML(t *testing.T) {
	t.Parallel()
	read := 0
	err := filepath.WalkDir(examples, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var value any
			if err := yaml.Unmarshal([]byte(document), &value); err != nil || value == nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		read++
		return nil
	})
	if err != nil || read < 15 {
		t.Errorf("%d files, %v", read, err)
	}
}

// TestEnvoyExample: the example's Envoy is configured as the command prints.
func TestEnvoyExample(t *testing.T) {
	for name, value := range map[string]string{
		"SALLYPORT_LISTEN": "127.0.0.1:9191", "SALLYPORT_ADMIN_LISTEN": "127.0.0.1:9901",
		"STORE_ENDPOINT": "http://127.0.0.1:7070", "STORE_ACCESS_KEY_ID": "id", "STORE_SECRET_ACCESS_KEY": "secret",
	} {
		t.Setenv(name, value)
	}
	want, err := os.ReadFile(examples + "/envoy/envoy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := run([]string{"envoy", "config", "--config", examples + "/envoy/sallyport.yaml"}, nil, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("-examples/envoy/envoy.yaml +printed:\n%s", diff)
	}
	out.Reset()
	if code := run([]string{"envoy", "check", "--config", examples + "/envoy/sallyport.yaml", examples + "/envoy/envoy.yaml"}, nil, &out, &out); code != 0 || !strings.HasSuffix(out.String(), ": OK\n") {
		t.Error(out.String())
	}
}

// TestEnvoyHTTPExample: over HTTP there is something to say, and nothing that
// breaks.
func TestEnvoyHTTPExample(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := run([]string{"envoy", "check", examples + "/envoy-http/envoy.yaml"}, nil, &out, &out); code != 0 || !strings.Contains(out.String(), "http_service") {
		t.Error(out.String())
	}
}

// TestContourExample: Sallyport takes the configuration, and Envoy would be sent
// no bodies.
func TestContourExample(t *testing.T) {
	t.Setenv("STORE_ACCESS_KEY_ID", "id")
	t.Setenv("STORE_SECRET_ACCESS_KEY", "secret")
	cfg, err := config.Load(examples+"/contour/sallyport.yaml", os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Doors[0].MaxBody != 0 {
		t.Errorf("%+v", cfg.Doors[0])
	}
}

// TestIstioExample: what the EnvoyFilter merges has nothing to find.
func TestIstioExample(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := run([]string{"envoy", "check", examples + "/istio/envoyfilter.yaml"}, nil, &out, &out); code != 0 || !strings.HasSuffix(out.String(), ": OK\n") {
		t.Error(out.String())
	}
}

// match is a condition of a route, as Istio or the Gateway API has it.
type match struct {
	Method any
	URI    struct{ Regex string }
	Path   struct{ Value string }
	// QueryParams is a map of Istio's, and a list of the Gateway API's.
	QueryParams any `yaml:"queryParams"`
}

// kind is what a match is for: method, level and sub-resource.
func (m *match) kind() string {
	method, level, selector := m.Method, "bucket", ""
	if text := m.URI.Regex + m.Path.Value; strings.HasSuffix(text, ".+") {
		level = "object"
	}
	if exact, ok := method.(map[string]any); ok {
		method = exact["exact"]
	}
	switch params := m.QueryParams.(type) {
	case map[string]any:
		for name := range params {
			selector += name
		}
	case []any:
		for _, p := range params {
			selector += p.(map[string]any)["name"].(string)
		}
	}
	return method.(string) + " " + level + " " + selector
}

// TestMeshRoutes: the routes of meshes that send bodies along are those of the
// operations that are decided from them.
func TestMeshRoutes(t *testing.T) {
	t.Parallel()
	var want []string
	whole := map[string]bool{}
	for _, o := range envoyOperations([]string{config.OperationsCore}) {
		if o.Decides && o.Selector == "" {
			whole[o.Method+" "+o.Level+" "] = true
		}
	}
	for _, o := range envoyOperations([]string{config.OperationsCore}) {
		kind := o.Method + " " + o.Level + " "
		if o.Decides && (!whole[kind] || o.Selector == "") {
			want = append(want, kind+o.Selector)
		}
	}
	slices.Sort(want)
	for _, file := range []string{"istio/gateway.yaml", "envoy-gateway/gateway.yaml"} {
		text, err := os.ReadFile(filepath.Join(examples, file))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var routes struct {
				Metadata struct{ Name string }
				Spec     struct {
					HTTP []struct {
						Name  string
						Match []match
					}
					Rules []struct{ Matches []match }
				}
			}
			if err := yaml.Unmarshal([]byte(document), &routes); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, h := range routes.Spec.HTTP {
				for _, m := range h.Match {
					got = append(got, m.kind())
				}
			}
			for _, r := range routes.Spec.Rules {
				for _, m := range r.Matches {
					if routes.Metadata.Name == "decided-from-body" {
						got = append(got, m.kind())
					}
				}
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -decided from bodies +routes:\n%s", file, diff)
		}
	}
}
