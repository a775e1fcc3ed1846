// Package nethttp turns what net/http receives into what package wire speaks
// of, and back: HTTP/2 at the standalone door, the questions of proxies over HTTP,
// and whatever embeds the product. It is the only place that does.
//
// net/http parses, hides and mends parts of a message; this package takes the
// raw form wherever net/http keeps it, rebuilds what it moves out of the
// header map, and refuses what could mean one thing here and another behind.
// What net/http decides before a handler runs stays so: an obsolete line fold
// is one space, equal repeats of Content-Length are one, Content-Length beside
// chunked framing is dropped, and so is Transfer-Encoding in HTTP/1.0, and the
// authority of an absolute-form target replaces the Host field (RFC 9112,
// section 3.2.2).
package nethttp

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Request turns a request that a net/http server received into a
// wire.Request. scheme is "http" or "https" and peer the other end of the
// connection: the door, which knows the proxies it trusts, decides on both. The
// result's Port is the door's to set.
// The body is not touched, so that no 100 Continue is sent yet.
func Request(r *http.Request, scheme string, peer netip.AddrPort) (*wire.Request, *wire.Refusal) {
	target, refusal := wire.OriginForm(r.Method, r.RequestURI, r.Host, scheme)
	if refusal != nil {
		return nil, refusal
	}
	out := &wire.Request{Method: r.Method, Scheme: scheme, Host: r.Host, Peer: peer}
	if out.Path, out.RawQuery, out.HasQuery, refusal = wire.ParseTarget(target); refusal != nil {
		return nil, refusal
	}
	if out.Query, refusal = wire.ParseQuery(out.RawQuery); refusal != nil {
		return nil, refusal
	}
	if out.Fields, refusal = fields(r); refusal != nil {
		return nil, refusal
	}
	if refusal = out.Fields.CheckConnection(); refusal != nil {
		return nil, refusal
	}
	if refusal = frame(r, out); refusal != nil {
		return nil, refusal
	}
	if r.TLS != nil {
		out.TLS = &wire.TLS{Version: r.TLS.Version, ServerName: r.TLS.ServerName}
	}
	return out, nil
}

// fields are the header fields in wire's spelling. A Host field is here only
// beside HTTP/2's :authority, and has to be the same.
func fields(r *http.Request) (wire.Fields, *wire.Refusal) {
	count := 3 // for what frame rebuilds
	for _, values := range r.Header {
		count += len(values)
	}
	out := make(wire.Fields, 0, count)
	for key, values := range r.Header {
		if key == "Host" {
			if len(values) != 1 || values[0] != r.Host {
				return nil, invalid("The Host header is not the authority of the request.")
			}
			continue
		}
		name, ok := lower(key)
		if !ok {
			return nil, invalid("The request has a header whose name is not valid.")
		}
		for _, value := range values {
			value, refusal := wire.FieldValue(name, value)
			if refusal != nil {
				return nil, refusal
			}
			out = append(out, wire.Field{Name: name, Value: value})
		}
	}
	return out, nil
}

// frame sets the body and its size, and rebuilds the fields that net/http
// takes out of the header map.
func frame(r *http.Request, out *wire.Request) *wire.Refusal {
	lengths := r.Header["Content-Length"]
	if len(r.Header["Transfer-Encoding"]) > 0 {
		return invalidFraming("The Transfer-Encoding header is not supported in this version of HTTP.")
	}
	switch {
	case len(r.TransferEncoding) > 0:
		if len(lengths) > 0 || r.ContentLength >= 0 {
			return invalidFraming("Content-Length and Transfer-Encoding were both sent.")
		}
		if !slices.Equal(r.TransferEncoding, []string{"chunked"}) {
			return invalidFraming("The Transfer-Encoding is not supported: use chunked.")
		}
		out.Fields.Add("transfer-encoding", "chunked")
	case len(lengths) > 1:
		return invalidFraming("Content-Length was sent more than once.")
	case len(lengths) == 1:
		if size, err := strconv.ParseUint(strings.Trim(lengths[0], " \t"), 10, 63); err != nil || int64(size) != r.ContentLength {
			return invalidFraming("Content-Length is not the length of the body.")
		}
	case r.ContentLength > 0:
		out.Fields.Add("content-length", strconv.FormatInt(r.ContentLength, 10))
	case r.ProtoMajor == 1 && r.ProtoMinor == 0 && (r.Method == http.MethodPut || r.Method == http.MethodPost):
		// A Transfer-Encoding is dropped, and the body with it.
		return &wire.Refusal{
			Status: http.StatusLengthRequired, Code: "MissingContentLength",
			Message: "You must provide the Content-Length HTTP header.", Close: true,
		}
	}
	if len(r.Trailer) > 0 {
		names := make([]string, 0, len(r.Trailer))
		for key := range r.Trailer {
			name, ok := lower(key)
			if !ok {
				return invalid("The Trailer header holds a name that is not valid.")
			}
			names = append(names, name)
		}
		slices.Sort(names)
		out.Fields.Add("trailer", strings.Join(names, ","))
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	out.Body, out.BodySize = r.Body, max(r.ContentLength, -1)
	return nil
}

func invalid(message string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusBadRequest, Code: "InvalidRequest", Message: message}
}

// invalidFraming also ends the connection: where the next request begins is
// not certain.
func invalidFraming(message string) *wire.Refusal {
	refusal := invalid(message)
	refusal.Close = true
	return refusal
}
