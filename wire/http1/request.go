package http1

import (
	"bytes"
	"errors"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Request is what the head of a request says.
type Request struct {
	Method string
	// Target is the request target as sent.
	Target string
	// Host is the one Host field; it is not among Fields.
	Host   string
	Fields wire.Fields
	// Minor is that of the version, HTTP/1.Minor: 0 or 1.
	Minor int
	// Length is that of the body in bytes: 0 if there is none, -1 if it comes in
	// chunks.
	Length int64
	// Last tells that the client sends no other request on the connection.
	Last bool
	// Continue tells that the client waits for the interim answer 100 before it
	// sends the body.
	Continue bool
}

// Request reads the head of a request, of at most limit bytes, into req, which is
// overwritten: the new Fields stand in the array of the old ones, which nobody may
// hold any more, if it is large enough. Its body, if there is one, is to be read
// next; see Body. The error is io.EOF if the connection ended before a request
// began, a *wire.Refusal for what is not taken, after which nothing more can be
// read, or the connection's own; then req is empty.
//
// One empty line before a request is ignored (RFC 9112, section 2.2).
func (r *Reader) Request(req *Request, limit int) error {
	fields := req.Fields.Emptied()
	*req = Request{Fields: fields}
	lines, count, err := r.head(limit)
	if err == nil && count == 0 {
		lines, count, err = r.head(limit)
	}
	if err != nil {
		return refused(err)
	}
	if count == 0 {
		return refused(problem("there is no request line"))
	}
	if err := req.parse(lines, count, fields); err != nil {
		*req = Request{Fields: fields.Emptied()}
		return refused(err)
	}
	return nil
}

// Empty ends the use of a request, and keeps the array of its fields for another.
// Nobody may hold it any more.
func (req *Request) Empty() { *req = Request{Fields: req.Fields.Emptied()} }

func (req *Request) parse(lines []byte, count int, fields wire.Fields) error {
	end := bytes.IndexByte(lines, '\n') + 1
	lower(lines[end:])
	text := wire.TextOf(lines)
	if refusal := req.line(text[:end-len("\r\n")]); refusal != nil {
		return refusal
	}
	h := head{fields: fields}
	if err := h.parse(text[end:], count-1, -1); err != nil {
		return err
	}
	if h.hosts != 1 {
		return problem("there must be one Host header")
	}
	if h.chunked && req.Minor == 0 {
		return problem("Transfer-Encoding is not part of HTTP/1.0")
	}
	req.Host, req.Fields, req.Length = h.host, h.fields, max(h.length, 0)
	if h.chunked {
		req.Length = -1
	}
	req.Last = h.last || req.Minor == 0
	if expected, ok := req.Fields.Lookup("expect"); ok && req.Minor == 1 {
		if !strings.EqualFold(expected, "100-continue") || req.Fields.Count("expect") > 1 {
			return &wire.Refusal{Status: 417, Code: "ExpectationFailed", Message: "The only expectation that is supported is 100-continue."}
		}
		req.Continue = req.Length != 0
	}
	return nil
}

// line reads the request line: method, target and version with one space
// between.
func (req *Request) line(text string) *wire.Refusal {
	method, rest, found := strings.Cut(text, " ")
	target, version, ok := strings.Cut(rest, " ")
	if !found || !ok || !wire.IsToken(method) || target == "" {
		return malformed("the request line is not method, target and version with one space between")
	}
	switch version {
	case "HTTP/1.1":
		req.Minor = 1
	case "HTTP/1.0":
		req.Minor = 0
	default:
		if !strings.HasPrefix(version, "HTTP/") {
			return malformed("the request line is not method, target and version with one space between")
		}
		return &wire.Refusal{Status: 505, Code: "InvalidRequest", Message: "This version of HTTP is not supported here: use HTTP/1.1.", Close: true}
	}
	req.Method, req.Target = method, target
	return nil
}

// refused turns what is wrong with a request's head into a refusal. It ends the
// connection: where the next request begins is not certain. What the connection
// says stays as it is.
func refused(err error) error {
	var p problem
	switch {
	case errors.Is(err, ErrTooLarge):
		return &wire.Refusal{
			Status: 400, Code: "RequestHeaderSectionTooLarge", Close: true,
			Message: "Your request header and query parameters used to make the request exceed the maximum allowed size.",
		}
	case errors.Is(err, errLine):
		return malformed(errLine.Error())
	case errors.As(err, &p):
		return malformed(string(p))
	}
	if refusal, ok := errors.AsType[*wire.Refusal](err); ok {
		refusal.Close = true
		return refusal
	}
	return err
}

func malformed(what string) *wire.Refusal {
	return &wire.Refusal{Status: 400, Code: "InvalidRequest", Message: "The request is not valid HTTP: " + what + ".", Close: true}
}
