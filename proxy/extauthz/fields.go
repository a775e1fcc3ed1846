package extauthz

import (
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/sallyport-iam/sallyport/wire"
)

// partialBody is the field in which Envoy says whether a body came whole.
const partialBody = "x-envoy-auth-partial-body"

// header is what a check request's header says of other than the client's
// fields.
type header struct {
	size int
	// partial is what partialBody says, each time.
	partial []string
}

// fields reads the header into req.Fields, and compares what it has twice.
func (s *Server) fields(req *wire.Request, http *authv3.AttributeContext_HttpRequest) (*header, *wire.Refusal) {
	h := &header{size: len(http.GetPath()) + len(http.GetMethod())}
	raw, merged := http.GetHeaderMap().GetHeaders(), http.GetHeaders()
	switch {
	case len(raw) > 0 && len(merged) > 0:
		return nil, invalid("", "the check request has its header twice, raw and merged, which no Envoy sends")
	case len(raw)+len(merged) == 0:
		return nil, invalid("", "the check request has no header")
	case len(raw)+len(merged) > maxFields:
		return nil, tooLarge()
	}
	req.Fields = make(wire.Fields, 0, len(raw)+len(merged))
	for _, field := range raw {
		value := field.GetValue()
		if len(field.GetRawValue()) > 0 {
			if value != "" {
				return nil, invalid("", "the check request has a header with two values, which no Envoy sends")
			}
			value = string(field.GetRawValue())
		}
		if refused := s.field(h, req, http, field.GetKey(), value); refused != nil {
			return nil, refused
		}
	}
	for name, value := range merged {
		if refused := s.field(h, req, http, name, value); refused != nil {
			return nil, refused
		}
	}
	if len(merged) > 0 {
		if name, merged := req.MayBeMerged(); merged {
			return nil, misplaced("the header " + name + " may have been merged or changed on its way: set encode_raw_headers: true in the ext_authz filter")
		}
	}
	return h, req.Fields.CheckConnection()
}

// field takes one field of the header.
func (s *Server) field(h *header, req *wire.Request, http *authv3.AttributeContext_HttpRequest, name, value string) *wire.Refusal {
	if h.size += len(name) + len(value); h.size > s.options.MaxHeader {
		return tooLarge()
	}
	var attribute string
	switch name {
	case ":method":
		attribute = http.GetMethod()
	case ":path":
		attribute = http.GetPath()
	case ":scheme":
		attribute = http.GetScheme()
	case ":authority", "host":
		attribute = http.GetHost()
	case partialBody:
		h.partial = append(h.partial, value)
		return nil
	case "transfer-encoding":
		return invalid("The Transfer-Encoding header is not supported in this version of HTTP.", "")
	default:
		if !wire.IsToken(name) || strings.ToLower(name) != name {
			return invalid("The request has a header whose name is not valid.", "")
		}
		value, refused := wire.FieldValue(name, value)
		if refused != nil {
			return refused
		}
		req.Fields = append(req.Fields, wire.Field{Name: name, Value: value})
		return nil
	}
	if value != attribute {
		return invalid("", "the check request's "+name+" differs from its attribute: no filter before ext_authz may change one of the two")
	}
	return nil
}

func tooLarge() *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "RequestHeaderSectionTooLarge",
		Message: "Your request header and query parameters used to make the request exceed the maximum allowed size.",
	}
}
