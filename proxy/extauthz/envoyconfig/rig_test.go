package envoyconfig_test

import (
	"bytes"
	"net/url"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// operations are those of the group core.
func operations() []envoyconfig.Operation {
	var out []envoyconfig.Operation
	for _, o := range s3.Operations() {
		if o.Core && !o.OlderName && o.Refused == "" {
			out = append(out, envoyconfig.Operation{Name: o.Name, Method: o.Method, Level: o.Level, Selector: o.Selector, Decides: o.Decides, BodyLimit: o.BodyLimit})
		}
	}
	return out
}

// usual are the options of the usual set-up.
func usual(t testing.TB) envoyconfig.Options {
	t.Helper()
	endpoint, err := url.Parse("http://127.0.0.1:7070")
	if err != nil {
		t.Fatal(err)
	}
	return envoyconfig.Options{
		Listen: "127.0.0.1:10000", Timeout: 250 * time.Millisecond, MaxBody: 2 << 20,
		Door:      envoyconfig.Door{Address: "127.0.0.1:9191"},
		Routes:    []envoyconfig.Route{{Name: "main", Upstream: "store", Operations: operations()}},
		Upstreams: []envoyconfig.Upstream{{Name: "store", Endpoint: endpoint}},
		SystemCAs: "/etc/ssl/certs/ca-certificates.crt",
	}
}

// written is the configuration that Write makes.
func written(t testing.TB, o envoyconfig.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := envoyconfig.Write(&out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// expectations are those of core operations at any host.
func expectations() envoyconfig.Expectations {
	return envoyconfig.Expectations{Routes: []envoyconfig.Route{{Name: "main", Operations: operations()}}}
}
