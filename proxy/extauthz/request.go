package extauthz

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// The bounds of a check request beside those of the options, in bytes but for
// maxFields. Envoy takes 100 fields unless it is told otherwise.
const (
	maxFields    = 256
	maxMethod    = 32
	maxID        = 128
	maxPrincipal = 2 << 10
)

// routeExtension is the one context extension: it names the route of this door
// that a request is for, whose hosts must still fit.
const routeExtension = "sallyport_route"

// request is the request that Envoy asks about, and the door as it is for it.
func (s *Server) request(in *authv3.CheckRequest) (*wire.Request, *proxy.Door, *wire.Refusal) {
	attributes := in.GetAttributes()
	http := attributes.GetRequest().GetHttp()
	if http == nil {
		return nil, nil, invalid("", "the check request has no HTTP attributes, or is malformed")
	}
	door, refused := s.routed(attributes.GetContextExtensions())
	if refused != nil {
		return nil, nil, refused
	}
	out := &wire.Request{Method: http.GetMethod(), Host: http.GetHost()}
	switch {
	case len(http.GetMethod()) > maxMethod || !wire.IsToken(http.GetMethod()):
		return nil, nil, invalid("The request's method is not valid.", "")
	case http.GetMethod() == "CONNECT":
		return nil, nil, &wire.Refusal{
			Status: 405, Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
			Detail: []wire.Element{{Name: "Method", Value: "CONNECT"}},
		}
	case !wire.ValidHost(http.GetHost()):
		return nil, nil, invalid("The Host header is missing or malformed.", "")
	case http.GetQuery() != "" || http.GetFragment() != "":
		return nil, nil, invalid("", "the check request has a query or fragment apart from its path, which no Envoy sends")
	}
	if out.Path, out.RawQuery, out.HasQuery, refused = wire.ParseTarget(http.GetPath()); refused != nil {
		return nil, nil, refused
	}
	if out.Query, refused = wire.ParseQuery(out.RawQuery); refused != nil {
		return nil, nil, refused
	}
	sent, refused := s.fields(out, http)
	if refused != nil {
		return nil, nil, refused
	}
	if refused = sayable(out); refused != nil {
		return nil, nil, refused
	}
	if refused = body(out, http, sent.partial); refused != nil {
		return nil, nil, refused
	}
	if out.Scheme, refused = scheme(http.GetScheme(), out.Fields); refused != nil {
		return nil, nil, refused
	}
	peer, ok := address(attributes.GetSource().GetAddress())
	if !ok {
		return nil, nil, invalid("", "the check request does not tell the client's IP address: Envoy must listen on an IP address")
	}
	out.Peer = peer
	if here, ok := address(attributes.GetDestination().GetAddress()); ok {
		out.Port = here.Port()
	}
	out.PeerPrincipal = printable(attributes.GetSource().GetPrincipal(), maxPrincipal)
	if out.ID = printable(out.Fields.Get("x-request-id"), maxID); out.ID == "" {
		out.ID = printable(http.GetId(), maxID)
	}
	return out, door, nil
}

// routed is the door for what a route of Envoy says in its context extensions:
// all of it, or one of its routes alone.
func (s *Server) routed(extensions map[string]string) (*proxy.Door, *wire.Refusal) {
	for name := range extensions {
		if name != routeExtension {
			return nil, misplaced("the context extension " + printable(name, maxID) + " means nothing here: remove it, only " + routeExtension + " is known")
		}
	}
	name, chosen := extensions[routeExtension]
	if !chosen {
		return s.door, nil
	}
	door := s.routes[name]
	if door == nil {
		return nil, misplaced("the context extension " + routeExtension + " names " + printable(name, maxID) + ", which is no route of this door")
	}
	return door, nil
}

// scheme is that of the client's connection. A client of HTTP/2 writes :scheme
// itself, so it counts as secure only if what Envoy says of the connection agrees.
func scheme(written string, fields wire.Fields) (string, *wire.Refusal) {
	switch {
	case written == "https" && fields.Get("x-forwarded-proto") == "https":
		return "https", nil
	case written == "https", written == "http":
		return "http", nil
	}
	return "", invalid("", "the check request's scheme is neither http nor https")
}

// address is an IP address and a port.
func address(a *corev3.Address) (netip.AddrPort, bool) {
	socket := a.GetSocketAddress()
	ip, err := netip.ParseAddr(socket.GetAddress())
	if err != nil || socket.GetPortValue() > 0xffff {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip, uint16(socket.GetPortValue())), true
}

// sayable refuses a request of which Envoy could not be told what to forward: it
// takes only UTF-8 in the values of headers that it is told to set.
func sayable(req *wire.Request) *wire.Refusal {
	for i := range req.Query {
		if p := &req.Query[i]; !utf8.ValidString(p.Value) && len(p.Name) > 6 && strings.EqualFold(p.Name[:6], "x-amz-") {
			return invalid("The query parameter "+p.RawName+" is not UTF-8.", "")
		}
	}
	for i := range req.Fields {
		if f := &req.Fields[i]; f.Name == "content-encoding" && !utf8.ValidString(f.Value) {
			return invalid("The header content-encoding is not UTF-8.", "")
		}
	}
	return nil
}

// printable is a text for a record: as sent if it is short printable ASCII, and
// empty otherwise.
func printable(s string, most int) string {
	if len(s) > most {
		return ""
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return ""
		}
	}
	return s
}

// invalid is the refusal of what is no request; message is for the client, cause
// for the operator, and one of the two may be empty.
func invalid(message, cause string) *wire.Refusal {
	if message == "" {
		message = "The request is not valid."
	}
	return &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: message, Cause: cause}
}

// misplaced is the refusal for what Envoy's configuration does not let us decide.
func misplaced(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied", Cause: cause}
}
