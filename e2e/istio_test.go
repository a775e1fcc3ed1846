//go:build unix

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	mesh "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

// TestIstioExample reads the objects of examples/istio with Istio's own
// definitions, strictly.
func TestIstioExample(t *testing.T) {
	t.Parallel()
	specs := map[string]func() proto.Message{
		"AuthorizationPolicy": func() proto.Message { return new(security.AuthorizationPolicy) },
		"EnvoyFilter":         func() proto.Message { return new(networking.EnvoyFilter) },
		"Gateway":             func() proto.Message { return new(networking.Gateway) },
		"VirtualService":      func() proto.Message { return new(networking.VirtualService) },
	}
	files, err := filepath.Glob(filepath.Join("..", "examples", "istio", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var object struct {
				Kind string
				Spec any
			}
			var message proto.Message
			var value any
			if filepath.Base(file) == "meshconfig.yaml" {
				message = new(mesh.MeshConfig)
				err = yaml.Unmarshal([]byte(document), &value)
			} else if err = yaml.Unmarshal([]byte(document), &object); specs[object.Kind] != nil {
				message, value = specs[object.Kind](), object.Spec
			}
			if err != nil || message == nil {
				t.Errorf("%s has a %s: %v", file, object.Kind, err)
				continue
			}
			text, err := yaml.MarshalWithOptions(value, yaml.JSON())
			if err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(text, message); err != nil {
				t.Errorf("%s, %s: %v", file, object.Kind, err)
			}
			read++
		}
	}
	if read != 5 {
		t.Errorf("%d objects", read)
	}
}
