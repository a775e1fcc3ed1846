//go:build unix

package e2e_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// trustCluster gives a site the cluster's provider and the role orders, and session
// keys.
func trustCluster(t testing.TB) func(*sallyport.Site) {
	return func(site *sallyport.Site) {
		t.Helper()
		from := filepath.Join("testdata", "federation", "bundle", "accounts", account)
		for _, name := range []string{"oidc-providers/cluster.yaml", "roles/orders.yaml", "roles/orders.trust.json", "roles/orders/orders.json"} {
			text, err := os.ReadFile(filepath.Join(from, name))
			if err != nil {
				t.Fatal(err)
			}
			write(t, site.Path("bundle", "accounts", account, name), string(text))
		}
		write(t, site.Path("bundle", "accounts", account, "oidc-providers", "cluster.jwks.json"), string(issuer.KeySet(cluster())))
		command(t, site, "sessions", "keygen", "--file", site.Path("sessions.yaml"))
	}
}

// TestTokensBehindEnvoy: a bearer token goes no further than Envoy, STS is answered
// through it, and what it gives signs requests through it.
func TestTokensBehindEnvoy(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{
		route:   []string{"\n      - {name: sts, service: sts, regions: [us-east-1]}"},
		further: "sessions: {keys: sessions.yaml}\n", site: trustCluster(t),
	})
	bucket := bucket(t)
	put(t, bucket, "orders/a", "an order")
	put(t, bucket, "reports/a", "a report")
	token := cluster().Token(serviceAccount())
	for key, want := range map[string]string{"orders/a": "200 an order", "reports/a": "403 "} {
		status, body := fetch(t, http.MethodGet, e.endpoint+"/"+bucket+"/"+key, nil, http.Header{"Authorization": {"Bearer " + token}})
		if got := http.StatusText(status) + body; !strings.HasPrefix(want, map[int]string{200: "200 ", 403: "403 "}[status]) || status == 200 && body != "an order" {
			t.Errorf("%s by a token: %s", key, got)
		}
	}
	out, err := stsClient(e.endpoint, "", "", "").AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(roleARN("orders")), RoleSessionName: aws.String("envoy"), WebIdentityToken: &token,
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &federation{instance: &instance{Server: &sallyport.Server{Endpoint: e.endpoint}}, bucket: bucket}
	if got := f.reads(t, temporary(out.Credentials), "orders/a"); got != "an order" {
		t.Errorf("an order by temporary credentials: %s", got)
	}
	if got := f.reads(t, temporary(out.Credentials), "reports/a"); got != "AccessDenied" {
		t.Errorf("a report by temporary credentials: %s", got)
	}
}

// TestSPIFFEBehindEnvoy: a door that believes Envoy's word of certificates takes the
// workload's for who asks, and one that does not takes it for nobody.
func TestSPIFFEBehindEnvoy(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const id = "spiffe://example.org/ns/shop/sa/orders"
	for name, tt := range map[string]struct {
		door   []string
		status int
	}{
		"verified": {[]string{"source_principal: verified"}, http.StatusOK},
		"recorded": {nil, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certificate, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
			if err := shared.certificates.issue(certificate, key, "envoy"); err != nil {
				t.Fatal(err)
			}
			e := startEnvoy(t, upstream(shared.store), setup{
				door: tt.door, flags: []string{"--tls-certificate", certificate, "--tls-key", key}, client: shared.certificates.as(t, id),
				further: "sessions: {}\n",
				site: func(site *sallyport.Site) {
					appendFile(t, site.Path("bundle", "bundle.yaml"), "certificates: [{uri: \""+id+"\", role: \""+roleARN("mesh")+"\"}]\n")
					folder := site.Path("bundle", "accounts", account, "roles")
					write(t, filepath.Join(folder, "mesh.yaml"), "id: AROAMESHEXAMPLE222222\n")
					write(t, filepath.Join(folder, "mesh.trust.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"},
						"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]}`)
					write(t, filepath.Join(folder, "mesh", "read.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/orders/*"}]}`)
				},
				change: func(config string) string {
					const before = "              common_tls_context:\n"
					if strings.Count(config, before) != 1 {
						t.Fatalf("the configuration has not one %q", before)
					}
					return strings.Replace(config, before, "              require_client_certificate: true\n"+before+
						"                validation_context: {trusted_ca: {filename: \""+shared.certificates.file(t)+"\"}}\n", 1)
				},
			})
			bucket := bucket(t)
			put(t, bucket, "orders/a", "an order")
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.endpoint+"/"+bucket+"/orders/a", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := shared.certificates.as(t, id).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != tt.status || tt.status == http.StatusOK && string(body) != "an order" {
				t.Errorf("%d %s, %v, want %d", response.StatusCode, body, err, tt.status)
			}
		})
	}
}

// TestTokensBehindProxies: the same of the proxies that ask over HTTP, which cannot
// answer for STS.
func TestTokensBehindProxies(t *testing.T) {
	t.Parallel()
	for name := range askers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startFurther(t, name, nil, upstream(shared.store), trustCluster(t), "sessions: {keys: sessions.yaml}\n")
			bucket := bucket(t)
			put(t, bucket, "orders/a", "an order")
			put(t, bucket, "reports/a", "a report")
			for key, want := range map[string]int{"orders/a": 200, "reports/a": 403} {
				status, body := fetch(t, http.MethodGet, a.endpoint+"/"+bucket+"/"+key, nil, http.Header{"Authorization": {"Bearer " + cluster().Token(serviceAccount())}})
				if status != want || status == 200 && body != "an order" {
					t.Errorf("%s by a token: %d %s", key, status, body)
				}
			}
			// Credentials of a Sallyport that has the same keys.
			site, err := sallyport.NewSite(shared.binary, a.site.Directory, filepath.Join(t.TempDir(), "issuer"))
			if err != nil {
				t.Fatal(err)
			}
			config, err := os.ReadFile(filepath.Join("testdata", "federation", "sallyport.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			without, _, _ := strings.Cut(string(config), "  - name: tls\n")
			_, rest, _ := strings.Cut(string(config), "upstreams:\n")
			write(t, site.Path("sallyport.yaml"), without+"upstreams:\n"+rest)
			if err := os.Chmod(site.Path("sessions.yaml"), 0o600); err != nil {
				t.Fatal(err)
			}
			server, err := site.Start(t.Context(), sallyport.Options{Upstream: upstream(shared.store), Output: output()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Stop() })
			issuing := &federation{instance: &instance{Server: server}}
			credentials := temporary(issuing.exchanged(t, "orders", cluster().Token(serviceAccount())))
			client := s3.New(s3.Options{Region: store.Region, BaseEndpoint: &a.endpoint, UsePathStyle: true, RetryMaxAttempts: 1,
				Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) { return credentials.Retrieve(ctx) })})
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("orders/a")})
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, out, nil); got != "an order" {
				t.Errorf("an order by temporary credentials: %q", got)
			}
			if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("reports/a")}); httpStatus(err) != 403 {
				t.Errorf("a report by temporary credentials: %v", err)
			}
		})
	}
}
