package sigv4

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strconv"

	"github.com/sallyport-iam/sallyport/wire"
)

const (
	// minChunk is the least size of a chunk that is not the last.
	minChunk = 8192
	// maxLine bounds a size line and a trailer line with their ends.
	maxLine = 4096
	// maxSizeDigits bounds the hexadecimal size of a chunk.
	maxSizeDigits = 8
	// directRead is the size from which data is read past the buffer.
	directRead = 4096
)

// chunkState is what a chunkReader expects next.
type chunkState uint8

const (
	atSize     chunkState = iota // a size line
	inData                       // data of a chunk
	atDataEnd                    // the line end after data
	atTrailers                   // trailer lines, ended by an empty line
	atEnd                        // the end of the stream
	ended
)

// chunkReader decodes an aws-chunked stream and verifies it on the way: the
// chain of signatures, the sizes, the trailers, the end. It keeps nothing but
// one buffer.
type chunkReader struct {
	source  io.Reader
	signed  bool
	trailer *checksum // promised; nil if none
	digests *digests

	buffer     []byte
	start, end int // of what is buffered
	state      chunkState

	want, got int64 // decoded bytes promised and passed
	left      int64 // data left of this chunk
	size      int64 // of this chunk
	chunk     int   // its number, from 1

	chain chain
	// last is the last signed chunk with data, once it has verified: where it
	// ends among the decoded bytes, its size and its hash.
	last struct {
		end, size int64
		content   [sha256.Size]byte
	}
}

// read yields decoded data. done tells that the whole stream has held; data
// and done come apart. An error is a *wire.Refusal, or the source's own.
func (r *chunkReader) read(p []byte) (n int, done bool, err error) {
	for {
		switch r.state {
		case atSize:
			line, err := r.line()
			if err != nil {
				return 0, false, err
			}
			if refusal := r.beginChunk(line); refusal != nil {
				return 0, false, refusal
			}
		case inData:
			return r.readData(p)
		case atDataEnd:
			if err := r.endChunk(); err != nil {
				return 0, false, err
			}
		case atTrailers:
			if err := r.readTrailers(); err != nil {
				return 0, false, err
			}
		case atEnd:
			if err := r.readEnd(); err != nil {
				return 0, false, err
			}
		case ended:
			return 0, true, nil
		}
	}
}

// fill reads more into the buffer.
func (r *chunkReader) fill() error {
	if r.start > 0 {
		copy(r.buffer, r.buffer[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	n, err := readSome(r.source, r.buffer[r.end:])
	r.end += n
	if n > 0 {
		// An error comes again with the next read.
		return nil
	}
	if err == io.EOF {
		return errTruncated()
	}
	return err
}

// line returns the next line without its CRLF; it is valid until the next
// read.
func (r *chunkReader) line() ([]byte, error) {
	searched := 0
	for {
		pending := r.buffer[r.start:r.end]
		if i := bytes.IndexByte(pending[searched:], '\n'); i >= 0 {
			line := pending[:searched+i]
			if len(line) >= maxLine || len(line) == 0 || line[len(line)-1] != '\r' {
				return nil, errMalformedStream("a line does not end in CRLF")
			}
			r.start += len(line) + 1
			return line[:len(line)-1], nil
		}
		if len(pending) >= maxLine {
			return nil, errMalformedStream("a line is too long")
		}
		searched = len(pending)
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// beginChunk reads a size line.
func (r *chunkReader) beginChunk(line []byte) *wire.Refusal {
	size, claimed, ok := parseSizeLine(line, r.chain.signatureLen)
	if !ok {
		return errMalformedStream("a size line is malformed")
	}
	if size > 0 && r.chunk > 0 && r.size < minChunk {
		return errChunkSize(r.chunk, r.size)
	}
	if size > r.want-r.got {
		return errByteCount(r.want, r.got+size)
	}
	r.chain.claimed = claimed
	r.chunk++
	r.size, r.left = size, size
	r.state = inData
	if size == 0 {
		return r.endData()
	}
	return nil
}

// endData is the zero chunk: no data follows.
func (r *chunkReader) endData() *wire.Refusal {
	if r.signed {
		if refusal := r.chain.verifyChunk(); refusal != nil {
			return refusal
		}
	}
	if r.got != r.want {
		return errByteCount(r.want, r.got)
	}
	r.state = atTrailers
	return nil
}

// parseSizeLine reads "SIZE" or "SIZE;chunk-signature=SIGNATURE"; blanks
// around the two separators are tolerated. signatureLen is 0 for the former.
func parseSizeLine(line []byte, signatureLen int) (size int64, signature string, ok bool) {
	digits := line
	if signatureLen > 0 {
		var extension, name, value []byte
		var found1, found2 bool
		digits, extension, found1 = bytes.Cut(line, semicolon)
		name, value, found2 = bytes.Cut(extension, []byte{'='})
		value = bytes.Trim(value, " ")
		if !found1 || !found2 || string(bytes.Trim(name, " ")) != "chunk-signature" || len(value) != signatureLen {
			return 0, "", false
		}
		digits = bytes.TrimRight(digits, " ")
		signature = string(value)
	}
	if len(digits) == 0 || len(digits) > maxSizeDigits {
		return 0, "", false
	}
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			size = size<<4 | int64(c-'0')
		case 'a' <= c && c <= 'f':
			size = size<<4 | int64(c-'a'+10)
		case 'A' <= c && c <= 'F':
			size = size<<4 | int64(c-'A'+10)
		default:
			return 0, "", false
		}
	}
	return size, signature, true
}

// readData yields data of the current chunk, and verifies it with its last byte.
func (r *chunkReader) readData(p []byte) (n int, done bool, err error) {
	p = p[:min(int64(len(p)), r.left)]
	if r.start == r.end && len(p) >= directRead {
		n, err = readSome(r.source, p)
		if n == 0 {
			if err == io.EOF {
				err = errTruncated()
			}
			return 0, false, err
		}
	} else {
		if r.start == r.end {
			if err := r.fill(); err != nil {
				return 0, false, err
			}
		}
		n = copy(p, r.buffer[r.start:r.end])
		r.start += n
	}
	if r.signed {
		r.chain.data.Write(p[:n])
	}
	r.digests.write(p[:n])
	r.got += int64(n)
	r.left -= int64(n)
	if r.left > 0 {
		return n, false, nil
	}
	if r.signed {
		if refusal := r.chain.verifyChunk(); refusal != nil {
			return 0, false, refusal
		}
		r.last.end, r.last.size, r.last.content = r.got, r.size, r.chain.content
	}
	r.state = atDataEnd
	return n, false, nil
}

// endChunk reads the line end after data.
func (r *chunkReader) endChunk() error {
	if err := r.need(2); err != nil {
		return err
	}
	if r.buffer[r.start] != '\r' || r.buffer[r.start+1] != '\n' {
		return errMalformedStream("the data of a chunk does not end in CRLF")
	}
	r.start += 2
	r.state = atSize
	return nil
}

// need fills the buffer up to n bytes.
func (r *chunkReader) need(n int) error {
	for r.end-r.start < n {
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// readEnd makes sure that nothing follows, and compares the checksums.
func (r *chunkReader) readEnd() error {
	if r.start == r.end {
		r.start, r.end = 0, 0
		n, err := readSome(r.source, r.buffer[:1])
		if n == 0 {
			if err != io.EOF {
				return err
			}
			r.state = ended
			return nil
		}
	}
	return errMalformedStream("bytes follow the end of the stream")
}

// readSome reads until there is a byte or an error, and gives a source up that
// yields neither.
func readSome(source io.Reader, p []byte) (int, error) {
	for range 100 {
		if n, err := source.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

func errTruncated() *wire.Refusal {
	return refuse(400, "IncompleteBody", "The request body terminated unexpectedly")
}

// errMalformedStream is Amazon S3's answer to whatever is no aws-chunked
// stream.
func errMalformedStream(cause string) *wire.Refusal {
	r := errTruncated()
	r.Cause = "aws-chunked: " + cause
	return r
}

func errByteCount(expected, provided int64) *wire.Refusal {
	return refuse(400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header",
		element("NumberBytesExpected", strconv.FormatInt(expected, 10)),
		element("NumberBytesProvided", strconv.FormatInt(provided, 10)))
}

func errChunkSize(chunk int, size int64) *wire.Refusal {
	return refuse(403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes",
		element("Chunk", strconv.Itoa(chunk)), element("BadChunkSize", strconv.FormatInt(size, 10)))
}
