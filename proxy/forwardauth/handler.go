package forwardauth

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// ServeHTTP answers one question.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer *wire.Response
	if s.options.HealthPath != "" && r.RequestURI == s.options.HealthPath {
		answer = s.health()
	} else {
		answer = s.answer(r)
	}
	// A cache between would decide in the place of policies.
	answer.Fields.Set("cache-control", "no-store")
	nethttp.WriteHeader(w, answer)
	if answer.Body != nil && r.Method != http.MethodHead {
		copyBody(w, answer)
	}
}

// answer is what the proxy is told. It is a success for an allowed request alone.
func (s *Server) answer(r *http.Request) (answer *wire.Response) {
	id := refusal.NewRequestID()
	client, err := netip.ParseAddrPort(r.RemoteAddr) // as far as is known
	method := ""
	refuse := func(why *wire.Refusal) *wire.Response {
		return s.denied(s.options.Enforcer.RefuseMalformed(s.door, method, client, id, why), why)
	}
	defer func() {
		if p := recover(); p != nil {
			s.options.Logger.Error("a panic denied a request", zap.String("request_id", id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			answer = refuse(wire.Unavailable("panic at the door"))
		}
	}()
	if err != nil || !s.trusts(client.Addr()) {
		return refuse(misplaced("the connection is none of trusted_proxies"))
	}
	ctx, cancel := context.WithTimeout(r.Context(), budget)
	defer cancel()
	req, refused := s.request(r)
	if req != nil {
		method, client = req.Method, req.Peer
	}
	if refused != nil {
		return refuse(refused)
	}
	a := s.options.Enforcer.Authorize(ctx, s.door, req, id)
	if a.Answer != nil {
		return s.denied(a.Answer, a.Refusal)
	}
	a.Identify(id)
	return s.allowed(req, a)
}

func (s *Server) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(s.options.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// health is answered to proxies that ask whether to ask. No question has its
// path.
func (s *Server) health() *wire.Response {
	status := http.StatusOK
	if !s.options.Ready() {
		status = http.StatusServiceUnavailable
	}
	return &wire.Response{Status: status, Fields: wire.Fields{{Name: "content-length", Value: "0"}}}
}

// asks tells whether a path is one that is asked for, and what Envoy added to it.
func (s *Server) asks(path string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, s.options.PathPrefix)
	if s.speaks.target != "" {
		rest, _, _ = strings.Cut(rest, "?") // Caddy adds the client's query
		return "", ok && rest == ""
	}
	return rest, ok && strings.HasPrefix(rest, "/")
}

// invalid is the refusal of a request that no client may send; misplaced that of
// what the proxy's configuration does not let us decide.
func invalid(message string) *wire.Refusal {
	return &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: message}
}

func misplaced(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied", Cause: cause}
}

// copyBody writes what a refusal says.
func copyBody(w http.ResponseWriter, answer *wire.Response) {
	defer answer.Body.Close()
	_, _ = io.Copy(w, answer.Body)
}
