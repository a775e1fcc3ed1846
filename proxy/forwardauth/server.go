// Package forwardauth is the door behind a proxy that asks over HTTP: nginx
// (auth_request), Traefik (ForwardAuth), Caddy (forward_auth) and Envoy's
// external authorization over HTTP. The proxy describes each client's request in
// a request of its own, the question, and forwards what is answered with 200, with
// the headers that it finds in the answer.
//
// Any success is a permission there, so that nothing but a permission is answered
// with one. What cannot be decided, and what the proxy could not be told to
// forward, is denied.
package forwardauth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	// Name is the door's name, and Routes where its requests go.
	Name   string
	Routes []*proxy.Route
	// Enforcer decides.
	Enforcer *proxy.Enforcer
	// Address is where to listen: host:port.
	Address string
	// Dialect is who asks.
	Dialect Dialect
	// PathPrefix is the path that is asked for, to which Envoy adds the client's.
	// It begins with a slash and does not end with one.
	PathPrefix string
	// TrustedProxies are the addresses that may ask. All others are refused.
	TrustedProxies []netip.Prefix
	// HealthPath, if set, is answered with 200 while Ready. It must not begin with
	// PathPrefix: to be healthy would be to allow.
	HealthPath string
	// Ready tells whether requests should be sent here.
	Ready func() bool
	// CertificateFile and KeyFile make the door speak TLS. They are read again
	// when they change. ClientCAs, if set, demands of clients a certificate of one
	// of these authorities.
	CertificateFile, KeyFile string
	ClientCAs                *x509.CertPool
	// MaxHeader is the greatest size in bytes of a question's header, MaxBody that
	// of a body that comes along; 0 if none does.
	MaxHeader int
	MaxBody   int64
	// MaxConnections bounds open connections; 0 is no bound.
	MaxConnections int
	// HeaderTimeout bounds the time for a question's header, IdleTimeout that
	// between questions; ReadTimeout the time for a body that comes along, and
	// WriteTimeout that for the answer.
	HeaderTimeout, IdleTimeout, ReadTimeout, WriteTimeout time.Duration
	// Now is the clock for certificate checks.
	Now func() time.Time
	// Logger takes what goes wrong on connections.
	Logger *zap.Logger
}

const (
	// budget bounds a decision: no proxy waits longer.
	budget = 10 * time.Second
	// answerLimit is the size of a denial's body that fits into a header.
	answerLimit = 1 << 10
)

// Server is a listening door.
type Server struct {
	options  Options
	door     *proxy.Door
	speaks   *dialect
	listener net.Listener
	server   *http.Server
}

// Listen opens the door's listener; Serve answers on it.
func Listen(o Options) (*Server, error) {
	s := &Server{options: o, speaks: dialects[o.Dialect]}
	if s.speaks == nil {
		return nil, fmt.Errorf("door %q: the dialect %q is unknown", o.Name, o.Dialect)
	}
	s.door = &proxy.Door{Name: o.Name, Routes: proxy.NewTable(o.Routes), Can: proxy.Capabilities{BodyPassesBy: true}, CanForward: s.canForward}
	if s.speaks.sendsBodies {
		s.door.Can.BodyLimit = o.MaxBody
	}
	if s.speaks.deny == denyInHeader {
		s.door.Can.AnswerLimit = answerLimit
	}
	var config *tls.Config
	if o.CertificateFile != "" {
		pair, err := certificate.Load(o.CertificateFile, o.KeyFile, o.Now, o.Logger)
		if err != nil {
			return nil, fmt.Errorf("door %q: %w", o.Name, err)
		}
		config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.Get, ClientCAs: o.ClientCAs}
		if o.ClientCAs != nil {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("door %q: %w", o.Name, err)
	}
	if o.MaxConnections > 0 {
		listener = netutil.LimitListener(listener, o.MaxConnections)
	}
	s.listener = listener
	s.server = &http.Server{
		Handler:           s,
		TLSConfig:         config,
		ReadHeaderTimeout: o.HeaderTimeout,
		ReadTimeout:       o.HeaderTimeout + o.ReadTimeout,
		WriteTimeout:      o.ReadTimeout + budget + o.WriteTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.MaxHeader,
		ErrorLog:          zap.NewStdLog(o.Logger),
		// By itself net/http would answer OPTIONS * with a success.
		DisableGeneralOptionsHandler: true,
	}
	return s, nil
}

// Lacks tells whether a condition key (in lower case) is one that this door has
// no value for, where other doors have: no proxy tells the version of TLS.
func Lacks(key string) bool { return key == "s3:tlsversion" }

// Name is the door's name.
func (s *Server) Name() string { return s.options.Name }

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
	return fmt.Errorf("door %q: %w", s.options.Name, err)
}

// Shutdown stops listening and waits for questions to be answered, until ctx
// ends; then it closes what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.listener.Close() // if it was never served on
	err := s.server.Shutdown(ctx)
	if err != nil {
		_ = s.server.Close()
	}
	return err
}
