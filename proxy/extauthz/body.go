package extauthz

import (
	"io"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// body sets the request's body and its size. The body is nil where it did not
// come, or not whole: its size then is that which was declared, and -1 if none
// was. What a client writes of its own into partialBody is not relied on: a
// length that was declared must be there, and without one Envoy must have sent a
// body, for it writes the field itself then.
func body(req *wire.Request, asked *checkpb.Request, whole wholeness) *wire.Refusal {
	if asked.Size < -1 {
		return invalid("", "the check request's size is negative")
	}
	sent := asked.RawBody
	if text := asked.Body; text != "" {
		if sent != "" {
			return invalid("", "the check request has two bodies, which no Envoy sends")
		}
		// Without pack_as_bytes each byte outside UTF-8 is an exclamation mark.
		if !strings.Contains(text, "!") {
			sent = text
		}
	}
	size, refused := declared(req)
	if refused != nil {
		return refused
	}
	req.BodySize = size
	switch {
	case size >= 0 && int64(len(sent)) > size:
		return invalid("Content-Length is not the length of the body.", "")
	case whole.denied || whole.told > 1 || sent == "":
	case int64(len(sent)) == size, size < 0 && whole.told == 1:
		req.BodySize = int64(len(sent))
		req.Body = io.NopCloser(strings.NewReader(sent))
	}
	return nil
}

// declared is the length that was declared of the body, or what its absence says.
func declared(req *wire.Request) (int64, *wire.Refusal) {
	value, told := req.Fields.Lookup("content-length")
	if !told {
		return wire.UndeclaredSize(req.Method), nil
	}
	size, err := strconv.ParseUint(value, 10, 63)
	if err != nil || req.Fields.Count("content-length") > 1 {
		return 0, invalid("Content-Length is not the length of a body.", "")
	}
	return int64(size), nil
}
