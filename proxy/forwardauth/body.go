package forwardauth

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"

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
		declared = sentSize(r, method)
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

// sentSize is the size of the body that came along. An empty one looks like one
// that was not sent along, unless the client signs that it is empty: canForward
// has the upstream hold it to that.
func sentSize(r *http.Request, method string) size {
	undeclared := wire.UndeclaredSize(method)
	switch {
	case r.ContentLength > 0:
		return size{r.ContentLength, true}
	case r.ContentLength == 0 && undeclared < 0 && signsEmpty(r.Header.Get("Authorization"), r.Header.Get("X-Amz-Content-Sha256")):
		return size{0, true}
	}
	return size{undeclared, false}
}

// emptyHash is the hash of an empty body, as requests have it.
var emptyHash = func() string {
	sum := sha256.Sum256(nil)
	return hex.EncodeToString(sum[:])
}()

// signsEmpty tells whether a signature covers the hash of an empty body.
func signsEmpty(authorization, hash string) bool {
	return strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 ") && hash == emptyHash
}

// toldSize is the size that the proxy tells, who must tell it of every request.
func (s *Server) toldSize(r *http.Request, method string) (size, *wire.Refusal) {
	name := s.speaks.length
	text, refused := toldOrEmpty(r, name)
	switch {
	case refused != nil:
		return size{}, refused
	case text == "chunked":
		return size{-1, false}, nil
	case text == "", text == "-":
		return size{wire.UndeclaredSize(method), false}, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return size{}, invalid("Content-Length is not the length of a body.")
	}
	return size{int64(n), true}, nil
}
