package extauthz_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// patience is the deadline of everything in these tests that must not hang.
const patience = 20 * time.Second

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	maxHeader = 16 << 10
	maxBody   = 4 << 10
)

// keyOf is the access key id of a user.
func keyOf(user string) string { return "AKIAEXAMPLE" + strings.ToUpper((user + "AAAAAAAAA")[:9]) }

// oneAccount is a bundle in which everything belongs to one account.
var oneAccount = map[string]string{
	"bundle.yaml": `accounts: {"111122223333": {}}
buckets: [{name: "*", account: "111122223333"}]
certificates: [{uri: "spiffe://example.org/alice", user: "arn:aws:iam::111122223333:user/alice"}]
`,
	"accounts/111122223333/users/alice.yaml": "id: AIDAALICEALICEALICE1\n",
	"accounts/111122223333/users/alice/all.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::reports/secret/*", "arn:aws:s3:::reports/a/secret"]}]}`,
	"accounts/111122223333/users/bob.yaml": "id: AIDABOBBOBBOBBOBBOB1\n",
	"accounts/111122223333/users/bob/read.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/public/*", "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}},
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/tls/*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}`,
	"accounts/111122223333/resources/s3/reports.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/open/*"}]}`,
}

// twoAccounts is the same with another account's bucket.
var twoAccounts = func() map[string]string {
	files := map[string]string{}
	for name, text := range oneAccount {
		files[name] = text
	}
	files["bundle.yaml"] = `accounts: {"111122223333": {}, "444455556666": {}}
buckets: [{name: "*", account: "111122223333"}, {name: "other", account: "444455556666"}]
`
	return files
}()

// world is both doors before one enforcement point and one store.
type world struct {
	t          testing.TB
	enforcer   *proxy.Enforcer
	strong     *proxy.Door // what the enforcement point knows of the standalone door
	standalone *standalone.Server
	extauthz   *extauthz.Server
	client     authv3.AuthorizationClient
	conn       *grpc.ClientConn
	records    *lines
	log        *audit.Log
	registry   *prometheus.Registry
	store      string // its authority
	routes     []*proxy.Route

	mu   sync.Mutex
	seen []*http.Request
}

type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// recorded ends the audit log and tells what is in it.
func (w *world) recorded() string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.log.Close(ctx); err != nil {
		w.t.Error(err)
	}
	return w.records.String()
}

// setting is what a test may change before the doors open.
type setting struct {
	files    map[string]string
	upstream upstream.Options
	routes   []*proxy.Route
	extauthz extauthz.Options
	enforcer proxy.Options
}

func load(t testing.TB, files map[string]string) *bundle.Snapshot {
	t.Helper()
	directory := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, text := range files {
		write("bundle/"+name, text, 0o644)
	}
	var keys strings.Builder
	keys.WriteString("keys:\n")
	for _, user := range []string{"alice", "bob"} {
		fmt.Fprintf(&keys, "  - {access_key_id: %s, secret_access_key: %s, account: \"111122223333\", user: %s}\n", keyOf(user), secretKey, user)
	}
	everywhere := proxy.Keys()
	snapshot, findings := bundle.Load(bundle.Options{
		Directory: filepath.Join(directory, "bundle"), KeyFiles: []string{write("keys.yaml", keys.String(), 0o600)},
		Routes: []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: func(action, key string) bool {
			return slices.Contains(everywhere, key) || s3.Fills(action, key)
		}}},
		Logger: zap.NewNop(), Now: func() time.Time { return clock },
	})
	if snapshot == nil {
		t.Fatalf("the bundle does not load: %v", findings)
	}
	return snapshot
}

// open opens a world; change, if not nil, changes its setting first.
func open(t testing.TB, change func(*setting)) *world {
	t.Helper()
	w := &world{t: t, records: &lines{}, registry: prometheus.NewRegistry()}
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.mu.Lock()
		w.seen = append(w.seen, r)
		w.mu.Unlock()
		if r.URL.Path == "/" {
			_, _ = io.WriteString(rw, "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>")
		}
		if r.URL.Query().Has("uploadId") {
			_, _ = io.WriteString(rw, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
		}
		if r.URL.Query().Has("delete") {
			_, _ = io.WriteString(rw, "<DeleteResult></DeleteResult>")
		}
	}))
	t.Cleanup(store.Close)
	endpoint, err := url.Parse(store.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.store = endpoint.Host
	w.log = audit.New(audit.Options{Output: w.records})
	set := setting{
		files: oneAccount,
		upstream: upstream.Options{
			Name: "store", Endpoint: endpoint, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
			Credentials:    credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
			ConnectTimeout: patience, ResponseHeaderTimeout: patience, IdleTimeout: time.Second,
		},
		extauthz: extauthz.Options{
			Name: "envoy", Address: "127.0.0.1:0", MaxHeader: maxHeader, MaxBody: maxBody, MaxConnectionAge: time.Hour,
			Ready: func() bool { return true }, Now: time.Now, Logger: zap.NewNop(),
		},
		enforcer: proxy.Options{
			Verifier: sigv4.NewVerifier(sigv4.Options{}), Now: func() time.Time { return clock },
			Budget: proxy.NewBudget(64 << 20), Audit: w.log, Metrics: proxy.NewMetrics(w.registry), Logger: zap.NewNop(),
		},
	}
	if change != nil {
		change(&set)
	}
	up, err := upstream.New(set.upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	if set.enforcer.Snapshot == nil {
		snapshot := load(t, set.files)
		set.enforcer.Snapshot = func() *bundle.Snapshot { return snapshot }
	}
	if set.routes == nil {
		set.routes = []*proxy.Route{{Name: "main", Hosts: []string{"localhost"}, VirtualHosts: []string{"s3.example.com"}}}
	}
	for _, r := range set.routes {
		r.Service, r.Regions, r.Partition, r.Protocol, r.Mapper, r.Upstream = "s3", []string{"us-east-1"}, "aws", refusal.S3, s3.New(s3.Options{}), up
	}
	w.enforcer, w.routes = proxy.New(set.enforcer), set.routes
	w.strong = &proxy.Door{Name: "s3", Can: proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true}, Routes: proxy.NewTable(set.routes)}
	set.extauthz.Routes, set.extauthz.Enforcer = set.routes, w.enforcer
	if w.extauthz, err = extauthz.Listen(set.extauthz); err != nil {
		t.Fatal(err)
	}
	serve(t, w.extauthz)
	w.standalone, err = standalone.Listen(standalone.Options{
		Door: w.strong, Enforcer: w.enforcer, Address: "127.0.0.1:0", Ready: func() bool { return true }, MaxHeader: maxHeader,
		HeaderTimeout: patience, IdleTimeout: patience, ReadProgress: patience, WriteProgress: patience,
		Now: time.Now, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, w.standalone)
	w.dial(insecure.NewCredentials())
	return w
}

// served is a door that can be served.
type served interface {
	Serve() error
	Shutdown(context.Context) error
}

func serve(t testing.TB, door served) {
	ended := make(chan error, 1)
	go func() { ended <- door.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := door.Shutdown(ctx); err != nil {
			t.Errorf("draining: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// target is how gRPC dials an address.
func target(address net.Addr) string {
	if address.Network() == "unix" {
		return "unix:" + address.String()
	}
	return address.String()
}

// ask asks the door as Envoy does. Envoy never gets an error.
func (w *world) ask(in *authv3.CheckRequest) *authv3.CheckResponse {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := w.client.Check(ctx, in)
	if err != nil {
		w.t.Fatalf("Envoy would call this a failure: %v", err)
	}
	if out.GetErrorResponse() != nil {
		w.t.Fatal("an error_response obeys failure_mode_allow")
	}
	if (out.GetStatus().GetCode() == 0) != (out.GetOkResponse() != nil) || (out.GetStatus().GetCode() == 0) == (out.GetDeniedResponse() != nil) {
		w.t.Fatalf("status and response disagree: %v", out)
	}
	return out
}

// dial connects the world's client.
func (w *world) dial(with grpccredentials.TransportCredentials) {
	w.t.Helper()
	conn, err := grpc.NewClient(target(w.extauthz.Addr()), grpc.WithTransportCredentials(with))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	w.conn, w.client = conn, authv3.NewAuthorizationClient(conn)
}
