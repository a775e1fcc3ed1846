// Package http1 is HTTP/1.1 on the wire (RFC 9112): heads and bodies of
// messages, read strictly and written exactly. It knows no connection, no
// deadline and no policy; a door reads requests with it and an upstream
// answers.
//
// What two readers could understand in two ways is refused, however usual it
// is to mend it: a line that ends without CR, a folded line, white space before
// a colon, Content-Length beside Transfer-Encoding or given twice, any coding
// but chunked.
package http1

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// Limits of a message. That of a whole head is the caller's.
const (
	// MaxFields is the greatest number of fields of a head.
	MaxFields = 512
	// maxChunkLine is the greatest size of the line before a chunk, in bytes, its
	// extensions included.
	maxChunkLine = 4 << 10
	// maxTrailer is the greatest size of the fields behind a chunked body.
	maxTrailer = 16 << 10
	// maxInterim is how many interim answers may precede an answer.
	maxInterim = 8
)

// Why a message cannot be read, beside what the connection says.
var (
	// ErrTooLarge tells that a head is over its limit.
	ErrTooLarge = errors.New("the header is too large")
	// errLine tells of a line that does not end in CR and LF.
	errLine = errors.New("a line does not end in CR LF")
)

// Reader reads messages, one after the other, from a connection. Whoever reads
// from the connection beside it loses what the Reader holds. It is not safe for
// concurrent use.
type Reader struct {
	src io.Reader
	// buf[start:end] was received and is not consumed.
	buf        []byte
	start, end int
}

// smallBuffer is the size of the buffer of a connection: that of most heads,
// and of many a small body with it.
const smallBuffer = 4 << 10

// smallBuffers are those of connections that have ended.
var smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}

// NewReader makes a Reader. It does not read yet.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: smallBuffers.Get().(*[smallBuffer]byte)[:]}
}

// Free gives the memory of the Reader back, and must not be called where one of its
// bodies may still be read. It reads nothing any more.
func (r *Reader) Free() {
	if len(r.buf) == smallBuffer {
		clear(r.buf)
		smallBuffers.Put((*[smallBuffer]byte)(r.buf))
	}
	*r = Reader{src: ended{}}
}

// ended is a connection that is none any more.
type ended struct{}

func (ended) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Buffered is how many bytes were received that no message has consumed.
func (r *Reader) Buffered() int { return r.end - r.start }

// Await returns when there is something to read; it consumes nothing. A Reader
// that waits for its next message holds no more than a small buffer.
func (r *Reader) Await() error {
	if r.end > r.start {
		return nil
	}
	if len(r.buf) > smallBuffer {
		r.buf = make([]byte, smallBuffer)
	}
	return r.fill(smallBuffer)
}

// HasHead tells whether a whole head was received, so that reading it does not
// wait.
func (r *Reader) HasHead() bool { return bytes.Contains(r.buf[r.start:r.end], []byte("\r\n\r\n")) }

// fill receives more, for at most limit unconsumed bytes.
func (r *Reader) fill(limit int) error {
	switch {
	case r.start == r.end:
		r.start, r.end = 0, 0
	case r.end == len(r.buf) && r.start > 0:
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end-r.start >= limit {
		return ErrTooLarge
	}
	if r.end == len(r.buf) {
		grown := make([]byte, min(2*len(r.buf), max(limit, smallBuffer)))
		r.end = copy(grown, r.buf[r.start:r.end])
		r.start, r.buf = 0, grown
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// head consumes a head: lines up to an empty one. It returns them without the
// empty one, and how many they are. The bytes are valid until the next read,
// and the caller may change them.
func (r *Reader) head(limit int) (lines []byte, count int, err error) {
	line := 0 // where the current line begins, from start
	for {
		window := r.buf[r.start:r.end]
		i := bytes.IndexByte(window[line:], '\n')
		if i < 0 {
			if len(window) >= limit {
				return nil, 0, ErrTooLarge
			}
			switch err := r.fill(limit); {
			case err == io.EOF && len(window) > 0:
				return nil, 0, io.ErrUnexpectedEOF
			case err != nil:
				return nil, 0, err
			}
			continue
		}
		if i == 0 || window[line+i-1] != '\r' {
			return nil, 0, errLine
		}
		next := line + i + 1
		if next > limit {
			return nil, 0, ErrTooLarge
		}
		if i == 1 { // the empty line
			r.start += next
			return window[:line], count, nil
		}
		count++
		line = next
	}
}

// line consumes one line of at most limit bytes and returns it without its end.
func (r *Reader) line(limit int) ([]byte, error) {
	seen := 0
	for {
		window := r.buf[r.start:r.end]
		i := bytes.IndexByte(window[seen:], '\n')
		if i >= 0 {
			i += seen
			if i == 0 || window[i-1] != '\r' {
				return nil, errLine
			}
			if i+1 > limit {
				return nil, ErrTooLarge
			}
			r.start += i + 1
			return window[:i-1], nil
		}
		if seen = len(window); seen >= limit {
			return nil, ErrTooLarge
		}
		if err := r.fill(limit); err != nil {
			return nil, unexpected(err)
		}
	}
}

// read moves received bytes into p, or receives into it.
func (r *Reader) read(p []byte) (int, error) {
	if r.end > r.start {
		n := copy(p, r.buf[r.start:r.end])
		r.start += n
		return n, nil
	}
	if len(p) < smallBuffer {
		// Many small reads of a body, or its end, are one of the connection.
		if err := r.fill(len(r.buf)); err != nil {
			return 0, err
		}
		return r.read(p)
	}
	return r.src.Read(p)
}

// unexpected turns an end of the connection within a message into an error.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
