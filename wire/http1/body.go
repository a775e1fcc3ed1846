package http1

import (
	"errors"
	"io"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

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

// Passed tells that n of the bytes that are Left went another way, and what ended
// that early. With it some may be lost, so that nothing behind them is to be read.
func (b *Body) Passed(n int64, err error) {
	switch b.left -= n; {
	case err != nil:
		b.err = unexpected(err)
	case b.left == 0:
		b.err = io.EOF
	}
}

// Skip passes over what is left of a body of a known length, if all of it has come
// already, and tells whether it has.
func (b *Body) Skip() bool {
	if b.kind != sized || b.err != nil || b.left > int64(b.r.Buffered()) {
		return b.Whole()
	}
	b.r.start += int(b.left)
	b.Passed(b.left, nil)
	return true
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
