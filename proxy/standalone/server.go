// Package standalone is the door that is a proxy itself: it listens, hands
// each request to the enforcement point, and writes the answer.
package standalone

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"

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
	server   *http.Server
}

// Listen opens the door's listener; Serve answers on it.
func Listen(o Options) (*Server, error) {
	s := &Server{Options: o}
	var pair *certificate.Certificate
	if o.CertificateFile != "" {
		var err error
		if pair, err = certificate.Load(o.CertificateFile, o.KeyFile, o.Now, o.Logger); err != nil {
			return nil, fmt.Errorf("door %q: %w", o.Door.Name, err)
		}
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("door %q: %w", o.Door.Name, err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.port = uint16(address.Port)
	}
	if o.MaxConnections > 0 {
		listener = netutil.LimitListener(listener, o.MaxConnections)
	}
	if o.ProxyProtocol {
		listener = proxyProtocol(listener, o.TrustedProxies, o.HeaderTimeout)
	}
	s.listener = listener
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: o.HeaderTimeout,
		// For what net/http answers by itself; the handler lifts it.
		ReadTimeout:    o.HeaderTimeout + unreadPatience,
		IdleTimeout:    o.IdleTimeout,
		MaxHeaderBytes: o.MaxHeader,
		ErrorLog:       zap.NewStdLog(o.Logger),
		// OPTIONS * must reach the handler, so that it is refused here.
		DisableGeneralOptionsHandler: true,
	}
	if pair != nil {
		s.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.Get}
	}
	return s, nil
}

// Name is the door's name.
func (s *Server) Name() string { return s.Door.Name }

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Shutdown; it returns nil then.
func (s *Server) Serve() error {
	var err error
	if s.server.TLSConfig != nil {
		err = s.server.ServeTLS(s.listener, "", "")
	} else {
		err = s.server.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("door %q: %w", s.Door.Name, err)
}

// Shutdown stops listening and waits for requests to end, until ctx does; then
// it closes what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		_ = s.server.Close()
	}
	return err
}
