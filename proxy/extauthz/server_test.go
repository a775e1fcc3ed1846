package extauthz_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/sallyport-iam/sallyport/proxy/extauthz"
)

// authority issues certificates for the door and for Envoys.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue writes a certificate for localhost and its key into files.
func (a *authority) issue() (certificate, key string) {
	a.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, private.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		file := filepath.Join(a.t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			a.t.Fatal(err)
		}
		return file
	}
	return write("tls.crt", "CERTIFICATE", der), write("tls.key", "EC PRIVATE KEY", encoded)
}

// TestMutualTLS: who shows no certificate of the authority is not even asked.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	trusted, other := newAuthority(t), newAuthority(t)
	w := open(t, func(s *setting) {
		s.extauthz.CertificateFile, s.extauthz.KeyFile = trusted.issue()
		s.extauthz.ClientCAs = trusted.pool()
	})
	m := sent(t, "alice", "GET", "localhost", "/reports/a", "", "")
	for name, tt := range map[string]struct {
		from    *authority
		allowed bool
	}{"of the authority": {trusted, true}, "of another": {other, false}, "none": {nil, false}} {
		config := &tls.Config{RootCAs: trusted.pool(), ServerName: "localhost"}
		if tt.from != nil {
			pair, err := tls.LoadX509KeyPair(tt.from.issue())
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		w.dial(grpccredentials.NewTLS(config))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		out, err := w.client.Check(ctx, m.question(false))
		cancel()
		if (err == nil && out.GetOkResponse() != nil) != tt.allowed {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	if _, err := extauthz.Listen(extauthz.Options{Name: "x", Address: "127.0.0.1:0", CertificateFile: "nowhere.crt", KeyFile: "nowhere.key"}); err == nil || !strings.Contains(err.Error(), "nowhere.crt") {
		t.Errorf("without its certificate: %v", err)
	}
}

// TestMessageLimit: a message over what line, header and body can hold is not
// read, which is the one failure that Envoy sees of this door.
func TestMessageLimit(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	in := sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)
	in.Attributes.Source.Certificate = strings.Repeat("x", 2*maxHeader+maxBody+(64<<10))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := w.client.Check(ctx, in); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v, %v", out, err)
	}
	in.Attributes.Source.Certificate = strings.Repeat("x", 32<<10)
	if out := w.ask(in); out.GetOkResponse() == nil {
		t.Errorf("with a certificate: %v", out)
	}
}

// TestDrain: a check under way is answered, and no further one is taken.
func TestDrain(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	w := open(t, func(s *setting) {
		s.upstream.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			close(asked)
			<-answer
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "store-secret-example"}, nil
		})
	})
	in := sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answered := make(chan *authv3.CheckResponse, 1)
	go func() {
		out, err := w.client.Check(ctx, in)
		if err != nil {
			t.Error(err)
		}
		answered <- out
	}()
	<-asked
	drained := make(chan error, 1)
	go func() { drained <- w.extauthz.Shutdown(ctx) }()
	// The listener is closed before the check is answered.
	for {
		conn, err := grpc.NewClient(target(w.extauthz.Addr()), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = authv3.NewAuthorizationClient(conn).Check(ctx, &authv3.CheckRequest{})
		_ = conn.Close()
		if status.Code(err) == codes.Unavailable {
			break
		}
	}
	close(answer)
	if out := <-answered; out.GetOkResponse() == nil {
		t.Errorf("%v", out)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// TestMetrics: the door's name is on what it counts, and the answers that Envoy
// and the upstream give are not counted here.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	w.ask(sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false))
	w.ask(sent(t, "bob", "GET", "localhost", "/reports/a", "", "").question(false))
	w.ask(&authv3.CheckRequest{})
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := family.GetName()
			for _, l := range m.GetLabel() {
				labels += " " + l.GetValue()
			}
			counted[labels] = m.GetCounter().GetValue()
		}
	}
	for labels, want := range map[string]float64{
		"sallyport_decisions_total allow envoy policy s3":           1,
		"sallyport_decisions_total implicit_deny envoy identity s3": 1,
		"sallyport_decisions_total refused envoy request none":      1,
		"sallyport_responses_total 4xx envoy":                       2,
		"sallyport_responses_total 5xx envoy":                       0,
	} {
		if counted[labels] != want {
			t.Errorf("%s: %v, want %v in %v", labels, counted[labels], want, counted)
		}
	}
}
