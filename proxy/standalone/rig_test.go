package standalone_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// patience is the deadline of everything in these tests that must not hang.
const patience = 20 * time.Second

// publicBundle lets anybody write to and read from the bucket open, and nobody
// do anything else.
var publicBundle = map[string]string{
	"bundle.yaml": `accounts: {"111122223333": {}}
buckets: [{name: "*", account: "111122223333"}]
`,
	"accounts/111122223333/resources/s3/open.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::open/*"}]}`,
	"accounts/111122223333/users/alice.yaml": "id: AIDAALICEALICEALICE1\n",
}

// The access key of alice, whom the bundle allows what it allows anybody.
const (
	accessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// openDoor opens a door in front of store. The door's timeouts are generous
// unless change makes them short.
func openDoor(t testing.TB, store http.HandlerFunc, change func(*standalone.Options)) *standalone.Server {
	t.Helper()
	snapshot := load(t, publicBundle, "{access_key_id: "+accessKeyID+", secret_access_key: "+secretAccessKey+", account: \"111122223333\", user: alice}")
	behind := httptest.NewServer(store)
	t.Cleanup(behind.Close)
	endpoint, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	up, err := upstream.New(upstream.Options{
		Name: "store", Endpoint: endpoint, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
		Credentials:    credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
		ConnectTimeout: patience, ResponseHeaderTimeout: patience, IdleTimeout: time.Second,
		MaxConns: 8, ProgressTimeout: patience, // so that one that is not given back is missed
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	o := standalone.Options{
		Door: &proxy.Door{
			Name: "test",
			Can:  proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true},
			Routes: proxy.NewTable([]*proxy.Route{{
				Name: "main", Hosts: []string{"localhost"}, VirtualHosts: []string{"s3.example.com"}, Service: "s3", Regions: []string{"us-east-1"}, Partition: "aws",
				Protocol: refusal.S3, Mapper: s3.New(s3.Options{}), Upstream: up,
			}}),
		},
		Enforcer: proxy.New(proxy.Options{
			Snapshot: func() *bundle.Snapshot { return snapshot },
			Verifier: sigv4.NewVerifier(sigv4.Options{}),
			Now:      time.Now,
			Budget:   proxy.NewBudget(64 << 20),
			Audit:    audit.New(audit.Options{}),
			Metrics:  proxy.NewMetrics(prometheus.NewRegistry()),
			Logger:   zap.NewNop(),
		}),
		Address: "127.0.0.1:0", HealthPath: "/-/healthy", Ready: func() bool { return true }, MaxHeader: 64 << 10,
		HeaderTimeout: patience, IdleTimeout: patience, ReadProgress: patience, WriteProgress: patience,
		Now: time.Now, Logger: zap.NewNop(),
	}
	if change != nil {
		change(&o)
	}
	door, err := standalone.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- door.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := door.Shutdown(ctx); err != nil {
			t.Errorf("draining: %v", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return door
}

// load makes the snapshot of a bundle, with entries of a file of keys.
func load(t testing.TB, files map[string]string, entries string) *bundle.Snapshot {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(keys, []byte("keys: ["+entries+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	snapshot, findings := bundle.Load(bundle.Options{
		Directory: directory, KeyFiles: []string{keys}, Routes: []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: s3.Fills}}, Logger: zap.NewNop(), Now: time.Now,
	})
	if snapshot == nil {
		t.Fatalf("the bundle does not load: %v", findings)
	}
	return snapshot
}

// readAll is a store that takes everything.
func readAll(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

// client is a raw connection to a door.
type client struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
}

func dial(t testing.TB, door *standalone.Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", door.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &client{t, conn, bufio.NewReader(conn)}
}

// send writes lines, each ended as HTTP does, and an empty one.
func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads an answer and its body.
func (c *client) answer() (*http.Response, string) {
	c.t.Helper()
	resp, body, err := c.tryAnswer()
	if err != nil {
		c.t.Fatalf("no answer, or not the whole: %v", err)
	}
	return resp, body
}

// tryAnswer is answer, where there may be none.
func (c *client) tryAnswer() (*http.Response, string, error) {
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// ends waits until the door closes the connection.
func (c *client) ends() {
	c.t.Helper()
	rest, err := io.ReadAll(c.in)
	if err != nil || len(rest) > 0 {
		c.t.Errorf("the connection did not end: %q, %v", rest, err)
	}
}
