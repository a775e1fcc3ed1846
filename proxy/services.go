package proxy

import (
	"strings"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// services are the routes of one host, each of another service.
type services struct {
	first *Route
	// sts is the one of STS and other that of anything else, if there are two or
	// more; rest are all of them then.
	sts, other *Route
	rest       []*Route
}

// STS is the signing name of AWS's Security Token Service.
const STS = "sts"

// with adds a route, unless there is one of its service. The receiver may be nil.
func (s *services) with(r *Route) *services {
	if s == nil {
		s = new(services)
	}
	if s.first == nil {
		s.first, s.rest = r, []*Route{r}
		return s
	}
	for _, have := range s.rest {
		if have.Service == r.Service {
			return s
		}
	}
	s.rest = append(s.rest, r)
	s.sts, s.other = nil, nil
	for _, have := range s.rest {
		switch {
		case have.Service == STS:
			s.sts = have
		case s.other == nil:
			s.other = have
		}
	}
	return s
}

// of chooses the route of a request. What a request claims is verified next; where
// no route is of the service that it claims, the one that is chosen says so.
func (s *services) of(req *wire.Request) *Route {
	if len(s.rest) == 1 {
		return s.first
	}
	if claimed := sigv4.ClaimedService(req); claimed != "" {
		for _, r := range s.rest {
			if r.Service == claimed {
				return r
			}
		}
		return s.other
	}
	if s.sts != nil && asksSTS(req) {
		return s.sts
	}
	return s.other
}

// asksSTS tells whether a request that is not signed has the shape of one of STS,
// which none of Amazon S3 has: a form-encoded POST to "/", or an Action there. A
// preflight has that of the request which is to follow; what comes by POST to "/" is
// STS's.
func asksSTS(req *wire.Request) bool {
	method, preflight := req.Method, isPreflight(req)
	if preflight {
		method = req.Fields.Get("access-control-request-method")
	}
	switch {
	case req.Path != "/":
		return false
	case method == "POST" && (preflight || isFormEncoded(req.Fields.Get("content-type"))):
		return true
	default:
		return (method == "POST" || method == "GET") && req.Query.Has("Action")
	}
}

// isFormEncoded tells whether a content type is that of parameters in a body.
func isFormEncoded(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}
