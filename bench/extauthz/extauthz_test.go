package extauthz_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/bench/extauthz"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// TestSection measures as briefly as can be: every answer must allow, and
// Sallyport must deny what it must before.
func TestSection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts Envoy and servers, and takes seconds")
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
			t.Skip("no nginx: apt-get install nginx-light")
		}
	}
	if _, err := wrk.Program(); err != nil {
		t.Skip(err)
	}
	if _, err := fleet.EnvoyProgram(); err != nil {
		t.Skip(err)
	}
	r, err := extauthz.Section(t.Context(), measure.Turns{Rounds: 1, Length: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Sallyport |", "no-op server, Unix socket", "p99 at 70 %", "| Envoy alone |", "| Envoy, Sallyport, Unix socket |", "goal"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, r.Text)
		}
	}
}

// TestAllowed checks what the client takes for leave.
func TestAllowed(t *testing.T) {
	t.Parallel()
	ok := &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}}
	for _, tt := range []struct {
		name string
		out  *authv3.CheckResponse
		want bool
	}{
		{"allowed", &authv3.CheckResponse{Status: &status.Status{}, HttpResponse: ok}, true},
		{"denied", &authv3.CheckResponse{
			Status:       &status.Status{Code: 7},
			HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{}},
		}, false},
		{"both", &authv3.CheckResponse{Status: &status.Status{Code: 7}, HttpResponse: ok}, false},
		{"neither", &authv3.CheckResponse{}, false},
	} {
		text, err := proto.Marshal(tt.out)
		if err != nil {
			t.Fatal(err)
		}
		if got := extauthz.Allowed(append(make([]byte, 5), text...)); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 4), {1, 0, 0, 0, 2, 0x1a, 0}, {0, 0, 0, 0, 2, 0x1a}} {
		if extauthz.Allowed(bad) {
			t.Errorf("%x is taken for leave", bad)
		}
	}
}
