//go:build unix

// Package e2e_test proves Sallyport with real processes: a real S3 store
// behind it, real clients in front of it.
//
// With SALLYPORT_E2E_DIRECT=1 the tests of ordinary clients talk to the store
// without Sallyport, which tells a fault of the store from one of ours.
// SALLYPORT_E2E_LOGS=1 shows what the processes print, and SALLYPORT_E2E_RACE=1
// builds Sallyport with the race detector.
package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// account is the one account of the tests' bundle.
const account = "111122223333"

// The users of the tests' bundle.
const (
	admin   = "admin"   // may do everything
	limited = "limited" // may read public/* and list it, in any bucket
)

var update = flag.Bool("update", false, "write the tour's table into the README")

// shared is what all tests use: one store, and one Sallyport in front of it.
var shared struct {
	storeBinary, binary string
	store               *store.Store
	site                *sallyport.Site
	server              *sallyport.Server
	certificates        *authority
	tlsEndpoint         string
	hostsAddress        string // of the door for virtual hosts
	exactEndpoint       string // the door that takes all keys
	keys                map[string]sallyport.Key
	// home is a folder that lives as long as the tests.
	home string
}

// direct tells that ordinary clients talk to the store itself.
func direct() bool { return os.Getenv("SALLYPORT_E2E_DIRECT") != "" }

// output is where processes print.
func output() io.Writer {
	if os.Getenv("SALLYPORT_E2E_LOGS") != "" {
		return os.Stderr
	}
	return nil
}

func TestMain(m *testing.M) {
	flag.Parse()
	// Most tests wait for other processes, not for the processor.
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		_ = given.Value.Set("6")
	}
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home, err := os.MkdirTemp("", "sallyport-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(home)
	defer func() {
		if shared.server != nil {
			if err := shared.server.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		if shared.store != nil {
			shared.store.Kill()
		}
	}()
	if err := start(ctx, home); err != nil {
		fmt.Fprintln(os.Stderr, "setting up the end-to-end tests:", err)
		return 1
	}
	// A signal must not leave processes or files behind.
	ended := make(chan int, 1)
	go func() { ended <- m.Run() }()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "interrupted")
		return 130
	}
}

func start(ctx context.Context, home string) (err error) {
	progress := process.NewProgress(os.Stderr)
	shared.home = home
	module, err := process.Module()
	if err != nil {
		return err
	}
	if shared.storeBinary, err = process.Build(ctx, progress, process.Store(module)); err != nil {
		return err
	}
	shared.store, err = store.Start(ctx, store.Options{
		Binary: shared.storeBinary, Directory: filepath.Join(home, "store"), Versioning: true, Output: output(),
	})
	if err != nil || direct() {
		return err
	}
	product := process.Sallyport(filepath.Dir(module))
	if os.Getenv("SALLYPORT_E2E_RACE") != "" {
		product.Flags = []string{"-race"}
	}
	if shared.binary, err = process.Build(ctx, progress, product); err != nil {
		return err
	}
	if shared.certificates, err = newAuthority(); err != nil {
		return err
	}
	shared.site, shared.keys, err = newSite(ctx, filepath.Join(home, "site"))
	if err != nil {
		return err
	}
	shared.server, err = shared.site.Start(ctx, sallyport.Options{Upstream: upstream(shared.store), Output: output()})
	if err != nil {
		return err
	}
	status, err := shared.server.Status(ctx)
	if err != nil {
		return err
	}
	for _, door := range status.Doors {
		switch door.Name {
		case "s3-tls":
			shared.tlsEndpoint = "https://" + door.Address
		case "s3-hosts":
			shared.hostsAddress = door.Address
		case "s3-exact":
			shared.exactEndpoint = "http://" + door.Address
		}
	}
	return nil
}

// newSite lays out the tests' configurations, bundle, keys and certificate.
func newSite(ctx context.Context, directory string) (*sallyport.Site, map[string]sallyport.Key, error) {
	site, err := sallyport.NewSite(shared.binary, filepath.Join("testdata", "site"), directory)
	if err != nil {
		return nil, nil, err
	}
	keys := map[string]sallyport.Key{}
	for _, user := range []string{admin, limited} {
		if keys[user], err = site.CreateKey(ctx, account, user); err != nil {
			return nil, nil, err
		}
	}
	return site, keys, shared.certificates.issue(site.Path("tls.crt"), site.Path("tls.key"), "first")
}

func upstream(s *store.Store) sallyport.Upstream {
	return sallyport.Upstream{Endpoint: s.Endpoint, AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}
}

// place is an endpoint and whom to be there.
type place struct {
	endpoint string
	key      sallyport.Key
}

// at is the shared door as user, or the store itself if the tests run without
// Sallyport.
func at(user string) place {
	if direct() {
		return place{shared.store.Endpoint, sallyport.Key{AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}}
	}
	return place{shared.server.Endpoint, shared.keys[user]}
}

// needsSallyport skips a test that means nothing without Sallyport.
func needsSallyport(t testing.TB) {
	t.Helper()
	if direct() {
		t.Skip("SALLYPORT_E2E_DIRECT is set: this test is about Sallyport")
	}
}

// client is aws-sdk-go-v2 as its documentation sets it up, with defaults.
func (p place) client(t testing.TB, options ...func(*s3.Options)) *s3.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(),
		config.WithRegion(store.Region),
		config.WithBaseEndpoint(p.endpoint),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(p.key.AccessKeyID, p.key.SecretAccessKey, "")))
	if err != nil {
		t.Fatal(err)
	}
	// The tests compare what they get; the SDK need not say what it did not.
	options = append(options, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
	return s3.NewFromConfig(cfg, options...)
}

// bucket makes a bucket of the test's own, through the door.
func bucket(t testing.TB) string {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "Test"))
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, name)
	name = strings.Trim(name[:min(len(name), 50)], "-") + "-" + random(3)
	if _, err := at(admin).client(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("creating bucket %s: %v", name, err)
	}
	return name
}

// random is n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// within bounds a call that should be quick.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// put puts an object as admin.
func put(t testing.TB, bucket, key, text string) {
	t.Helper()
	_, err := at(admin).client(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})
	if err != nil {
		t.Fatalf("putting %s/%s: %v", bucket, key, err)
	}
}

// stored is an object's text as the store itself has it; ok is false if it
// has none of that name.
func stored(t testing.TB, bucket, key string) (text string, ok bool) {
	t.Helper()
	out, err := shared.store.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if code(err) == "NoSuchKey" {
		return "", false
	}
	if err != nil {
		t.Fatalf("looking into the store for %s/%s: %v", bucket, key, err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), true
}
