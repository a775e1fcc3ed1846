package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy/certificate"
)

// name is an alternative name: its number, and whether it is written as something
// made of parts, which the names of RFC 5280 are not.
type name struct {
	tag   int
	parts bool
	text  string
}

// issue makes the certificate of a client with alternative names, below one that
// may name nothing but workloads of example.org, and verifies it.
func issue(t *testing.T, names ...name) *tls.ConnectionState {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	now := time.Now()
	signed := func(c, by *x509.Certificate) *x509.Certificate {
		c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), now.Add(-time.Hour), now.Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), key)
		must(err)
		parsed, err := x509.ParseCertificate(der)
		must(err)
		return parsed
	}
	ca := &x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedURIDomains: []string{"example.org"}, PermittedDNSDomainsCritical: true,
	}
	ca = signed(ca, ca)
	var raw []asn1.RawValue
	for _, n := range names {
		raw = append(raw, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: n.tag, IsCompound: n.parts, Bytes: []byte(n.text)})
	}
	value, err := asn1.Marshal(raw)
	must(err)
	client := signed(&x509.Certificate{
		Subject: pkix.Name{CommonName: "a client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}},
	}, ca)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	chains, err := client.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	must(err)
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{client}, VerifiedChains: chains}
}

// TestClientNames takes those names of a certificate, as they are written, that its
// verification saw: others may be outside of what the authority may name.
func TestClientNames(t *testing.T) {
	t.Parallel()
	const mine, theirs = "spiffe://example.org/app", "spiffe://other.example/admin"
	for _, tt := range []struct {
		what      string
		names     []name
		uris, dns []string
	}{
		{"as it should be", []name{{6, false, mine}, {2, false, "App.example.org"}}, []string{mine}, []string{"App.example.org"}},
		{"a URI in parts", []name{{6, true, theirs}}, nil, nil},
		{"a URI in parts beside one", []name{{6, true, theirs}, {6, false, mine}}, nil, nil},
		{"a DNS name in parts", []name{{2, true, "admin.example.org"}}, nil, nil},
		{"names of other kinds", []name{{1, false, "app@example.org"}, {6, false, mine}}, []string{mine}, nil},
	} {
		c := certificate.Client(issue(t, tt.names...))
		if !slices.Equal(c.URIs, tt.uris) || !slices.Equal(c.DNSNames, tt.dns) {
			t.Errorf("%s: %q and %q", tt.what, c.URIs, c.DNSNames)
		}
	}
	if certificate.Client(&tls.ConnectionState{PeerCertificates: issue(t).PeerCertificates}) != nil {
		t.Error("a certificate that was not verified counts")
	}
}

// TestClientIsNoAuthority: whoever may sign for others is none of them.
func TestClientIsNoAuthority(t *testing.T) {
	t.Parallel()
	state := issue(t, name{6, false, "spiffe://example.org/app"})
	leaf, authority := state.PeerCertificates[0], state.VerifiedChains[0][1]
	signs, revokes := *leaf, *leaf
	signs.KeyUsage |= x509.KeyUsageCertSign
	revokes.KeyUsage |= x509.KeyUsageCRLSign
	for what, c := range map[string]*x509.Certificate{"an authority": authority, "one that signs": &signs, "one that revokes": &revokes} {
		if got := certificate.Client(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: state.VerifiedChains}); got != nil {
			t.Errorf("%s stands for %q", what, got.URIs)
		}
	}
}
