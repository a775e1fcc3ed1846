package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
// limit bytes; interim answers before it but 101 are passed over. Its body, if
// there is one, is to be read next; see Body. The error is io.EOF if the
// connection ended before an answer began.
func (r *Reader) Response(method string, limit int) (*Response, error) {
	for range maxInterim + 1 {
		if err := r.Await(); err != nil {
			return nil, err
		}
		// What speaks another protocol may wait for us now.
		if begin := r.buf[r.start:min(r.end, r.start+len(protocol))]; !strings.HasPrefix(protocol, string(begin)) {
			return nil, fmt.Errorf("malformed HTTP response: it begins with %q", begin)
		}
		lines, count, err := r.head(limit)
		if errors.Is(err, errLine) {
			return nil, fmt.Errorf("malformed HTTP response: %w", err)
		}
		if err != nil {
			return nil, unexpected(err)
		}
		resp := &Response{}
		if err := resp.parse(lines, count, method); err != nil {
			if refusal, ok := errors.AsType[*wire.Refusal](err); ok {
				err = errors.New(refusal.Message)
			}
			return nil, fmt.Errorf("malformed HTTP response: %w", err)
		}
		if resp.Status >= 200 || resp.Status == 101 {
			return resp, nil
		}
	}
	return nil, fmt.Errorf("malformed HTTP response: more than %d interim answers", maxInterim)
}

// protocol is what an answer begins with.
const protocol = "HTTP/1."

// extra is how many fields those who pass an answer on may add to it.
const extra = 4

func (resp *Response) parse(lines []byte, count int, method string) error {
	end := bytes.IndexByte(lines, '\n') + 1
	lower(lines[end:])
	text := string(lines)
	minor, ok := resp.line(text[:end-len("\r\n")])
	if !ok {
		return problem("the status line is not one")
	}
	var h head
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

// Body is the body of a message, which Reader.Request or Reader.Response has
// read the head of.
type Body struct {
	r *Reader
	// left is what is left of the body, or of its current chunk.
	left int64
	kind kind
	// begun tells that a chunk was read, and its end is still to come.
	begun bool
	err   error // for every later Read
}

// kind is how a body ends.
type kind uint8

const (
	sized   kind = iota // after a number of bytes
	chunked             // with a chunk of no bytes
	endless             // with the connection
)

// Body is the body of a request.
func (r *Reader) Body(req *Request) Body {
	b := Body{r: r, left: max(req.Length, 0)}
	if req.Length < 0 {
		b.kind = chunked
	}
	return b
}

// AnswerBody is the body of an answer.
func (r *Reader) AnswerBody(resp *Response) Body {
	b := Body{r: r, left: max(resp.Length, 0)}
	switch {
	case resp.chunked:
		b.kind = chunked
	case resp.Length < 0:
		b.kind = endless
	}
	return b
}

// Whole tells that the body was read to its end.
func (b *Body) Whole() bool {
	return b.err == io.EOF || b.kind == sized && b.left == 0 && b.err == nil
}

// Left is how many bytes of a body of a known length are still on the
// connection itself, none of them in the Reader, so that they can go another
// way than through Read: Passed tells that some did. It is 0 where that is not
// so.
func (b *Body) Left() int64 {
	if b.kind != sized || b.err != nil || b.r.Buffered() > 0 {
		return 0
	}
	return b.left
}

// Passed tells that n of the bytes that are Left went another way.
func (b *Body) Passed(n int64) {
	if b.left -= n; b.left == 0 {
		b.err = io.EOF
	}
}

// Read reads from the body; io.EOF may come with its last bytes. An end of the
// connection within the body is io.ErrUnexpectedEOF.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.kind == chunked && b.left == 0 {
		if b.err = b.nextChunk(); b.err != nil {
			return 0, b.err
		}
	}
	if b.kind == endless {
		n, err := b.r.read(p)
		b.err = err
		return n, err
	}
	if b.left == 0 {
		b.err = io.EOF
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.read(p)
	b.left -= int64(n)
	switch {
	case err != nil:
		b.err = unexpected(err)
	case b.left == 0 && b.kind == sized:
		b.err = io.EOF
	}
	return n, b.err
}

// nextChunk reads up to the bytes of the next chunk; io.EOF is that there is
// none.
func (b *Body) nextChunk() error {
	if b.begun {
		if line, err := b.r.line(len("\r\n")); err != nil || len(line) > 0 {
			return chunkError(err)
		}
	}
	line, err := b.r.line(maxChunkLine)
	if err != nil {
		return chunkError(err)
	}
	size, ok := chunkSize(line)
	if !ok {
		return chunkError(nil)
	}
	b.begun, b.left = true, size
	if size > 0 {
		return nil
	}
	return b.trailer()
}

// chunkError is what is wrong with the framing of chunks; what the connection
// says stays as it is.
func chunkError(err error) error {
	if err == nil || errors.Is(err, errLine) || errors.Is(err, ErrTooLarge) {
		return errors.New("malformed chunk")
	}
	return err
}

// chunkSize reads the size at the beginning of a chunk's line. Extensions mean
// nothing (RFC 9112, section 7.1.1).
func chunkSize(line []byte) (int64, bool) {
	digits, extensions := line, []byte(nil)
	for i, c := range line {
		if c == ';' || c == ' ' || c == '\t' {
			digits, extensions = line[:i], line[i:]
			break
		}
	}
	if len(digits) == 0 || len(digits) > 15 || !wire.IsFieldValue(string(extensions)) {
		return 0, false
	}
	var size int64
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		size = size<<4 | int64(c)
	}
	blank := strings.TrimLeft(string(extensions), " \t")
	return size, blank == "" || blank[0] == ';'
}

// trailer reads the fields behind the last chunk, which go nowhere.
func (b *Body) trailer() error {
	for left := maxTrailer; ; {
		line, err := b.r.line(left)
		switch {
		case err != nil:
			return chunkError(err)
		case len(line) == 0:
			return io.EOF
		}
		left -= len(line) + len("\r\n")
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !wire.IsToken(name) || !wire.IsFieldValue(value) {
			return chunkError(nil)
		}
	}
}
