//go:build unix

package e2e_test

import (
	"context"
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
