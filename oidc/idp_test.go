package oidc_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/oidc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	issuer   = "https://idp.example.com"
	audience = "sts.amazonaws.com"
)

// now is when tokens are verified. Certificates are valid around it and around
// the time at which the clocks of testing/synctest begin.
var now = time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC)

// Keys take long to make; these are shared and never change.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	otherRSA = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	weakRSA  = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) })
	p256     = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	p384     = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P384()) })
	ed       = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return key
	})
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(err)
	return key
}

func newEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(err)
	return key
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// idp is an OpenID Connect provider in this process: HTTPS over pipes, so that it
// works with the clocks of testing/synctest, too.
type idp struct {
	ca        string
	authority *x509.Certificate
	conns     chan net.Conn

	mu        sync.Mutex
	addresses map[string][]netip.Addr // what the hosts resolve to
	paths     map[string]http.HandlerFunc
	asked     map[string]int
	dialled   []string
}

// newIDP starts a provider with a key set.
func newIDP(t *testing.T, keys ...jose.JSONWebKey) *idp {
	t.Helper()
	authority, chain := certificates("idp.example.com", "keys.example.com", "127.0.0.1")
	p := &idp{
		ca:        pemOf(authority),
		authority: authority,
		conns:     make(chan net.Conn),
		addresses: map[string][]netip.Addr{"idp.example.com": {netip.MustParseAddr("10.0.0.7")}, "keys.example.com": {netip.MustParseAddr("8.8.8.8")}},
		asked:     map[string]int{},
	}
	p.paths = map[string]http.HandlerFunc{
		"/.well-known/openid-configuration": answer(`{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/keys"}`),
	}
	p.publish(keys...)
	server := &http.Server{Handler: p, ErrorLog: zap.NewStdLog(zap.NewNop()), ReadHeaderTimeout: time.Minute}
	listener := tls.NewListener(&pipes{conns: p.conns, closed: make(chan struct{})}, &tls.Config{Certificates: []tls.Certificate{chain}, MinVersion: tls.VersionTLS12})
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		running.Wait()
	})
	return p
}

// publish replaces the key set.
func (p *idp) publish(keys ...jose.JSONWebKey) {
	if keys == nil {
		keys = []jose.JSONWebKey{}
	}
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	must(err)
	p.serve("/keys", answer(string(text)))
}

func (p *idp) serve(path string, handler http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths[path] = handler
}

func (p *idp) resolve(host string, addresses ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addresses[host] = nil
	for _, a := range addresses {
		p.addresses[host] = append(p.addresses[host], netip.MustParseAddr(a))
	}
}

// times is how often a path was asked for.
func (p *idp) times(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	handler := p.paths[r.URL.Path]
	p.mu.Unlock()
	if handler == nil {
		handler = http.NotFound
	}
	handler(w, r)
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// verifier is one that can reach the provider alone.
func (p *idp) verifier(t *testing.T) *oidc.Verifier {
	t.Helper()
	v := oidc.New(oidc.Options{Lookup: p.lookup, Dial: p.dial})
	t.Cleanup(v.Close)
	return v
}

func (p *idp) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.addresses[host]; list != nil {
		return list, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (p *idp) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	p.dialled = append(p.dialled, address)
	p.mu.Unlock()
	ours, theirs := net.Pipe()
	select {
	case p.conns <- newBuffered(theirs):
		return newBuffered(ours), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// provider is how the bundle declares it.
func (p *idp) provider() *oidc.Provider {
	return &oidc.Provider{Issuer: issuer, Audiences: []string{audience, "other"}, CA: p.ca}
}

// buffered is an end of a pipe whose writers do not wait for the reader: the last
// words of TLS would wait, with locks held for which the clock stands still.
type buffered struct {
	net.Conn
	mu     sync.Mutex
	closed bool
	out    chan []byte
}

func newBuffered(conn net.Conn) *buffered {
	b := &buffered{Conn: conn, out: make(chan []byte, 4096)}
	go func() {
		for text := range b.out {
			_, _ = conn.Write(text)
		}
		_ = conn.Close()
	}()
	return b
}

func (b *buffered) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, net.ErrClosed
	}
	b.out <- bytes.Clone(text)
	return len(text), nil
}

func (b *buffered) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.out)
		_ = b.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	}
	return nil
}

func (b *buffered) SetDeadline(at time.Time) error   { return b.SetReadDeadline(at) }
func (b *buffered) SetWriteDeadline(time.Time) error { return nil }

// pipes is a listener of pipes.
type pipes struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// certificates makes an authority and a chain that presents it.
func certificates(hosts ...string) (*x509.Certificate, tls.Certificate) {
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		}
	}
	authority, key := template(1, "an authority"), newEC(elliptic.P256())
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	raw, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	must(err)
	authority, err = x509.ParseCertificate(raw)
	must(err)
	leaf, leafKey := template(2, "a provider"), newEC(elliptic.P256())
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	raw, err = x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), key)
	must(err)
	return authority, tls.Certificate{Certificate: [][]byte{raw, authority.Raw}, PrivateKey: leafKey}
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// public is what a provider publishes of a key.
func public(id string, key crypto.Signer) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"}
}

// claims are those of a good token, with changes; nil removes one.
func claims(changes map[string]any) map[string]any {
	c := map[string]any{"iss": issuer, "sub": "system:serviceaccount:default:app", "aud": audience,
		"iat": now.Unix() - 10, "exp": now.Unix() + 600}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// sign makes a token; it does what no library would. header and payload are JSON
// text or what becomes it.
func sign(key any, header, payload any) string {
	text := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch key := key.(type) {
	case nil:
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		signature = mac.Sum(nil)
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	case pss:
		signature, err = rsa.SignPSS(rand.Reader, key.PrivateKey, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case *ecdsa.PrivateKey:
		sum, size := digest[:], 32
		if key.Curve == elliptic.P384() {
			h := crypto.SHA384.New()
			h.Write([]byte(text))
			sum, size = h.Sum(nil), 48
		}
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, key, sum)
		signature = s.FillBytes(append(r.FillBytes(make([]byte, size)), make([]byte, size)...)[size:])
		signature = append(r.FillBytes(make([]byte, size)), signature...)
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(text))
	default:
		panic("no such key")
	}
	must(err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// pss is a key that signs PS256.
type pss struct{ *rsa.PrivateKey }

func encode(value any) string {
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		must(err)
		text = string(raw)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// header is that of a token.
func header(algorithm, keyID string, changes ...map[string]any) map[string]any {
	h := map[string]any{"alg": algorithm, "typ": "JWT"}
	if keyID != "" {
		h["kid"] = keyID
	}
	for _, c := range changes {
		maps.Copy(h, c)
	}
	return h
}

// good is a token of the provider whose key set has rsaKey as "one".
func good() string { return sign(rsaKey(), header("RS256", "one"), claims(nil)) }
