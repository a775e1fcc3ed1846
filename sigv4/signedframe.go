package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"strconv"
	"sync"
)

// signedFrame writes decoded bytes as aws-chunked with signatures of our own
// and, if one was promised, with the verified trailer. A chunk's signature
// stands before its data, so one chunk is held at a time.
type signedFrame struct {
	length  int64     // decoded
	trailer *checksum // nil: none
	signer  *chunkSigner

	buffer     *[]byte // pooled; one chunk with what surrounds it
	start, end int     // of what is to be yielded
	begun      int64   // decoded bytes in chunks begun so far
	final      bool    // the final chunk is in the buffer, or yielded
}

const (
	chunkSignature = ";chunk-signature="
	signatureLen   = 2 * sha256.Size
	// frameHead is the room for a size line before the data of a chunk.
	frameHead = len("10000") + len(chunkSignature) + signatureLen + len("\r\n")
	// frameTail is the room behind the data: its line end, the final chunk, and
	// the longest trailer with its signature.
	frameTail = 512
)

var frameBuffers = sync.Pool{New: func() any {
	b := make([]byte, frameHead+frameChunk+frameTail)
	return &b
}}

var errNoSignature = errors.New("sigv4: the body is to be signed, and SignBody was not called")

// size is the size of the whole.
func (f *signedFrame) size() int64 {
	whole, rest := f.length/frameChunk, f.length%frameChunk
	size := whole * signedChunkSize(frameChunk)
	if rest > 0 {
		size += signedChunkSize(rest)
	}
	size += signedChunkSize(0)
	if f.trailer == nil {
		return size
	}
	// The line end of the data that the final chunk does not have is that of
	// the empty line behind the trailer.
	line := len(f.trailer.algorithm.field) + len(":") + f.trailer.algorithm.encodedLen() + len("\r\n")
	return size + int64(line+len(trailerSignature)+len(":")+signatureLen+len("\r\n"))
}

// signedChunkSize is the encoded size of a signed chunk of n bytes.
func signedChunkSize(n int64) int64 { return chunkSize(n) + int64(len(chunkSignature)+signatureLen) }

// read yields the next bytes.
func (f *signedFrame) read(b *Body, p []byte) (int, error) {
	if f.signer == nil {
		return 0, errNoSignature
	}
	if f.start == f.end {
		if f.final {
			return 0, io.EOF
		}
		if f.buffer == nil {
			f.buffer = frameBuffers.Get().(*[]byte)
		}
		if err := f.fill(b); err != nil {
			return 0, err
		}
	}
	n := copy(p, (*f.buffer)[f.start:f.end])
	f.start += n
	return n, nil
}

// fill puts the next chunk into the buffer, and the end behind it once the body
// has verified.
func (f *signedFrame) fill(b *Body) error {
	data := (*f.buffer)[frameHead:][:min(frameChunk, f.length-f.begun)]
	for n := 0; n < len(data); {
		got, err := b.decoded(data[n:])
		if err != nil {
			return err
		}
		if n += got; b.verified && n < len(data) {
			return errByteCount(f.length, f.begun+int64(n))
		}
	}
	out := (*f.buffer)[:frameHead+len(data)]
	f.start = frameHead
	if len(data) > 0 {
		f.signer.signData(b.chunks, f.begun, data)
		f.begun += int64(len(data))
		var room [frameHead]byte
		line := f.signer.appendSizeLine(room[:0], len(data))
		f.start -= len(line)
		copy((*f.buffer)[f.start:], line)
		out = append(out, "\r\n"...)
	}
	if b.verified {
		f.final = true
		out = f.appendEnd(out)
	}
	f.end = len(out)
	return nil
}

// appendEnd appends the final chunk and the trailer.
func (f *signedFrame) appendEnd(b []byte) []byte {
	f.signer.sign(payloadLine, true, emptySum[:])
	b = f.signer.appendSizeLine(b, 0)
	if f.trailer != nil {
		from := len(b)
		b = append(append(b, f.trailer.algorithm.field...), ':')
		b = append(base64.StdEncoding.AppendEncode(b, f.trailer.want), '\n')
		sum := sha256.Sum256(b[from:])
		f.signer.sign(trailerLine, false, sum[:])
		b = append(b[:len(b)-1], "\r\n"+trailerSignature+":"...)
		b = append(append(b, f.signer.previous[:]...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// release gives the buffer back.
func (f *signedFrame) release() {
	if f.buffer != nil {
		frameBuffers.Put(f.buffer)
		f.buffer = nil
	}
}

// The first lines of what is signed for a chunk and for a trailer.
const (
	payloadLine = string(hmacSHA256) + "-PAYLOAD"
	trailerLine = string(hmacSHA256) + "-TRAILER"
)

var emptySum = sha256.Sum256(nil)

// seed is what the signatures of chunks continue: a request's own.
type seed struct {
	key              *signingKey
	timestamp, scope string
	signature        [signatureLen]byte // in hex
}

// chunkSigner signs the chunks and the trailer that follow a request.
type chunkSigner struct {
	seed
	previous    [signatureLen]byte // in hex
	hash        hash.Hash
	toSign, sum []byte
}

func newChunkSigner(s seed) *chunkSigner {
	return &chunkSigner{
		seed: s, previous: s.signature, hash: sha256.New(), toSign: make([]byte, 0, 384), sum: make([]byte, 0, sha256.Size),
	}
}

// signData signs a chunk of data, which begins at a place of the decoded bytes.
// Where the client's chunk is the same one, its hash has been computed.
func (c *chunkSigner) signData(client *chunkReader, at int64, data []byte) {
	if size := int64(len(data)); client != nil && client.last.size == size && client.last.end == at+size {
		c.sign(payloadLine, true, client.last.content[:])
		return
	}
	sum := sha256.Sum256(data)
	c.sign(payloadLine, true, sum[:])
}

// sign makes the next signature. prefix is the first line, sum the last.
func (c *chunkSigner) sign(prefix string, emptyLine bool, sum []byte) {
	c.toSign = appendChunkToSign(c.toSign[:0], prefix, c.timestamp, c.scope, c.previous[:], emptyLine, sum)
	c.sum = c.key.sum(c.hash, c.toSign, c.sum)
	appendHex(c.previous[:0], c.sum)
}

// appendSizeLine appends the size line of the chunk that was signed last.
func (c *chunkSigner) appendSizeLine(b []byte, size int) []byte {
	b = append(strconv.AppendInt(b, int64(size), 16), chunkSignature...)
	return append(append(b, c.previous[:]...), "\r\n"...)
}

// appendChunkToSign appends what is signed for a chunk or a trailer.
func appendChunkToSign(b []byte, prefix, timestamp, scope string, previous []byte, emptyLine bool, sum []byte) []byte {
	b = append(append(b, prefix...), '\n')
	b = append(append(b, timestamp...), '\n')
	b = append(append(b, scope...), '\n')
	b = append(append(b, previous...), '\n')
	if emptyLine {
		b = append(append(b, emptyPayloadHash...), '\n')
	}
	return appendHex(b, sum)
}
