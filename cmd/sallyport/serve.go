package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/admin"
	"github.com/sallyport-iam/sallyport/proxy/extauthz"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
)

// ServeCmd runs Sallyport.
type ServeCmd struct {
	Config string `short:"c" required:"" placeholder:"FILE" help:"Configuration file."`
}

// Help shows an example.
func (ServeCmd) Help() string {
	return `Logs go to standard error and audit records to standard output unless the file says otherwise, both as JSON lines. SIGTERM and SIGINT drain: /readyz turns 503, then requests in flight are let finish.

Example:
  sallyport serve --config sallyport.yaml`
}

// Run serves until the context ends, and drains then.
func (c *ServeCmd) Run(ctx context.Context, console *Console) error {
	cfg, err := config.Load(c.Config, os.LookupEnv)
	if err != nil {
		return console.problems(err)
	}
	logger, err := newLogger(cfg.Log.Level)
	if err != nil {
		return err
	}
	defer func() { _ = logger.Sync() }()
	limitMemory(logger)
	s, err := assemble(ctx, cfg, logger)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

func newLogger(level string) (*zap.Logger, error) {
	at, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey = "time"
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(os.Stderr), at)), nil
}

// door is a listening door of any type.
type door interface {
	Name() string
	Addr() net.Addr
	Serve() error
	Shutdown(context.Context) error
}

// server is everything that serve runs.
type server struct {
	cfg       *config.Config
	logger    *zap.Logger
	bundle    *bundle.Manager
	upstreams map[string]*upstream.Upstream
	doors     []door
	admin     *admin.Server
	audit     *audit.Log
	// sessions and tokens are nil if there are no temporary credentials.
	sessions *session.Sessions
	tokens   *oidc.Verifier
	draining atomic.Bool
	// activations tells who keeps the heap that a bundle was activated.
	activations chan struct{}
}

// assemble wires the rooms together and opens the listeners.
func assemble(ctx context.Context, cfg *config.Config, logger *zap.Logger) (*server, error) {
	s := &server{cfg: cfg, logger: logger, upstreams: map[string]*upstream.Upstream{}, activations: make(chan struct{}, 1)}
	registry := prometheus.NewRegistry()
	if err := s.openUpstreams(ctx, registry); err != nil {
		return nil, err
	}
	if err := s.openAudit(registry); err != nil {
		return nil, err
	}
	decisions, err := cache.New(cache.Options{MaxBytes: cfg.Cache.Decisions})
	if err != nil {
		return nil, fmt.Errorf("decision cache: %w", err)
	}
	if err := s.openSessions(); err != nil {
		return nil, err
	}
	options := bundleOptions(cfg, logger)
	options.OnActivation = s.activated
	s.bundle = bundle.NewManager(options)
	registerProcess(registry, s.bundle)
	registerObserving(registry, cfg)
	registry.MustRegister(cacheCollector{decisions, s.sessions}, tokenCollector{s.tokens})
	limiter := newLimiter(&cfg.Limits.FailedAuthentications)
	registerLimiter(registry, limiter)
	enforcer := proxy.New(proxy.Options{
		Snapshot: s.bundle.Current,
		Verifier: sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: signingKeys}),
		Sessions: s.sessions,
		Tokens:   s.tokens,
		Now:      time.Now,
		Decide:   decisions.Decide,
		Limiter:  limiter,
		Budget:   proxy.NewBudget(cfg.Limits.DecidedBodyBudget),
		Audit:    s.audit,
		Metrics:  proxy.NewMetrics(registry),
		Logger:   logger,
	})
	err = s.openDoors(enforcer)
	if err == nil {
		err = s.openAdmin(registry)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) openDoors(enforcer *proxy.Enforcer) error {
	for i := range s.cfg.Doors {
		opened, err := s.openDoor(&s.cfg.Doors[i], enforcer)
		if err != nil {
			return err
		}
		s.doors = append(s.doors, opened)
	}
	return nil
}

func (s *server) openDoor(d *config.Door, enforcer *proxy.Enforcer) (door, error) {
	routes := proxyRoutes(s.cfg, d, s.upstreams, s.sts())
	switch d.Type {
	case config.DoorExtAuthz:
		o, err := extauthzOptions(s.cfg, d, routes)
		if err != nil {
			return nil, fmt.Errorf("door %q: %w", d.Name, err)
		}
		o.Enforcer, o.Ready, o.Logger = enforcer, s.ready, s.logger
		return extauthz.Listen(o)
	case config.DoorForwardAuth:
		o, err := forwardauthOptions(s.cfg, d, routes)
		if err != nil {
			return nil, fmt.Errorf("door %q: %w", d.Name, err)
		}
		o.Enforcer, o.Ready, o.Logger = enforcer, s.ready, s.logger
		return forwardauth.Listen(o)
	}
	o, err := standaloneOptions(s.cfg, d, routes)
	if err != nil {
		return nil, fmt.Errorf("door %q: %w", d.Name, err)
	}
	o.Enforcer, o.Ready, o.Logger = enforcer, s.ready, s.logger
	return standalone.Listen(o)
}

func (s *server) openAdmin(registry *prometheus.Registry) error {
	o := admin.Options{
		Address:  s.cfg.Admin.Listen,
		Version:  buildInfo().Version,
		Started:  time.Now(),
		Now:      time.Now,
		Bundle:   s.bundle.Status,
		Draining: s.draining.Load,
		Metrics:  registry,

		Observing: observingRoutes(s.cfg),
		Providers: s.providers,
		Sessions:  s.sessionKeys,
	}
	for i, door := range s.doors {
		d := &s.cfg.Doors[i]
		o.Doors = append(o.Doors, admin.Door{Name: door.Name(), Type: string(d.Type), Address: door.Addr().String(), TLS: d.TLS != nil})
	}
	for _, u := range s.cfg.Upstreams {
		o.Upstreams = append(o.Upstreams, admin.Upstream{Name: u.Name, Endpoint: u.Endpoint.Redacted()})
	}
	var err error
	s.admin, err = admin.Listen(o)
	return err
}

func (s *server) ready() bool { return s.bundle.Current() != nil && !s.draining.Load() }

// run serves until the context ends or a listener fails.
func (s *server) run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	bundleDone := make(chan error, 1)
	go func() { bundleDone <- s.bundle.Run(background) }()
	go keepHeap(background, s.activations)
	failed := make(chan error, len(s.doors)+1)
	for _, door := range s.doors {
		go func() { failed <- door.Serve() }()
		s.logger.Info("door open", zap.String("door", door.Name()), zap.Stringer("address", door.Addr()))
	}
	for _, name := range observingRoutes(s.cfg) {
		s.logger.Warn("the route observes: what policies deny is recorded and passes", zap.String("route", name))
	}
	go func() { failed <- s.admin.Serve() }()
	s.logger.Info("admin open", zap.Stringer("address", s.admin.Addr()))

	var err error
	select {
	case err = <-failed:
	case err = <-bundleDone:
		bundleDone <- err
	case <-ctx.Done():
		s.drain()
	}
	stop()
	err = errors.Join(err, <-bundleDone)
	s.close()
	return err
}

// drain lets load balancers notice, then requests in flight finish.
func (s *server) drain() {
	s.draining.Store(true)
	t := s.cfg.Timeouts
	s.logger.Info("draining", zap.Duration("delay", t.DrainDelay), zap.Duration("at_most", t.Drain))
	time.Sleep(t.DrainDelay)
	ctx, cancel := context.WithTimeout(context.Background(), t.Drain)
	defer cancel()
	done := make(chan error, len(s.doors))
	for _, door := range s.doors {
		go func() { done <- door.Shutdown(ctx) }()
	}
	for range s.doors {
		if err := <-done; err != nil {
			s.logger.Warn("requests were cut off", zap.Error(err))
		}
	}
}

// close ends at once what is still open.
func (s *server) close() {
	cut, cancel := context.WithCancel(context.Background())
	cancel()
	for _, door := range s.doors {
		_ = door.Shutdown(cut)
	}
	if s.admin != nil {
		_ = s.admin.Close()
	}
	for _, u := range s.upstreams {
		u.Close()
	}
	if s.tokens != nil {
		s.tokens.Close()
	}
	s.closeAudit()
}

// signingKeys is how many derived keys are remembered, of as many users in a
// day: deriving one costs as much as the rest of a signature. One in use takes
// about 300 bytes, and one that is not, 8.
const signingKeys = 1 << 16
