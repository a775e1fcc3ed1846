package http1

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Response is what the head of an answer says.
type Response struct {
	Status int
	Fields wire.Fields
	// Length is that of the body in bytes: 0 if there is none, -1 if the head does
	// not say.
	Length int64
	// Last tells that the connection serves no other request.
	Last bool

	chunked bool
}

// Response reads the head of the answer to a request of that method, of at most
// limit bytes, into resp, which is overwritten as a Request is; interim answers
// before it but 101 are passed over. Its body, if there is one, is to be read next;
// see Body. The error is io.EOF if the connection ended before an answer began;
// with one, resp means nothing.
func (r *Reader) Response(resp *Response, method string, limit int) error {
	for range maxInterim + 1 {
		if err := r.Await(); err != nil {
			return err
		}
		// What speaks another protocol may wait for us now.
		if begin := r.buf[r.start:min(r.end, r.start+len(protocol))]; !strings.HasPrefix(protocol, string(begin)) {
			return fmt.Errorf("malformed HTTP response: it begins with %q", begin)
		}
		lines, count, err := r.head(limit)
		if errors.Is(err, errLine) {
			return fmt.Errorf("malformed HTTP response: %w", err)
		}
		if err != nil {
			return unexpected(err)
		}
		resp.Empty()
		if err := resp.parse(lines, count, method); err != nil {
			if refusal, ok := errors.AsType[*wire.Refusal](err); ok {
				err = errors.New(refusal.Message)
			}
			return fmt.Errorf("malformed HTTP response: %w", err)
		}
		if resp.Status >= 200 || resp.Status == 101 {
			return nil
		}
	}
	return fmt.Errorf("malformed HTTP response: more than %d interim answers", maxInterim)
}

// Empty ends the use of an answer, and keeps the array of its fields for another.
// Nobody may hold it any more.
func (resp *Response) Empty() { *resp = Response{Fields: resp.Fields.Emptied()} }

// protocol is what an answer begins with.
const protocol = "HTTP/1."

// extra is how many fields those who pass an answer on may add to it.
const extra = 2

func (resp *Response) parse(lines []byte, count int, method string) error {
	end := bytes.IndexByte(lines, '\n') + 1
	lower(lines[end:])
	text := wire.TextOf(lines)
	minor, ok := resp.line(text[:end-len("\r\n")])
	if !ok {
		return problem("the status line is not one")
	}
	h := head{fields: resp.Fields}
	if err := h.parse(text[end:], count-1, extra); err != nil {
		return err
	}
	if h.hosts > 0 {
		return problem("it has a Host header")
	}
	if h.chunked && minor == 0 {
		return problem("Transfer-Encoding is not part of HTTP/1.0")
	}
	resp.Fields = h.fields
	resp.Last = h.last || minor == 0 && !h.keep
	switch {
	case resp.Status < 200, resp.Status == 204:
		// A body that is declared all the same may come, and is no next answer.
		resp.Last = resp.Last || h.chunked || h.length > 0
	case method == "HEAD", resp.Status == 304:
	case h.chunked:
		resp.Length, resp.chunked = -1, true
	default:
		resp.Length = h.length
		if h.length < 0 { // its end is that of the connection
			resp.Last = true
		}
	}
	return nil
}

// line reads the status line. The text behind the status means nothing.
func (resp *Response) line(text string) (minor int, ok bool) {
	rest, ok := strings.CutPrefix(text, protocol)
	if !ok || len(rest) < 5 || rest[0] != '0' && rest[0] != '1' || rest[1] != ' ' || len(rest) > 5 && rest[5] != ' ' || !wire.IsFieldValue(text) {
		return 0, false
	}
	for _, c := range []byte(rest[2:5]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		resp.Status = 10*resp.Status + int(c-'0')
	}
	return int(rest[0] - '0'), resp.Status >= 100
}
