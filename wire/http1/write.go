package http1

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// AppendRequest appends the head of a request. Request target and Host leave
// byte for byte as req has them, the body's framing follows from req.BodySize
// alone (chunked if it is -1), and nothing is added that the client did not
// send. It refuses what cannot be written unchanged.
func AppendRequest(dst []byte, req *wire.Request) ([]byte, *wire.Refusal) {
	if !wire.IsToken(req.Method) {
		return nil, invalid("The method is not valid.")
	}
	if !wire.ValidHost(req.Host) {
		return nil, invalid("The Host header is missing or malformed.")
	}
	dst = append(append(dst, req.Method...), ' ')
	if req.Path == "" || req.Path[0] != '/' || strings.IndexByte(req.Path, '?') >= 0 || !req.HasQuery && req.RawQuery != "" {
		return nil, badTarget("path and query are not told apart")
	}
	if refusal := wire.CheckTarget(req.Path); refusal != nil {
		return nil, refusal
	}
	if refusal := wire.CheckTarget(req.RawQuery); refusal != nil {
		return nil, refusal
	}
	dst = append(dst, req.Path...)
	if req.HasQuery {
		dst = append(append(dst, '?'), req.RawQuery...)
	}
	dst = append(append(append(dst, " HTTP/1.1\r\nHost: "...), req.Host...), "\r\n"...)
	for i := range req.Fields {
		field := &req.Fields[i]
		if !wire.IsToken(field.Name) || !wire.IsFieldValue(field.Value) {
			return nil, invalid("The header " + field.Name + " is not valid.")
		}
		if field.Name == "host" || field.Name == "content-length" || field.Name == "expect" || HopByHop(field.Name) {
			continue
		}
		dst = appendLine(dst, field.Name, field.Value)
	}
	switch {
	case req.Body != nil && req.BodySize < 0:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case req.Body != nil && req.BodySize > 0:
		dst = appendLength(dst, req.BodySize)
	case req.Method == "PUT" || req.Method == "POST" || req.Method == "PATCH" || req.Fields.Get("content-length") == "0":
		dst = appendLength(dst, 0)
	}
	return append(dst, "\r\n"...), nil
}

// ResponseOptions say how an answer goes on a connection.
type ResponseOptions struct {
	// Head tells that the request was a HEAD, whose answer has no body.
	Head bool
	// Chunked tells that a body of unknown length goes in chunks; or else its end
	// is the connection's.
	Chunked bool
	// Last tells the client that the connection serves no other request.
	Last bool
	// Now is for the Date field of an answer without one.
	Now time.Time
}

// AppendResponse appends the head of an answer. The body's framing follows from
// resp.Body and resp.BodySize; where an answer has no body by nature, the
// Content-Length that it has stays. A control character in a field's value,
// which nobody should have put there, becomes a space.
func AppendResponse(dst []byte, resp *wire.Response, o ResponseOptions) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(resp.Status), 10)
	dst = append(append(append(dst, ' '), http.StatusText(resp.Status)...), "\r\n"...)
	bodiless := o.Head || resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified
	dated := false
	for i := range resp.Fields {
		field := &resp.Fields[i]
		switch {
		case HopByHop(field.Name):
			continue
		case field.Name == "content-length" && (!bodiless || resp.Status == http.StatusNoContent):
			continue
		case field.Name == "date":
			dated = true
		}
		dst = appendField(dst, field.Name, field.Value)
	}
	if !dated {
		dst = appendDate(dst, o.Now)
	}
	switch {
	case bodiless:
	case resp.Body == nil:
		dst = appendLength(dst, 0)
	case resp.BodySize >= 0:
		dst = appendLength(dst, resp.BodySize)
	case o.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	if o.Last {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// dateLine is the Date field of a second.
type dateLine struct {
	second int64
	text   string
}

// lastDate is the last one: that of many answers.
var lastDate atomic.Pointer[dateLine]

func appendDate(dst []byte, now time.Time) []byte {
	second := now.Unix()
	last := lastDate.Load()
	if last == nil || last.second != second {
		last = &dateLine{second, "Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"}
		lastDate.Store(last)
	}
	return append(dst, last.text...)
}

// spelling is a name as servers usually write it, where that is not lower case,
// for clients that look for it so.
func spelling(name string) string {
	switch name {
	case "accept-ranges":
		return "Accept-Ranges"
	case "allow":
		return "Allow"
	case "cache-control":
		return "Cache-Control"
	case "content-disposition":
		return "Content-Disposition"
	case "content-encoding":
		return "Content-Encoding"
	case "content-language":
		return "Content-Language"
	case "content-length":
		return "Content-Length"
	case "content-range":
		return "Content-Range"
	case "content-type":
		return "Content-Type"
	case "date":
		return "Date"
	case "etag":
		return "ETag"
	case "expires":
		return "Expires"
	case "last-modified":
		return "Last-Modified"
	case "location":
		return "Location"
	case "retry-after":
		return "Retry-After"
	case "server":
		return "Server"
	case "user-agent":
		return "User-Agent"
	case "vary":
		return "Vary"
	}
	return name
}

// appendField appends a line. A control byte in the value becomes a space: it
// is nowhere that it could end the line.
func appendField(dst []byte, name, value string) []byte {
	dst = appendLine(dst, name, value)
	if wire.IsFieldValue(value) {
		return dst
	}
	written := dst[len(dst)-len(value)-len("\r\n"):]
	for i := range len(value) {
		if c := written[i]; c < ' ' && c != '\t' || c == 0x7f {
			written[i] = ' '
		}
	}
	return dst
}

// appendLine appends a line whose value has no control byte.
func appendLine(dst []byte, name, value string) []byte {
	dst = append(append(dst, spelling(name)...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	return append(strconv.AppendInt(dst, n, 10), "\r\n"...)
}

// Parts of a body in chunks.
const (
	// ChunkEnd follows the bytes of a chunk.
	ChunkEnd = "\r\n"
	// LastChunk ends a body in chunks.
	LastChunk = "0\r\n\r\n"
	// MaxChunkHead is the greatest size of what AppendChunk appends, in bytes.
	MaxChunkHead = 16 + len("\r\n")
	// Continue is the interim answer that asks for the body.
	Continue = "HTTP/1.1 100 Continue\r\n\r\n"
)

// AppendChunk appends the line before a chunk of n bytes; n is not 0, which
// would be the last one.
func AppendChunk(dst []byte, n int) []byte {
	return append(strconv.AppendInt(dst, int64(n), 16), "\r\n"...)
}

// HopByHop tells whether a field (lower case) is the connection's alone (RFC
// 9110, section 7.6.1).
func HopByHop(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
		"te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

func invalid(message string) *wire.Refusal {
	return &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: message}
}

func badTarget(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 400, Code: "InvalidURI", Message: "Couldn't parse the specified URI: " + cause + "."}
}
