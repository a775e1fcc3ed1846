// Package standalone is the door that is a proxy itself: it listens, hands
// each request to the enforcement point, and writes the answer. It speaks
// HTTP/1.1 itself and leaves HTTP/2 to net/http.
package standalone

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/certificate"
)

// Options is what a door works with.
type Options struct {
	// Door is what the enforcement point knows of it.
	Door *proxy.Door
	// Enforcer decides.
	Enforcer *proxy.Enforcer
	// Address is where to listen: host:port.
	Address string
	// CertificateFile and KeyFile make the door speak TLS. They are read again
	// when they change.
	CertificateFile, KeyFile string
	// ClientCAs, if set, are the authorities of the certificates that clients may
	// show; with RequireCertificates they must. A certificate of any other is no
	// connection.
	ClientCAs           *x509.CertPool
	RequireCertificates bool
	// TrustedProxies are the addresses whose X-Forwarded-For,
	// X-Forwarded-Proto and X-Forwarded-Host are believed.
	TrustedProxies []netip.Prefix
	// ProxyProtocol demands of every connection that it is a trusted proxy's and
	// begins with a PROXY header, which names the client.
	ProxyProtocol bool
	// HealthPath, if set, is answered before routing, with 200 while Ready.
	HealthPath string
	// Ready tells whether requests should be sent here.
	Ready func() bool
	// MaxHeader is the greatest size of a request's header in bytes.
	MaxHeader int
	// MaxConnections bounds open connections; 0 is no bound.
	MaxConnections int
	// HeaderTimeout bounds the time for a request's header, IdleTimeout that
	// between requests.
	HeaderTimeout, IdleTimeout time.Duration
	// ReadProgress and WriteProgress bound the time without any progress of a
	// body from or to the client; a slow transfer lives, a stalled one ends.
	ReadProgress, WriteProgress time.Duration
	// Now is the clock for certificate checks.
	Now func() time.Time
	// Logger takes what goes wrong on connections.
	Logger *zap.Logger
}

// Server is a listening door.
type Server struct {
	Options
	listener net.Listener
	port     uint16
	tls      *tls.Config // nil: in clear text
	// http2 serves the connections that chose HTTP/2, which come from handover.
	http2    *http.Server
	handover *handover

	sessions sessions
	draining atomic.Bool
	stop     func() // ends accepting; once
}

// Listen opens the door's listener; Serve answers on it.
func Listen(o Options) (*Server, error) {
	s := &Server{Options: o}
	if o.CertificateFile != "" {
		pair, err := certificate.Load(o.CertificateFile, o.KeyFile, o.Now, o.Logger)
		if err != nil {
			return nil, fmt.Errorf("door %q: %w", o.Door.Name, err)
		}
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.Get, NextProtos: []string{"h2", "http/1.1"}, ClientCAs: o.ClientCAs}
		switch {
		case o.ClientCAs == nil:
		case o.RequireCertificates:
			s.tls.ClientAuth = tls.RequireAndVerifyClientCert
		default:
			s.tls.ClientAuth = tls.VerifyClientCertIfGiven
		}
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("door %q: %w", o.Door.Name, err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.port = uint16(address.Port)
	}
	if o.ProxyProtocol {
		listener = proxyProtocol(listener, o.TrustedProxies, o.HeaderTimeout)
	}
	s.listener = listener
	s.sessions.open(o.MaxConnections)
	s.stop = sync.OnceFunc(func() {
		s.draining.Store(true)
		_ = listener.Close()
		close(s.sessions.ended)
	})
	s.openHTTP2()
	return s, nil
}

// Name is the door's name.
func (s *Server) Name() string { return s.Door.Name }

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Shutdown; it returns nil then.
func (s *Server) Serve() error {
	go s.sessions.watch()
	go func() { _ = s.http2.Serve(s.handover) }() // its listener does not fail
	var wait time.Duration
	for {
		if !s.sessions.enter() {
			return nil
		}
		conn, err := s.listener.Accept()
		if err == nil {
			wait = 0
			go s.open(conn).serve()
			continue
		}
		s.sessions.leave()
		if s.draining.Load() {
			return nil
		}
		if !temporary(err) {
			return fmt.Errorf("door %q: %w", s.Door.Name, err)
		}
		// Such as no file descriptor being left.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.Logger.Error("cannot accept a connection, and try again", zap.String("door", s.Door.Name), zap.Duration("after", wait), zap.Error(err))
		time.Sleep(wait)
	}
}

// temporary tells the errors of Accept after which it may succeed.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// Shutdown stops listening and waits for requests to end, until ctx does; then
// it closes what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	s.sessions.closeIdle()
	err := s.http2.Shutdown(ctx)
	select {
	case <-s.sessions.drained():
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		_ = s.http2.Close()
		s.sessions.closeAll()
	}
	return err
}
