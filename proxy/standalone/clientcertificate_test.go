package standalone_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// authority signs the certificates of clients.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &authority{}
	a.key, a.certificate = issue(t, template, template, nil)
	return a
}

func issue(t *testing.T, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

// client is a certificate with a URI and a DNS name, as they stand there.
func (a *authority) client(t *testing.T, uri, dns string) tls.Certificate {
	t.Helper()
	names, err := asn1.Marshal([]asn1.RawValue{{Class: 2, Tag: 6, Bytes: []byte(uri)}, {Class: 2, Tag: 2, Bytes: []byte(dns)}})
	if err != nil {
		t.Fatal(err)
	}
	key, c := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: "build"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}},
	}, a.certificate, a.key)
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key}
}

// spy is the mapper of a store that keeps the certificates of requests.
type spy struct {
	action.Mapper

	mu   sync.Mutex
	seen []*wire.Certificate
}

func (s *spy) Recognise(req *wire.Request, place action.Place) (action.Operation, *wire.Refusal) {
	s.mu.Lock()
	s.seen = append(s.seen, req.Certificate)
	s.mu.Unlock()
	return s.Mapper.Recognise(req, place)
}

// TestClientCertificate hands on what a verified certificate of a client says, once
// for its connection, and nobody else's.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	const uri = "SPIFFE://example.org/ns/prod/sa/build#" // a parser would write it otherwise
	ours, strange := newAuthority(t), newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ours.certificate)
	build := ours.client(t, uri, "build.example.org")
	other := strange.client(t, uri, "build.example.org")
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	tests := []struct {
		name   string
		shown  *tls.Certificate
		change func(*standalone.Options)
		fails  bool // to connect
		seen   bool
	}{
		{name: "verified", shown: &build, seen: true},
		{name: "none"},
		{name: "of another authority", shown: &other, fails: true},
		{name: "of a trusted proxy", shown: &build, change: func(o *standalone.Options) { o.TrustedProxies = loopback }},
		{name: "not asked for", shown: &build, change: func(o *standalone.Options) { o.ClientCAs = nil }},
		{name: "required and shown", shown: &build, change: func(o *standalone.Options) { o.RequireCertificates = true }, seen: true},
		{name: "required and none", change: func(o *standalone.Options) { o.RequireCertificates = true }, fails: true},
	}
	for _, tt := range tests {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(tt.name+" over "+proto, func(t *testing.T) {
				t.Parallel()
				tlsOn, roots := secured(t)
				mapper := &spy{Mapper: s3.New(s3.Options{})}
				door := openDoor(t, readAll, func(o *standalone.Options) {
					tlsOn(o)
					o.ClientCAs = pool
					o.Door.Routes = proxy.NewTable([]*proxy.Route{{Name: "main", Service: "s3", Regions: []string{"us-east-1"}, Protocol: refusal.S3, Mapper: mapper}})
					if tt.change != nil {
						tt.change(o)
					}
				})
				var p http.Protocols
				p.SetHTTP1(proto == "HTTP/1.1")
				p.SetHTTP2(proto != "HTTP/1.1")
				transport := &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: roots}}
				defer transport.CloseIdleConnections()
				if tt.shown != nil {
					// Whatever authorities the door names.
					transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tt.shown, nil }
				}
				client := &http.Client{Transport: transport, Timeout: patience}
				for range 2 {
					resp, err := client.Get("https://" + door.Addr().String() + "/closed/key")
					if tt.fails {
						if err == nil {
							t.Fatal("served")
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					if resp.Proto != proto {
						t.Fatalf("over %s", resp.Proto)
					}
				}
				if len(mapper.seen) != 2 || mapper.seen[0] != mapper.seen[1] {
					t.Fatalf("not once for the connection: %v", mapper.seen)
				}
				got := mapper.seen[0]
				if !tt.seen {
					if got != nil {
						t.Errorf("seen: %+v", got)
					}
					return
				}
				want := &wire.Certificate{
					CommonName: "build", IssuerCommonName: "authority", URIs: []string{uri}, DNSNames: []string{"build.example.org"}, Serial: "abc",
				}
				if got != nil {
					want.NotBefore, want.NotAfter = got.NotBefore, got.NotAfter
				}
				if diff := cmp.Diff(want, got); diff != "" || got.NotAfter.Before(time.Now()) {
					t.Error(diff)
				}
			})
		}
	}
}
