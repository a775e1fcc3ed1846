// Package admin is the listener for operators: health, metrics and status. It
// is not a door: nothing on it reaches an upstream, and it belongs on an
// address that clients cannot reach.
package admin

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sallyport-iam/sallyport/bundle"
)

// Options is what the listener tells of.
type Options struct {
	// Address is where to listen: host:port.
	Address string
	// Version of this binary.
	Version string
	// Started is when the process began to serve.
	Started time.Time
	// Now is the clock.
	Now func() time.Time
	// Bundle tells what is in force.
	Bundle func() bundle.Status
	// Draining tells that the process is about to end.
	Draining func() bool
	// Doors and Upstreams are shown as they are configured.
	Doors     []Door
	Upstreams []Upstream
	// Observing are the routes that let pass what policies deny.
	Observing []string
	// Sessions tells of the keys of temporary credentials; nil if there are none.
	Sessions func() *Sessions
	// Providers tells of the OpenID Connect providers; nil: there are none.
	Providers func() []Provider
	// Metrics is what /metrics shows.
	Metrics prometheus.Gatherer
}

// Door is a door as /status shows it.
type Door struct {
	Name string `json:"name"`
	// Type is "standalone", "ext_authz" or "forward_auth".
	Type    string `json:"type"`
	Address string `json:"address"`
	TLS     bool   `json:"tls"`
}

// Upstream is an upstream as /status shows it.
type Upstream struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`
}

// Sessions is what /status shows of temporary credentials. It holds no secrets.
type Sessions struct {
	// SealingKeys are the ids of the keys that open tokens, of which the first
	// seals; IssuerKey is that of the one that signs, empty if none are issued here.
	SealingKeys []string `json:"sealing_keys"`
	IssuerKey   string   `json:"issuer_key"`
	// TrustedKeys are the ids of the issuers whose tokens are opened.
	TrustedKeys []string `json:"trusted_keys"`
}

// Provider is an OpenID Connect provider as /status shows it.
type Provider struct {
	Issuer string `json:"issuer"`
	// Offline tells that its keys are in the bundle.
	Offline      bool      `json:"offline,omitempty"`
	Keys         int       `json:"keys"`
	UnusableKeys int       `json:"unusable_keys,omitempty"`
	Version      uint64    `json:"version"`
	FetchedAt    time.Time `json:"fetched_at,omitzero"`
	// Failures are the fetches that failed since the last that did not.
	Failures  int    `json:"failures,omitempty"`
	LastError string `json:"last_error,omitempty"`
}

// Server is the listener.
type Server struct {
	Options
	listener net.Listener
	server   *http.Server
}

// Listen opens the listener; Serve answers on it.
func Listen(o Options) (*Server, error) {
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	s := &Server{Options: o, listener: listener}
	s.server = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	return s, nil
}

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Close.
func (s *Server) Serve() error {
	if err := s.server.Serve(s.listener); err != http.ErrServerClosed {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

// Close ends the listener at once.
func (s *Server) Close() error { return s.server.Close() }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /startupz", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.started()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.notReady()) })
	mux.HandleFunc("GET /status", s.status)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}))
	return mux
}

// started tells why start-up is not over: no bundle has been activated yet.
func (s *Server) started() []string {
	if status := s.Bundle(); status.Generation == 0 {
		return []string{"bundle: " + orElse(status.LastError, "not loaded yet")}
	}
	return nil
}

// notReady tells why requests should not be sent here.
func (s *Server) notReady() []string {
	reasons := s.started()
	if s.Draining() {
		reasons = append(reasons, "draining: the process is about to end")
	}
	return reasons
}

// Ready tells whether requests should be sent here.
func (s *Server) Ready() bool { return len(s.notReady()) == 0 }

func answer(w http.ResponseWriter, reasons []string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if len(reasons) == 0 {
		fmt.Fprintln(w, "ok")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for _, reason := range reasons {
		fmt.Fprintln(w, reason)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

type statusDocument struct {
	Version   string       `json:"version"`
	StartedAt time.Time    `json:"started_at"`
	Ready     bool         `json:"ready"`
	Bundle    bundleStatus `json:"bundle"`
	Doors     []Door       `json:"doors"`
	Upstreams []Upstream   `json:"upstreams"`
	Observing []string     `json:"observing,omitempty"`
	Sessions  *Sessions    `json:"sessions"`
	Providers []Provider   `json:"providers,omitempty"`
}

type bundleStatus struct {
	Revision    string     `json:"revision"`
	Generation  uint64     `json:"generation"`
	ActivatedAt *time.Time `json:"activated_at"`
	AgeSeconds  float64    `json:"age_seconds"`
	CheckedAt   *time.Time `json:"checked_at"`
	LastError   string     `json:"last_error"`
	LastErrorAt *time.Time `json:"last_error_at"`
	Accounts    int        `json:"accounts"`
	Users       int        `json:"users"`
	Groups      int        `json:"groups"`
	Roles       int        `json:"roles"`
	Policies    int        `json:"policies"`
	Statements  int        `json:"statements"`
	Keys        int        `json:"keys"`
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	b := s.Bundle()
	doc := statusDocument{
		Version:   s.Version,
		StartedAt: s.Started.UTC(),
		Ready:     s.Ready(),
		Doors:     s.Doors,
		Upstreams: s.Upstreams,
		Observing: s.Observing,
		Bundle: bundleStatus{
			Revision:    b.Revision,
			Generation:  b.Generation,
			ActivatedAt: instant(b.ActivatedAt),
			CheckedAt:   instant(b.CheckedAt),
			LastError:   b.LastError,
			LastErrorAt: instant(b.LastErrorAt),
			Accounts:    b.Accounts,
			Users:       b.Users,
			Groups:      b.Groups,
			Roles:       b.Roles,
			Policies:    b.Policies,
			Statements:  b.Statements,
			Keys:        b.Keys,
		},
	}
	if s.Sessions != nil {
		doc.Sessions = s.Sessions()
	}
	if s.Providers != nil {
		doc.Providers = s.Providers()
	}
	if !b.ActivatedAt.IsZero() {
		doc.Bundle.AgeSeconds = s.Now().Sub(b.ActivatedAt).Seconds()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(doc)
}

// instant is nil, and null in JSON, for what never happened.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
