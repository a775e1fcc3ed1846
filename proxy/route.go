package proxy

import (
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// Route says what stands behind a door for requests to some hosts. Routes are
// immutable once a Table holds them.
type Route struct {
	// Name identifies the route in the bundle's owner rules, records and logs.
	Name string
	// Service is the signing name that credentials must be scoped to.
	Service string
	// Regions are the regions that credentials may be scoped to; the first is
	// the endpoint's own.
	Regions []string
	// Hosts are the authorities of the endpoint, without port. A route that
	// has neither Hosts nor VirtualHosts takes every host that no other of its
	// service does.
	Hosts []string
	// VirtualHosts are the domains whose subdomains name buckets.
	VirtualHosts []string
	// Account, if set, guards the route.
	Account string
	// Observe lets pass what policies deny to an authenticated caller, and
	// records the denial. All else is enforced: routing, authentication, bodies,
	// mapping, owners, and what anonymous callers may do.
	Observe bool
	// CORS are the rules for pages of other origins. Without any the upstream
	// says which there are, and preflights are refused.
	CORS CORS
	// Partition is the ARN partition; "aws" if empty.
	Partition string
	// Protocol is the one refusals are rendered in.
	Protocol refusal.Protocol
	// Mapper tells what a request amounts to.
	Mapper action.Mapper
	// Namespace is the XML namespace of refusals in the query protocol.
	Namespace string
	// Upstream is what stands behind; nil if Answers does.
	Upstream *upstream.Upstream
	// Answers, in the place of Upstream, is the service in this process that answers
	// what is let through. Such a route always enforces, and serves nobody without
	// credentials.
	Answers service.Service
	// EncodedMessages adds to a denial what it does not say openly, sealed for
	// sts:DecodeAuthorizationMessage.
	EncodedMessages bool
}

// Table chooses a door's route. It is immutable and safe for concurrent use.
type Table struct {
	exact    map[string]*services // by host
	virtual  []virtualHost        // longest domain first
	fallback *services
}

type virtualHost struct {
	suffix string // "." and the domain
	routes *services
}

// NewTable makes a table. Routes for the same host must be of different services;
// where two claim one of the same service, the first has it: the configuration is
// where that is refused.
func NewTable(routes []*Route) *Table {
	t := &Table{exact: map[string]*services{}}
	for _, r := range routes {
		for _, h := range r.Hosts {
			t.claim(hostName(h), r)
		}
		for _, h := range r.VirtualHosts {
			domain := hostName(h)
			t.claim(domain, r)
			t.insert(virtualHost{"." + domain, new(services).with(r)})
		}
		if len(r.Hosts) == 0 && len(r.VirtualHosts) == 0 {
			t.fallback = t.fallback.with(r)
		}
	}
	if t.fallback != nil {
		for _, s := range t.exact {
			for _, r := range t.fallback.rest {
				s.with(r)
			}
		}
	}
	return t
}

func (t *Table) claim(host string, r *Route) { t.exact[host] = t.exact[host].with(r) }

func (t *Table) insert(v virtualHost) {
	i := 0
	for i < len(t.virtual) && len(t.virtual[i].suffix) >= len(v.suffix) {
		if t.virtual[i].suffix == v.suffix {
			t.virtual[i].routes = t.virtual[i].routes.with(v.routes.first)
			return
		}
		i++
	}
	t.virtual = append(t.virtual[:i], append([]virtualHost{v}, t.virtual[i:]...)...)
}

// Match finds the route of a request by its host, and the bucket that a
// virtual host names. A host that is an endpoint is path style, the longest
// virtual-host domain wins, and a host nobody claims goes to the route that
// claims none. Where a host has routes of several services, the service that the
// request claims to be signed for chooses, or else its shape.
func (t *Table) Match(req *wire.Request) (route *Route, bucket string, r *wire.Refusal) {
	host := hostName(req.Host)
	if s := t.exact[host]; s != nil {
		return s.of(req), "", nil
	}
	for _, v := range t.virtual {
		if bucket, ok := strings.CutSuffix(host, v.suffix); ok && bucket != "" {
			return v.routes.of(req), bucket, nil
		}
	}
	if t.fallback != nil {
		return t.fallback.of(req), "", nil
	}
	return nil, "", &wire.Refusal{
		Status: 403, Code: "AccessDenied", Message: "Access Denied",
		Cause: "no route of this door takes the host " + quote(req.Host),
	}
}

// hostName is the host without port and without one trailing dot, in lower
// case.
func hostName(authority string) string {
	host := authority
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// quote bounds what of a client's text goes into a log.
func quote(s string) string {
	const most = 128
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}
