package nethttp

import (
	"net/http"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Response turns an answer that a net/http Transport received into a
// wire.Response without the fields that belong to the connection it came over:
// the hop-by-hop fields of RFC 9110, section 7.6.1, those that Connection
// names, and trailers. content-length stays as sent, also where there is no
// body (HEAD, 304).
func Response(r *http.Response) *wire.Response {
	out := &wire.Response{Status: r.StatusCode, Fields: make(wire.Fields, 0, len(r.Header)+4)}
	named := r.Header["Connection"]
	for key, values := range r.Header {
		name, ok := lower(key)
		if !ok || hopByHop(name) || len(named) > 0 && isNamed(named, name) {
			continue
		}
		for _, value := range values {
			out.Fields = append(out.Fields, wire.Field{Name: name, Value: value})
		}
	}
	if r.Body != nil && r.Body != http.NoBody {
		out.Body, out.BodySize = r.Body, max(r.ContentLength, -1)
	}
	return out
}

// WriteHeader sends status and fields of an answer. It suppresses what
// net/http would add by guessing: a content type.
func WriteHeader(w http.ResponseWriter, resp *wire.Response) {
	header := w.Header()
	for _, field := range resp.Fields {
		name, ok := canonical[field.Name]
		if !ok {
			name = field.Name
		}
		header[name] = append(header[name], field.Value)
	}
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil
	}
	w.WriteHeader(resp.Status)
}

// hopByHop tells whether a field (lower case) is meant for one connection.
func hopByHop(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
		"te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// isNamed tells whether the Connection fields name the field name.
func isNamed(connection []string, name string) bool {
	for _, value := range connection {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), name) {
				return true
			}
		}
	}
	return false
}
