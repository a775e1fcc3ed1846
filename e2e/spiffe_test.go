//go:build unix

package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestSPIFFE: who shows the certificate of a workload is who the bundle says that it
// stands for, without a key or a token.
func TestSPIFFE(t *testing.T) {
	t.Parallel()
	f := federate(t, func(site *sallyport.Site) {
		appendFile(t, site.Path("bundle", "bundle.yaml"), `certificates:
  - {uri: "spiffe://example.org/ns/shop/sa/orders", role: "`+roleARN("mesh")+`"}
  - {uri: "spiffe://example.org/ns/operators/*", user: "arn:aws:iam::`+account+`:user/operator"}
`)
		folder := site.Path("bundle", "accounts", account, "roles")
		write(t, filepath.Join(folder, "mesh.yaml"), "id: AROAMESHEXAMPLE222222\n")
		write(t, filepath.Join(folder, "mesh.trust.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"},
			"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]}`)
		write(t, filepath.Join(folder, "mesh", "read.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/orders/*"}]}`)
	})
	put(t, f.bucket, "orders/a", "an order")
	put(t, f.bucket, "operator/a", "a tool")
	get := func(id, key string, ask ...func(*http.Request)) (int, string) {
		t.Helper()
		client := shared.certificates.client()
		if id != "" {
			client = shared.certificates.as(t, id)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.tls+"/"+f.bucket+"/"+key, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range ask {
			change(r)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	for name, tt := range map[string]struct {
		id, key string
		status  int
		want    string
	}{
		"a workload":                   {"spiffe://example.org/ns/shop/sa/orders", "orders/a", 200, "an order"},
		"what its role may not":        {"spiffe://example.org/ns/shop/sa/orders", "operator/a", 403, "assumed-role/mesh/"},
		"an operator":                  {"spiffe://example.org/ns/operators/ann", "operator/a", 200, "a tool"},
		"what an operator may not":     {"spiffe://example.org/ns/operators/ann", "orders/a", 403, "user/operator"},
		"one that no rule is for":      {"spiffe://example.org/ns/shop/sa/billing", "orders/a", 403, "<Code>AccessDenied</Code>"},
		"of another trust domain":      {"spiffe://example.com/ns/shop/sa/orders", "orders/a", 403, "<Code>AccessDenied</Code>"},
		"a name that begins like it":   {"spiffe://example.org/ns/shop/sa/orders2", "orders/a", 403, "<Code>AccessDenied</Code>"},
		"nothing below the name of it": {"spiffe://example.org/ns/shop/sa/orders/x", "orders/a", 403, "<Code>AccessDenied</Code>"},
		"no certificate":               {"", "orders/a", 403, "<Code>AccessDenied</Code>"},
	} {
		if status, body := get(tt.id, tt.key); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", name, status, body, tt.status, tt.want)
		}
	}
	// A token says who one is where there is one.
	if status, body := get("spiffe://example.org/ns/operators/ann", "operator/a", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+cluster().Token(serviceAccount()))
	}); status != 403 || !strings.Contains(body, "assumed-role/orders/") {
		t.Errorf("a token beside a certificate: %d %s", status, body)
	}
	// One that nobody signed ends the connection.
	stranger, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	client := stranger.as(t, "spiffe://example.org/ns/shop/sa/orders")
	roots := x509.NewCertPool()
	roots.AddCert(shared.certificates.certificate)
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.tls+"/"+f.bucket+"/orders/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := client.Do(r); err == nil {
		response.Body.Close()
		t.Errorf("a certificate of another authority: %d", response.StatusCode)
	}
}

// as is a client that trusts the authority and shows a certificate of it for a URI.
func (a *authority) as(t testing.TB, id string) *http.Client {
	t.Helper()
	uri, err := url.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := a.issue(certificate, key, "workload", uri); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	client := a.client()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	return client
}
