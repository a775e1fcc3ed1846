package nethttp

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Outgoing makes the request that a net/http Transport sends to target, of
// which only scheme and authority count: they are the connection's. Request
// target and Host leave byte for byte as req has them, the length is exactly
// req.BodySize (chunked if it is -1), and nothing is added that the client did
// not send. It refuses what net/http would not send unchanged.
//
// The Transport must have DisableCompression set, or it adds Accept-Encoding.
func Outgoing(ctx context.Context, req *wire.Request, target *url.URL) (*http.Request, *wire.Refusal) {
	if !wire.IsToken(req.Method) {
		return nil, invalid("The method is not valid.")
	}
	if !wire.ValidHost(req.Host) {
		return nil, invalid("The Host header is missing or malformed.")
	}
	location, refusal := requestTarget(req, target)
	if refusal != nil {
		return nil, refusal
	}
	header, refusal := outgoingHeader(req.Fields)
	if refusal != nil {
		return nil, refusal
	}
	out := &http.Request{
		Method:     req.Method,
		URL:        location,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
		Host:       req.Host,
	}
	switch {
	case req.Body == nil || req.BodySize == 0:
		out.Body = http.NoBody // any other of length 0 would be read, to see whether there is more
		if req.Fields.Get("content-length") == "0" {
			out.TransferEncoding = identity // says the zero for DELETE too
		}
	case req.BodySize < 0:
		out.Body, out.ContentLength, out.TransferEncoding = req.Body, -1, chunked
	default:
		out.Body, out.ContentLength = req.Body, req.BodySize
	}
	return out.WithContext(ctx), nil
}

// Shared and never changed: net/http only reads them.
var (
	chunked  = []string{"chunked"}
	identity = []string{"identity"}
)

// requestTarget is a URL whose RequestURI is the raw target of req.
//
// url.URL writes Opaque as it is, except that it takes one that begins with
// "//" for an authority. Such a path goes through RawPath, which is written as
// it is if a URL may hold all its bytes.
func requestTarget(req *wire.Request, target *url.URL) (*url.URL, *wire.Refusal) {
	if _, _, _, refusal := wire.ParseTarget(req.Path); refusal != nil {
		return nil, refusal
	}
	out := &url.URL{Scheme: target.Scheme, Host: target.Host, RawQuery: req.RawQuery, ForceQuery: req.HasQuery}
	if !req.HasQuery && req.RawQuery != "" || strings.IndexByte(req.Path, '?') >= 0 {
		return nil, badTarget("path and query are not told apart")
	}
	if req.RawQuery != "" {
		if _, _, _, refusal := wire.ParseTarget("/?" + req.RawQuery); refusal != nil {
			return nil, refusal
		}
	}
	if !strings.HasPrefix(req.Path, "//") {
		out.Opaque = req.Path
		return out, nil
	}
	out.Path, _ = wire.Unescape(req.Path)
	out.RawPath = req.Path
	if out.EscapedPath() != req.Path {
		return nil, badTarget("a path that begins with // holds a character that must be percent-encoded")
	}
	return out, nil
}

// outgoingHeader are the fields for net/http: those it writes itself and those
// of the client's connection (Expect is one in effect: it asks for an interim
// answer) are left out. User-Agent, which it looks for, is spelt as it spells
// it; the others go in lower case, as HTTP/2 sends them anyway.
func outgoingHeader(fields wire.Fields) (http.Header, *wire.Refusal) {
	header := make(http.Header, len(fields)+1)
	header["User-Agent"] = nil // absent, or net/http sends its own
	values := make([]string, len(fields))
	for i, field := range fields {
		if !wire.IsToken(field.Name) || !wire.IsFieldValue(field.Value) {
			return nil, invalid("The header " + field.Name + " is not valid.")
		}
		name := field.Name
		switch {
		case name == "host", name == "content-length", name == "expect", hopByHop(name):
			continue
		case name == "user-agent":
			name = "User-Agent"
			if len(header[name]) > 0 {
				return nil, invalid("The User-Agent header was sent more than once.")
			}
		}
		if sent := header[name]; sent != nil {
			header[name] = append(sent, field.Value)
			continue
		}
		values[i] = field.Value
		header[name] = values[i : i+1 : i+1]
	}
	return header, nil
}
