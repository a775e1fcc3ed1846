package extauthz

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// The bounds of a check request beside those of the options, in bytes.
const (
	maxMethod    = 32
	maxID        = 128
	maxPrincipal = 2 << 10
)

// spiffe begins the identities of workloads in certificates.
// https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
const spiffe = "spiffe://"

// routeExtension is the one context extension: it names the route of this door
// that a request is for, whose hosts must still fit.
const routeExtension = "sallyport_route"

// request makes c.request of what Envoy asks, and finds the door as it is for it.
func (s *Server) request(c *check) (*proxy.Door, *wire.Refusal) {
	asked, out := &c.asked, &c.request
	if err := asked.Unmarshal(string(c.question)); err != nil {
		return nil, invalid("", err.Error())
	}
	if !asked.HasHTTP {
		return nil, invalid("", "the check request has no HTTP attributes")
	}
	door, refused := s.routed(asked.Extensions)
	if refused != nil {
		return nil, refused
	}
	out.Method, out.Host = asked.Method, asked.Host
	switch {
	case len(out.Method) > maxMethod || !wire.IsToken(out.Method):
		return nil, invalid("The request's method is not valid.", "")
	case out.Method == "CONNECT":
		return nil, &wire.Refusal{
			Status: 405, Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
			Detail: []wire.Element{{Name: "Method", Value: "CONNECT"}},
		}
	case !wire.ValidHost(out.Host):
		return nil, invalid("The Host header is missing or malformed.", "")
	case asked.Query != "" || asked.Fragment != "":
		return nil, invalid("", "the check request has a query or fragment apart from its path, which no Envoy sends")
	}
	if out.Path, out.RawQuery, out.HasQuery, refused = wire.ParseTarget(asked.Path); refused != nil {
		return nil, refused
	}
	if out.Query, refused = wire.AppendQuery(out.Query[:0], out.RawQuery); refused != nil {
		return nil, refused
	}
	whole, refused := s.fields(out, asked)
	if refused != nil {
		return nil, refused
	}
	if refused = sayable(out); refused != nil {
		return nil, refused
	}
	if refused = body(out, asked, whole); refused != nil {
		return nil, refused
	}
	if out.Scheme, refused = scheme(asked.Scheme, out.Fields); refused != nil {
		return nil, refused
	}
	peer, ok := address(asked.Source)
	if !ok {
		return nil, invalid("", "the check request does not tell the client's IP address: Envoy must listen on an IP address")
	}
	out.Peer = peer
	if here, ok := address(asked.Destination); ok {
		out.Port = here.Port()
	}
	out.PeerPrincipal = printable(asked.Principal, maxPrincipal)
	if s.options.VerifiedPrincipals && strings.HasPrefix(out.PeerPrincipal, spiffe) {
		out.Certificate = &wire.Certificate{URIs: []string{out.PeerPrincipal}}
	}
	if out.ID = printable(out.Fields.Get("x-request-id"), maxID); out.ID == "" {
		out.ID = printable(asked.ID, maxID)
	}
	return door, nil
}

// routed is the door for what a route of Envoy says in its context extensions:
// all of it, or one of its routes alone.
func (s *Server) routed(extensions wire.Fields) (*proxy.Door, *wire.Refusal) {
	door := s.door
	for _, e := range extensions {
		if e.Name != routeExtension {
			return nil, misplaced("the context extension " + printable(e.Name, maxID) + " means nothing here: remove it, only " + routeExtension + " is known")
		}
		if door = s.routes[e.Value]; door == nil {
			return nil, misplaced("the context extension " + routeExtension + " names " + printable(e.Value, maxID) + ", which is no route of this door")
		}
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
func address(a checkpb.Address) (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(a.IP)
	if err != nil || a.Port > 0xffff {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip, uint16(a.Port)), true
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
