package forwardauth

import (
	"io"
	"net/http"
	"strconv"

	"github.com/sallyport-iam/sallyport/wire"
)

// size is that of the body of the client's request, in bytes; -1 if it is not
// known. declared tells that the client declared it.
type size struct {
	bytes    int64
	declared bool
}

// body is the size of the client's body, and the body itself where it came along
// whole.
func (s *Server) body(r *http.Request, method string) (size, []byte, *wire.Refusal) {
	d := s.speaks
	if !d.sendsBodies && r.ContentLength != 0 {
		return size{}, nil, misplaced("the question has a body: the proxy must not send any along")
	}
	var declared size
	var refused *wire.Refusal
	if d.length != "" {
		declared, refused = s.toldSize(r, method)
	} else {
		// An empty body looks like one that was not sent along.
		declared = size{r.ContentLength, r.ContentLength > 0}
		if !declared.declared {
			declared.bytes = wire.UndeclaredSize(method)
		}
	}
	if refused != nil || r.ContentLength <= 0 || r.ContentLength > s.options.MaxBody {
		return declared, nil, refused
	}
	sent, err := io.ReadAll(r.Body) // net/http bounds it by the length
	if err != nil {
		return size{}, nil, misplaced("the body that came along broke off: " + err.Error())
	}
	switch n := int64(len(sent)); {
	case declared.declared && n > declared.bytes:
		return size{}, nil, invalid("Content-Length is not the length of the body.")
	case !declared.declared || n < declared.bytes:
		sent = nil // nothing tells that it is whole
	}
	return declared, sent, nil
}

// toldSize is the size that the proxy tells, who must tell it of every request.
func (s *Server) toldSize(r *http.Request, method string) (size, *wire.Refusal) {
	name := s.speaks.length
	values := r.Header[http.CanonicalHeaderKey(name)]
	if len(values) == 1 && (values[0] == "" || values[0] == "-") {
		return size{wire.UndeclaredSize(method), false}, nil
	}
	text, refused := told(r, name)
	if refused != nil {
		return size{}, refused
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return size{}, invalid("Content-Length is not the length of a body.")
	}
	return size{int64(n), true}, nil
}
