// Package extauthz is the door behind Envoy: a server of Envoy's external
// authorization (envoy.service.auth.v3.Authorization). Envoy asks it about each
// request, and forwards what is allowed as the answer says: signed for the
// upstream, under the upstream's host.
//
// What Envoy is told is never that something failed: an error would let the
// request pass where a filter is set to fail open. What cannot be decided is
// denied.
package extauthz

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

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
	// Address is where to listen: host:port. Socket, in its place, is the path of
	// a Unix socket, which is made with SocketMode.
	Address    string
	Socket     string
	SocketMode fs.FileMode
	// CertificateFile and KeyFile make the door speak TLS. They are read again
	// when they change. ClientCAs, if set, demands of clients a certificate of one
	// of these authorities.
	CertificateFile, KeyFile string
	ClientCAs                *x509.CertPool
	// VerifiedPrincipals tells that Envoy verifies the certificates of its clients:
	// the SPIFFE id that it tells of one is believed. Without it none is, for Envoy
	// tells of certificates that nobody has verified, too.
	VerifiedPrincipals bool
	// MaxHeader is the greatest size in bytes of a request's line and header,
	// MaxBody that of a body that Envoy sends along; 0 if it sends none.
	MaxHeader int
	MaxBody   int64
	// MaxConnections bounds open connections; 0 is no bound.
	MaxConnections int
	// MaxConnectionAge ends connections, some a tenth earlier and some later, so
	// that Envoys spread over replicas that were added.
	MaxConnectionAge time.Duration
	// Ready tells whether requests should be sent here.
	Ready func() bool
	// Now is the clock for certificate checks.
	Now func() time.Time
	// Logger takes what goes wrong on connections.
	Logger *zap.Logger
}

const (
	// keepaliveAtLeast is how often, at most, a client may ping.
	keepaliveAtLeast = 10 * time.Second
	// ageGrace is the time for requests on a connection that has grown old.
	ageGrace = time.Minute
	// maxStreams bounds the checks under way on one connection, each of which may
	// hold MaxHeader and MaxBody.
	maxStreams = 256
	// streamWorkers are goroutines that live for many checks, and whose stacks
	// have grown to what one takes. Checks beyond them have their own, whose stacks
	// must grow first: that cost most when many had come together, while garbage was
	// collected, say. So they are for all that one connection may bring.
	streamWorkers = maxStreams
	// questionWindow is how much of a question may be on its way before it is
	// read, in bytes. It is not measured and adapted: most are smaller.
	questionWindow = 64 << 10
	// maxOther is what a check request holds beside line, header and body, such
	// as the client's certificate and the names of fields in protobuf.
	maxOther = 64 << 10
	// answerLimit is the size of a denial's body that every Envoy passes on.
	answerLimit = 1 << 10
)

// Server is a listening door.
type Server struct {
	options  Options
	door     *proxy.Door
	routes   map[string]*proxy.Door // the same door with one route, by its name
	listener net.Listener
	server   *grpc.Server
	stop     func() // ends what is not waited for; once
}

// Listen opens the door's listener; Serve answers on it.
func Listen(o Options) (*Server, error) {
	s := &Server{options: o, door: door(&o, o.Routes...), routes: make(map[string]*proxy.Door, len(o.Routes))}
	for _, r := range o.Routes {
		s.routes[r.Name] = door(&o, r)
	}
	settings := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(2*o.MaxHeader + int(o.MaxBody) + maxOther), // path and host are there twice
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.StaticStreamWindowSize(questionWindow),
		grpc.StaticConnWindowSize(maxStreams * questionWindow),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepaliveAtLeast, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: o.MaxConnectionAge, MaxConnectionAgeGrace: ageGrace}),
	}
	if o.CertificateFile != "" {
		pair, err := certificate.Load(o.CertificateFile, o.KeyFile, o.Now, o.Logger)
		if err != nil {
			return nil, fmt.Errorf("door %q: %w", o.Name, err)
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.Get, ClientCAs: o.ClientCAs}
		if o.ClientCAs != nil {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
		settings = append(settings, grpc.Creds(credentials.NewTLS(config)))
	}
	var err error
	if s.listener, err = listen(&o); err != nil {
		return nil, fmt.Errorf("door %q: %w", o.Name, err)
	}
	s.server = grpc.NewServer(settings...)
	s.server.RegisterService(&service, s)
	watched := &health{ready: o.Ready, ended: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(watched.ended) })
	healthv1.RegisterHealthServer(s.server, watched)
	reflection.Register(s.server)
	return s, nil
}

// door is what the enforcement point knows of this door.
func door(o *Options, routes ...*proxy.Route) *proxy.Door {
	return &proxy.Door{
		Name:   o.Name,
		Routes: proxy.NewTable(routes),
		Can:    proxy.Capabilities{BodyLimit: o.MaxBody, BodyPassesBy: true, Answer: true, AnswerLimit: answerLimit},
	}
}

// Lacks tells whether a condition key (in lower case) is one that this door has
// no value for, where other doors have: Envoy does not tell the version of TLS.
func Lacks(key string) bool { return key == "s3:tlsversion" }

// Name is the door's name.
func (s *Server) Name() string { return s.options.Name }

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Shutdown; it returns nil then.
func (s *Server) Serve() error {
	listener := s.listener
	if s.options.MaxConnections > 0 {
		listener = netutil.LimitListener(listener, s.options.MaxConnections)
	}
	if err := s.server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("door %q: %w", s.options.Name, err)
	}
	return nil
}

// Shutdown stops listening and waits for requests to end, until ctx does; then
// it closes what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	defer s.listener.Close() // if it was never served on
	ended := make(chan struct{})
	go func() {
		s.server.GracefulStop()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		s.server.Stop()
		<-ended
		return ctx.Err()
	}
}
