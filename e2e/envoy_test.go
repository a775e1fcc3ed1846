//go:build unix

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/envoy"
	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// envoyProgram is the Envoy of all tests.
var envoyProgram = sync.OnceValues(envoy.Program)

// documented is a file that docs/envoy.md shows, with other addresses.
func documented(t testing.TB, name string, addresses ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "envoy.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```yaml "+name+"\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatalf("docs/envoy.md shows no %s", name)
	}
	for i := 0; i < len(addresses); i += 2 {
		if !strings.Contains(block, addresses[i]) {
			t.Fatalf("%s of docs/envoy.md does not have %q", name, addresses[i])
		}
		block = strings.ReplaceAll(block, addresses[i], addresses[i+1])
	}
	return []byte(block)
}

// envoyed is Envoy before the store and a Sallyport that it asks. Sallyport is
// configured as docs/envoy.md shows, and Envoy as Sallyport says.
type envoyed struct {
	*instance
	address, endpoint string
	// config is Envoy's configuration, file where it is.
	config, file string
}

// at is Envoy's endpoint as user.
func (e *envoyed) at(user string) place { return place{e.endpoint, shared.keys[user]} }

// setup says how the two differ from what is usual.
type setup struct {
	// listen is the door's, door are further keys of it, route of its route and
	// upstream of the upstream.
	listen                string
	door, route, upstream []string
	// flags are those of `sallyport envoy config`, and change is made to what
	// it prints.
	flags  []string
	change func(string) string
	// client reaches Envoy over TLS, if the flags are for it.
	client *http.Client
	// site changes the site, further is more of the configuration.
	site    func(*sallyport.Site)
	further string
}

// startEnvoy starts both.
func startEnvoy(t testing.TB, up sallyport.Upstream, s setup) *envoyed {
	t.Helper()
	needsSallyport(t)
	if _, err := envoyProgram(); err != nil {
		skip(t, "no Envoy: "+err.Error())
	}
	if s.listen == "" {
		s.listen = `"${SALLYPORT_LISTEN}"`
	}
	lines := func(first, indent string, further []string) string {
		return strings.Join(append([]string{first}, further...), "\n"+indent)
	}
	e := &envoyed{}
	e.instance = serve(t, "envoy.yaml", up, func(site *sallyport.Site) {
		config := documented(t, "sallyport.yaml",
			"127.0.0.1:9191", lines(s.listen, "    ", s.door),
			"upstream: store", lines("upstream: store", "        ", s.route),
			"http://127.0.0.1:7070", lines(`"${STORE_ENDPOINT}"`, "    ", s.upstream))
		config = append(config, "admin: {listen: \"${SALLYPORT_ADMIN_LISTEN}\"}\ntimeouts: {drain_delay: 0s}\n"+s.further...)
		if s.site != nil {
			s.site(site)
		}
		if err := os.WriteFile(site.Path("envoy.yaml"), config, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	// A loaded machine is no finding.
	printed, err := e.site.EnvoyConfig(t.Context(), e.Server, append([]string{"--listen", address, "--timeout", "10s"}, s.flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	e.address, e.endpoint = address, "http://"+address
	if s.client != nil {
		e.endpoint = "https://" + address
	}
	e.config = string(printed)
	if s.change != nil {
		e.config = s.change(e.config)
	}
	e.launch(t, s.client)
	if out, err := e.site.EnvoyCheck(t.Context(), e.file); s.change == nil && (err != nil || !strings.HasSuffix(string(out), ": OK\n")) {
		t.Errorf("%s%v", out, err)
	}
	return e
}

// launch starts Envoy with the configuration.
func (e *envoyed) launch(t testing.TB, client *http.Client) {
	t.Helper()
	program, err := envoyProgram()
	if err != nil {
		t.Fatal(err)
	}
	e.file = filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(e.file, []byte(e.config), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := envoy.Validate(t.Context(), program, e.file); err != nil {
		t.Fatal(err)
	}
	server, err := envoy.Start(t.Context(), envoy.Options{Program: program, File: e.file, Endpoint: e.endpoint, Client: client, Output: output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Kill()
		if t.Failed() {
			t.Logf("Envoy's last words:\n%s", server.Log())
		}
	})
}

// again is another Envoy before the same Sallyport, with a change.
func (e *envoyed) again(t testing.TB, change func(string) string) *envoyed {
	t.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	port := func(address string) string {
		return "port_value: " + address[strings.LastIndexByte(address, ':')+1:] + "}"
	}
	other := &envoyed{instance: e.instance, address: address, endpoint: "http://" + address}
	other.config = change(strings.Replace(e.config, port(e.address), port(address), 1))
	other.launch(t, nil)
	return other
}

// TestEnvoy: what clients sign reaches Sallyport through Envoy as they signed it,
// and the store takes what Sallyport signed for what Envoy sends.
func TestEnvoy(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{})
	bucket := bucket(t)
	client := e.at(admin).client(t)

	t.Run("aws-sdk-go-v2", func(t *testing.T) {
		t.Parallel()
		for _, key := range []string{"plain", "a b", "a+b", "a%2Fb", "a%2Bb", "é", "e\u0301", "日本語", "🏰", "a=b&c?d#e", "<a>&amp;", "deep/er/x..y"} {
			text := "I am " + key
			if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)}); err != nil {
				t.Errorf("put %q: %v", key, err)
				continue
			}
			if got, ok := stored(t, bucket, key); got != text {
				t.Errorf("put %q: the store holds %q (there: %t)", key, got, ok)
			}
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				t.Errorf("get %q: %v", key, err)
				continue
			}
			got, _ := io.ReadAll(out.Body)
			out.Body.Close()
			if string(got) != text {
				t.Errorf("get %q: %q", key, got)
			}
			presigned, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			if response, body := follow(t, presigned.URL); response.StatusCode != http.StatusOK || body != text {
				t.Errorf("presigned %q: %d %s", key, response.StatusCode, body)
			}
		}
	})
	t.Run("keys that the store would change", func(t *testing.T) {
		t.Parallel()
		for _, key := range []string{"a//b", "a/../b", "a/./b"} {
			_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			_, there := at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			// Sallyport saw the key as it was signed, or it would have said so.
			if code(err) == "" || code(err) == "SignatureDoesNotMatch" || code(err) != code(there) {
				t.Errorf("%q: %v, at the standalone door %v", key, err, there)
			}
		}
	})
	t.Run("decided from bodies", func(t *testing.T) {
		t.Parallel()
		key, own := "tagged", "envoy-"+random(6)
		if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &own}); err != nil {
			t.Error(err)
		}
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &own, Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: &own, Key: &key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("north")}}}}); err != nil {
			t.Error(err)
		}
		many := &s3.DeleteObjectsInput{Bucket: &own, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &key}, {Key: aws.String("scratch/x")}}}}
		// One of the two is denied to this user, and so nothing is deleted.
		if _, err := e.at(limited).client(t).DeleteObjects(t.Context(), many); code(err) != "AccessDenied" {
			t.Errorf("delete many as %s: %v", limited, err)
		}
		if _, ok := stored(t, own, key); !ok {
			t.Error("it was deleted")
		}
		if out, err := client.DeleteObjects(t.Context(), many); err != nil || len(out.Deleted) != 2 {
			t.Errorf("delete many: %v, %v", out, err)
		}
	})
	t.Run("denied", func(t *testing.T) {
		t.Parallel()
		put(t, bucket, "private", "x")
		_, err := e.at(limited).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
		wantDenied(t, err, "s3:GetObject")
		_, err = e.at(limited).client(t).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("private")})
		if httpStatus(err) != http.StatusForbidden {
			t.Errorf("HEAD: %v", err)
		}
		wrong := e.at(admin)
		wrong.key.SecretAccessKey += "x"
		_, err = wrong.client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
		if code(err) != "SignatureDoesNotMatch" {
			t.Errorf("with another secret: %v", err)
		}
	})
	t.Run("a body that is not what was signed", func(t *testing.T) {
		t.Parallel()
		m := e.at(admin).signed(t, "PUT", "/"+bucket+"/forged", sum256("signed"), "Content-Length: 6").carrying("forged")
		if response, body := exchange(t, e.endpoint, m.String()); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %s", response.StatusCode, body)
		}
		if text, ok := stored(t, bucket, "forged"); ok {
			t.Errorf("the store holds %q", text)
		}
	})
	t.Run("boto3", func(t *testing.T) {
		t.Parallel()
		script, err := filepath.Abs(filepath.Join("testdata", "python", "boto3_default.py"))
		if err != nil {
			t.Fatal(err)
		}
		own := "boto3-" + random(6)
		if _, err := at(admin).client(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &own}); err != nil {
			t.Fatal(err)
		}
		python := tool{path: pythonTool(t, "python"), before: []string{script}, dir: t.TempDir(), place: e.at(admin)}
		if out := python.run(t, e.endpoint, own); out != "ok\n" {
			t.Errorf("printed %q", out)
		}
	})
}

// TestEnvoyTellsTheStore: what the store gets of a request with forged headers.
func TestEnvoyTellsTheStore(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []*http.Request
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
	}))
	t.Cleanup(store.Close)
	e := startEnvoy(t, standIn(store.URL), setup{upstream: []string{"object_keys: exact"}})
	forged := []string{"X-Sallyport-Principal: root", "X-Sallyport-Principal: me", "X-Sallyport-Admin: yes", "X-Forwarded-Host: evil", "X-Amz-Meta-A: 1", "X-Amz-Meta-A: 2", "X-Amz-Meta-B: caf\xe9"}
	target := "/bucket//a+b%2Fc/../%e2%82%AC/.?versionId=1&x-id=GetObject"
	response, body := exchange(t, e.endpoint, e.at(admin).signed(t, "GET", target, emptyHash, forged...).String())
	if response.StatusCode != http.StatusOK || len(seen) != 1 {
		t.Fatalf("%d %s, seen %d", response.StatusCode, body, len(seen))
	}
	got := seen[0]
	if got.RequestURI != target || "http://"+got.Host != store.URL {
		t.Errorf("the store was asked for %s of %s", got.RequestURI, got.Host)
	}
	for name, want := range map[string]string{
		"X-Sallyport-Principal": `["arn:aws:iam::111122223333:user/admin"]`, "X-Sallyport-Account": `["111122223333"]`, "X-Sallyport-Admin": `null`,
		"X-Forwarded-Host": `null`, "X-Amz-Meta-A": `["1","2"]`, "X-Amz-Security-Token": `null`,
	} {
		if values, _ := json.Marshal(got.Header.Values(name)); string(values) != want {
			t.Errorf("%s: %s, want %s", name, values, want)
		}
	}
	if got.Header.Get("X-Amz-Meta-B") != "caf\xe9" {
		t.Errorf("bytes outside UTF-8 became %q", got.Header.Get("X-Amz-Meta-B"))
	}
	if values := got.Header.Values("Authorization"); len(values) != 1 || strings.Contains(values[0], shared.keys[admin].AccessKeyID) {
		t.Errorf("signed as %q", values)
	}
	if response.Header.Get("x-sallyport-revision") == "" || response.Header.Get("x-sallyport-request-id") == "" {
		t.Errorf("the answer has %v", response.Header)
	}
}

// TestEnvoyWithoutSallyport: when nobody answers, nothing passes.
func TestEnvoyWithoutSallyport(t *testing.T) {
	t.Parallel()
	e := startEnvoy(t, upstream(shared.store), setup{})
	bucket := bucket(t)
	put(t, bucket, "k", "secret text")
	if _, err := e.at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	out, err := e.at(admin).client(t, func(o *s3.Options) { o.RetryMaxAttempts = 1 }).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
	if httpStatus(err) != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", out, err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("it took too long")
	}
}
