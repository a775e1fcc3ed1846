package envoyconfig

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extauthz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// It looks inside: the rules name fields by text.

var update = flag.Bool("update", false, "write fields.txt from Envoy's definitions")

// judged are the messages whose fields are known.
var judged = []proto.Message{
	&hcm.HttpConnectionManager{}, &hcm.HttpFilter{}, &extauthz.ExtAuthz{}, &extauthz.ExtAuthzPerRoute{}, &extauthz.CheckSettings{}, &extauthz.BufferSettings{},
	&route.RouteConfiguration{}, &route.VirtualHost{}, &route.Route{}, &route.RouteMatch{}, &route.RouteAction{}, &route.HeaderMatcher{}, &route.QueryParameterMatcher{}, &route.FilterConfig{},
}

// TestFields compares fields.txt with Envoy's definitions.
func TestFields(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, m := range judged {
		d := m.ProtoReflect().Descriptor()
		fields := d.Fields()
		names := make([]string, fields.Len())
		for i := range names {
			names[i] = string(fields.Get(i).Name())
		}
		slices.Sort(names)
		lines = append(lines, fmt.Sprintf("%s: %s\n", d.Name(), strings.Join(names, " ")))
	}
	want := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile("fields.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if fieldsText != want {
		t.Error("fields.txt is not what Envoy defines: run go test -run TestFields -update here")
	}
}

// TestRulesNameFields: every field that a rule is about is one of Envoy's.
func TestRulesNameFields(t *testing.T) {
	t.Parallel()
	messages := map[string]protoreflect.MessageDescriptor{}
	for _, m := range judged {
		d := m.ProtoReflect().Descriptor()
		messages[string(d.Name())] = d
	}
	// Names that older versions had, which are refused now.
	older := []string{"host_rewrite"}
	for _, r := range rules {
		d := messages[r.message]
		for name := range strings.SplitSeq(r.path, ".") {
			if d == nil {
				t.Errorf("%s: there is no message for %s of %s", r.code, name, r.path)
				break
			}
			f := d.Fields().ByName(protoreflect.Name(name))
			if f == nil {
				if !slices.Contains(older, name) {
					t.Errorf("%s: %s has no field %s", r.code, d.Name(), name)
				}
				break
			}
			d = f.Message()
		}
	}
}
