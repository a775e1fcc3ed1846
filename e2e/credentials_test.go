//go:build unix

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sallyport-iam/sallyport/e2e/store"
)

// workload is what a program is given to find its credentials by itself: files and
// the variables that name them.
type workload struct {
	dir string
	env []string
}

// ways are the ways in which SDKs come by temporary credentials, and who they are
// then; the endpoint is the only one that they know.
func (f *federation) ways(t testing.TB) map[string]struct {
	workload
	want string
} {
	t.Helper()
	type way = struct {
		workload
		want string
	}
	ways := map[string]way{}
	folder := func(config string) workload {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "token"), cluster().Token(serviceAccount()))
		write(t, filepath.Join(dir, "config"), strings.NewReplacer("DIR", dir, "BINARY", shared.binary, "ENDPOINT", f.Endpoint).Replace(config))
		write(t, filepath.Join(dir, "credentials"), fmt.Sprintf("[operator]\naws_access_key_id = %s\naws_secret_access_key = %s\n", f.operator.AccessKeyID, f.operator.SecretAccessKey))
		return workload{dir, []string{
			"AWS_ENDPOINT_URL=" + f.Endpoint, "AWS_CONFIG_FILE=" + filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "credentials"),
		}}
	}
	plain := folder("")
	plain.env = append(plain.env, "AWS_ROLE_ARN="+roleARN("orders"), "AWS_WEB_IDENTITY_TOKEN_FILE="+filepath.Join(plain.dir, "token"), "AWS_ROLE_SESSION_NAME=web")
	ways["web identity"] = way{plain, "assume-role-with-web-identity arn:aws:sts::" + account + ":assumed-role/orders/web"}
	ways["assume role"] = way{
		folder("[default]\nrole_arn = " + roleARN("orders-by-key") + "\nsource_profile = operator\nrole_session_name = key\nduration_seconds = 900\n"),
		"assume-role arn:aws:sts::" + account + ":assumed-role/orders-by-key/key",
	}
	ways["process"] = way{
		folder("[default]\ncredential_process = BINARY credentials --endpoint ENDPOINT --role-arn " + roleARN("orders") + " --web-identity-token-file DIR/token --duration 15m\n"),
		"custom-process arn:aws:sts::" + account + ":assumed-role/orders/shop-orders",
	}
	container := folder("")
	container.env = append(container.env, f.serveCredentials(t, "--role-arn", roleARN("orders"), "--web-identity-token-file", filepath.Join(container.dir, "token"),
		"--duration", "15m", "--session-name", "sidecar", "--authorization-token-file", filepath.Join(container.dir, "authorization"))...)
	ways["container"] = way{container, "container-role arn:aws:sts::" + account + ":assumed-role/orders/sidecar"}
	pod := folder("")
	pod.env = append(pod.env, f.serveCredentials(t, "--role-arn", roleARN("orders"), "--authorization", "web-identity")...)
	pod.env = append(pod.env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+filepath.Join(pod.dir, "token"))
	ways["pod identity"] = way{pod, "container-role arn:aws:sts::" + account + ":assumed-role/orders/shop-orders"}
	return ways
}

// serveCredentials starts `sallyport credentials serve`, which ends with the test, and
// returns the variables that it prints.
func (f *federation) serveCredentials(t testing.TB, args ...string) []string {
	t.Helper()
	cmd := exec.Command(shared.binary, append([]string{"credentials", "serve", "--listen", "127.0.0.1:0", "--endpoint", f.Endpoint}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	cmd.Stderr = output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("sallyport credentials serve: %v", err)
		}
	})
	want, got := 1, []string{}
	for _, arg := range args {
		if arg == "--authorization-token-file" {
			want = 2
		}
	}
	for lines := bufio.NewScanner(out); len(got) < want && lines.Scan(); {
		got = append(got, lines.Text())
	}
	if len(got) != want {
		t.Fatal("sallyport credentials serve did not open")
	}
	return got
}

// federateForSDKs is a federation with the role orders-by-key, which is like orders
// for those with a key.
func federateForSDKs(t testing.TB) *federation {
	t.Helper()
	f := federate(t)
	f.change(t, func() {
		text, err := os.ReadFile(f.path("roles", "reports.trust.json"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, f.path("roles", "orders-by-key.trust.json"), string(text))
		text, err = os.ReadFile(f.path("roles", "orders", "orders.json"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, f.path("roles", "orders-by-key", "orders.json"), string(text))
		write(t, f.path("roles", "orders-by-key.yaml"), "id: AROAORDERSBYKEYEX2222\n")
	})
	put(t, f.bucket, "orders/a", "an order")
	return f
}

// TestBoto3Credentials: boto3 finds temporary credentials by itself in each way there
// is, with one endpoint for S3 and STS, and gets others before they expire.
func TestBoto3Credentials(t *testing.T) {
	t.Parallel()
	f := federateForSDKs(t)
	script, err := filepath.Abs(filepath.Join("testdata", "python", "credentials.py"))
	if err != nil {
		t.Fatal(err)
	}
	path := pythonTool(t, "python")
	for name, way := range f.ways(t) {
		t.Run(name, func(t *testing.T) {
			c := tool{path: path, dir: way.dir, env: append(way.env, unset...)}
			if got := strings.TrimSpace(c.run(t, script, f.bucket, "orders/a", "an order")); got != way.want {
				t.Errorf("boto3 was %s, want %s", got, way.want)
			}
		})
	}
}

// TestJavaScriptCredentials: the same of aws-sdk-js.
func TestJavaScriptCredentials(t *testing.T) {
	t.Parallel()
	f := federateForSDKs(t)
	modules, err := node()
	if err != nil {
		skip(t, "no JavaScript clients: "+err.Error())
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "node", "credentials.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, way := range f.ways(t) {
		t.Run(name, func(t *testing.T) {
			c := tool{path: path, dir: way.dir, env: append(append(way.env, unset...), "NODE_PATH="+modules, "AWS_REGION="+store.Region)}
			out := c.run(t, script, f.bucket, "orders/a")
			if id, text, _ := strings.Cut(strings.TrimSpace(out), " "); !strings.HasPrefix(id, "ASIA") || text != "an order" {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// unset takes the keys that tools are given out of their environment again: for
// SDKs an empty one is none.
var unset = []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}

// TestGoCredentials: the same of aws-sdk-go-v2, as far as its configuration comes by
// files.
func TestGoCredentials(t *testing.T) {
	t.Parallel()
	f := federateForSDKs(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "token"), cluster().Token(serviceAccount()))
	write(t, filepath.Join(dir, "config"), strings.NewReplacer("DIR", dir, "BINARY", shared.binary, "ENDPOINT", f.Endpoint).Replace(`
[profile web]
role_arn = `+roleARN("orders")+`
web_identity_token_file = DIR/token
role_session_name = web
[profile operator]
aws_access_key_id = `+f.operator.AccessKeyID+`
aws_secret_access_key = `+f.operator.SecretAccessKey+`
[profile role]
role_arn = `+roleARN("orders-by-key")+`
source_profile = operator
role_session_name = key
[profile process]
credential_process = BINARY credentials --endpoint ENDPOINT --role-arn `+roleARN("orders")+` --web-identity-token-file DIR/token --session-name process
`))
	check := func(t *testing.T, provider aws.CredentialsProvider, want string, others bool) {
		t.Helper()
		// A window longer than they last: each request is made with new ones.
		cached := aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 2 * time.Hour })
		c := f.objects(cached, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
		var keys [2]string
		for i := range keys {
			out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &f.bucket, Key: aws.String("orders/a")})
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, out, nil); got != "an order" {
				t.Errorf("read %q", got)
			}
			got, err := cached.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			keys[i] = got.AccessKeyID
		}
		if (keys[0] != keys[1]) != others {
			t.Errorf("the keys were %s, then %s", keys[0], keys[1])
		}
		caller := sts.New(sts.Options{Region: store.Region, BaseEndpoint: &f.Endpoint, Credentials: cached})
		out, err := caller.GetCallerIdentity(t.Context(), nil)
		if err != nil || *out.Arn != "arn:aws:sts::"+account+":assumed-role/"+want {
			t.Errorf("was %+v, %v, want %s", out, err, want)
		}
	}
	for profile, want := range map[string]string{"web": "orders/web", "role": "orders-by-key/key", "process": "orders/process"} {
		t.Run(profile, func(t *testing.T) {
			cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(store.Region), config.WithBaseEndpoint(f.Endpoint), config.WithSharedConfigProfile(profile),
				config.WithSharedConfigFiles([]string{filepath.Join(dir, "config")}), config.WithSharedCredentialsFiles(nil))
			if err != nil {
				t.Fatal(err)
			}
			inner := cfg.Credentials
			if cache, ok := inner.(*aws.CredentialsCache); ok {
				inner = uncached{cache}
			}
			check(t, inner, want, true)
		})
	}
	t.Run("container", func(t *testing.T) {
		variables := f.serveCredentials(t, "--role-arn", roleARN("orders"), "--web-identity-token-file", filepath.Join(dir, "token"), "--session-name", "sidecar",
			"--authorization-token-file", filepath.Join(dir, "authorization"))
		_, uri, _ := strings.Cut(variables[0], "=")
		authorization, err := os.ReadFile(filepath.Join(dir, "authorization"))
		if err != nil {
			t.Fatal(err)
		}
		provider := endpointcreds.New(uri, func(o *endpointcreds.Options) { o.AuthorizationToken = string(authorization) })
		// The endpoint keeps what holds long enough: the same credentials come again.
		check(t, provider, "orders/sidecar", false)
	})
}

// uncached asks a cache for other credentials each time.
type uncached struct{ cache *aws.CredentialsCache }

func (u uncached) Retrieve(ctx context.Context) (aws.Credentials, error) {
	u.cache.Invalidate()
	return u.cache.Retrieve(ctx)
}

// TestCredentialsCommand: the command by itself, with a second factor that is asked
// for once.
func TestCredentialsCommand(t *testing.T) {
	t.Parallel()
	f := federate(t, withDevice(t))
	put(t, f.bucket, "vault/a", "a secret")
	dir := t.TempDir()
	c := tool{path: shared.binary, dir: dir, place: place{key: f.operator}, env: []string{"AWS_ENDPOINT_URL_STS=" + f.Endpoint}}
	type printed struct {
		AccessKeyID                   string `json:"AccessKeyId"`
		SecretAccessKey, SessionToken string
	}
	read := func(args ...string) printed {
		t.Helper()
		var got printed
		if err := json.Unmarshal([]byte(c.run(t, append([]string{"credentials", "--cache", filepath.Join(dir, "cache")}, args...)...)), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := read("--mfa-serial", mfaDevice, "--token-code", totp(0))
	second := read("--mfa-serial", mfaDevice)
	if first != second {
		t.Errorf("the cache has %s, not %s", second.AccessKeyID, first.AccessKeyID)
	}
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: second.AccessKeyID, SecretAccessKey: second.SecretAccessKey, SessionToken: second.SessionToken}, nil
	})
	if got := f.reads(t, provider, "vault/a"); got != "a secret" {
		t.Errorf("with the command's credentials: %s", got)
	}
	if out, err := c.try(t.Context(), "credentials", "--role-arn", roleARN("guarded")); err == nil || out != "" || !strings.Contains(err.Error(), "hint: the trust policy of the role") {
		t.Errorf("what is refused: %s, %v", out, err)
	}
}
