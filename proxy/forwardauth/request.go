package forwardauth

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// maxMethod bounds a method in bytes.
const maxMethod = 32

// request is the client's request that a question of a trusted proxy describes.
// With a refusal it is what is known of it, for the record, or nil.
func (s *Server) request(r *http.Request) (*wire.Request, *wire.Refusal) {
	d := s.speaks
	rest, ok := s.asks(r.RequestURI)
	if !ok {
		return nil, misplaced("the question is for another path than path_prefix")
	}
	method, target, host := r.Method, rest, r.Host
	if d.method != "" {
		if r.Method != http.MethodGet {
			return nil, misplaced("the question's method is not GET: the proxy must not ask with the client's method")
		}
		var refused *wire.Refusal
		if method, refused = told(r, d.method); refused != nil {
			return nil, refused
		}
		if target, refused = told(r, d.target); refused != nil {
			return nil, refused
		}
		if host, refused = told(r, d.host); refused != nil {
			return nil, refused
		}
	}
	scheme, refused := told(r, d.scheme)
	if refused != nil {
		return nil, refused
	}
	peer, refused := s.client(r)
	if refused != nil {
		return nil, refused
	}
	if len(method) > maxMethod || !wire.IsToken(method) {
		return &wire.Request{Peer: peer}, invalid("The request's method is not valid.")
	}
	known := &wire.Request{Method: method, Peer: peer}
	switch {
	case scheme != "http" && scheme != "https":
		return known, misplaced("the header " + d.scheme + " is neither http nor https")
	case !strings.HasPrefix(target, "/"):
		return known, misplaced("the target that the question describes does not begin with /")
	}
	asked := &http.Request{
		Method: method, RequestURI: target, Host: host, ProtoMajor: 1, ProtoMinor: 1,
		Header: s.clientFields(r.Header), ContentLength: -1,
	}
	if d.connection != "" {
		connection, refused := toldOrEmpty(r, d.connection)
		if refused != nil {
			return known, refused
		}
		asked.Header["Connection"] = []string{connection}
		if strings.Contains(strings.ToLower(connection), "upgrade") {
			asked.Header["Upgrade"] = []string{""} // to what, does not matter
		}
	}
	size, body, refused := s.body(r, method)
	if refused != nil {
		return known, refused
	}
	if size.declared {
		asked.ContentLength = size.bytes
		asked.Header["Content-Length"] = []string{strconv.FormatInt(size.bytes, 10)}
	}
	out, refused := nethttp.Request(asked, scheme, peer)
	if refused != nil {
		return known, refused
	}
	out.BodySize = size.bytes
	if body != nil {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	if d.merges {
		if name, merged := out.MayBeMerged(); merged {
			return known, misplaced("the header " + name + " may have been merged or changed on its way: the ext_authz filter must ask over gRPC for such requests, with encode_raw_headers: true")
		}
	}
	if d.places != nil {
		return out, forged(out)
	}
	return out, nil
}

// told is what a question says in the header of a name, which it must have once.
func told(r *http.Request, name string) (string, *wire.Refusal) {
	value, refused := toldOrEmpty(r, name)
	if refused == nil && value == "" {
		refused = untold(name)
	}
	return value, refused
}

// toldOrEmpty is the same for what a client's request need not have.
func toldOrEmpty(r *http.Request, name string) (string, *wire.Refusal) {
	values := r.Header[http.CanonicalHeaderKey(name)]
	switch {
	case len(values) == 0:
		return "", untold(name)
	case len(values) > 1:
		return "", misplaced("the question has the header " + name + " more than once: the proxy must set it, in the place of what clients send")
	}
	return values[0], nil
}

func untold(name string) *wire.Refusal {
	return misplaced("the question has no header " + name + ": the proxy must set it")
}

// client is the address of the client: of those that the proxy tells the last
// that is no trusted proxy's.
func (s *Server) client(r *http.Request) (netip.AddrPort, *wire.Refusal) {
	name := s.speaks.address
	list, refused := told(r, name)
	if refused != nil {
		return netip.AddrPort{}, refused
	}
	hops := strings.Split(list, ",")
	var addr netip.Addr
	for i := len(hops) - 1; i >= 0; i-- {
		var err error
		if addr, err = netip.ParseAddr(strings.Trim(hops[i], " \t")); err != nil {
			return netip.AddrPort{}, misplaced("the header " + name + " holds what is no IP address")
		}
		if !s.trusts(addr) {
			break
		}
	}
	return netip.AddrPortFrom(addr, 0), nil
}

// clientFields are the fields of a question that the client's request had: all
// but the proxy's own word and what belongs to the connection between.
func (s *Server) clientFields(header http.Header) http.Header {
	out := make(http.Header, len(header)+1)
	for name, values := range header {
		switch name {
		case "Connection", "Keep-Alive", "Content-Length":
			continue
		case "Host": // beside HTTP/2's :authority
			if s.speaks.host != "" {
				continue
			}
		}
		if !s.speaks.describes(strings.ToLower(name)) {
			out[name] = values
		}
	}
	return out
}

// forged refuses identity headers of a client's own. A proxy with a fixed list
// removes those that are on it; this does not depend on the list.
func forged(req *wire.Request) *wire.Refusal {
	for i := range req.Fields {
		if proxy.Identifies(req.Fields[i].Name) {
			return invalid("The request has a header whose name begins with " + proxy.IdentityPrefix + ", which is not supported.")
		}
	}
	return nil
}
