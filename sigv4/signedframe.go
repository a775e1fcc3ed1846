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
// stands before its data, so a chunk is read whole: into what the reader gives
// if there is room, and else into a buffer.
type signedFrame struct {
	length  int64     // decoded
	trailer *checksum // nil: none
	signer  *chunkSigner

	begun   int64   // decoded bytes in chunks begun so far
	final   bool    // the final chunk is pending, or yielded
	buffer  *[]byte // pooled
	pending []byte  // of the buffer, to be yielded
}

const (
	chunkSignature = ";chunk-signature="
	signatureLen   = 2 * sha256.Size
)

// ReadSize is the size from which a Read of a Body signs a chunk in place. It is
// more than a chunk takes with its size line, and with the final chunk and the
// longest trailer behind it.
const ReadSize = frameChunk + 1<<10

var frameBuffers = sync.Pool{New: func() any {
	b := make([]byte, ReadSize)
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
	return size + f.endSize()
}

// signedChunkSize is the encoded size of a signed chunk of n bytes.
func signedChunkSize(n int64) int64 { return chunkSize(n) + int64(len(chunkSignature)+signatureLen) }

// endSize is the size of the final chunk and the trailer. The line end of the
// data that the final chunk does not have is that of the empty line at the end.
func (f *signedFrame) endSize() int64 {
	size := signedChunkSize(0)
	if f.trailer != nil {
		size += int64(len(f.trailer.algorithm.field) + len(":") + f.trailer.algorithm.encodedLen() + len("\r\n"))
		size += int64(len(trailerSignature) + len(":") + signatureLen + len("\r\n"))
	}
	return size
}

// read yields the next bytes.
func (f *signedFrame) read(b *Body, p []byte) (int, error) {
	switch {
	case f.signer == nil:
		return 0, errNoSignature
	case len(f.pending) > 0:
	case f.final:
		return 0, io.EOF
	case len(p) >= ReadSize:
		return f.next(b, p)
	default:
		if f.buffer == nil {
			f.buffer = frameBuffers.Get().(*[]byte)
		}
		n, err := f.next(b, *f.buffer)
		if err != nil {
			return 0, err
		}
		f.pending = (*f.buffer)[:n]
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// next writes the next chunk to the beginning of p, and the end behind it once
// the body has verified.
func (f *signedFrame) next(b *Body, p []byte) (int, error) {
	size := min(frameChunk, f.length-f.begun)
	out := p[:0]
	if size > 0 {
		head := signedChunkSize(size) - size - int64(len("\r\n"))
		data := p[head : head+size]
		if err := f.fill(b, data); err != nil {
			return 0, err
		}
		f.signer.signData(b.chunks, f.begun, data)
		f.begun += size
		out = append(f.signer.appendSizeLine(out, size)[:head+size], "\r\n"...)
	}
	if b.verified {
		f.final = true
		out = f.appendEnd(out)
	}
	return len(out), nil
}

// fill reads the data of a chunk.
func (f *signedFrame) fill(b *Body, data []byte) error {
	for n := 0; n < len(data); {
		got, err := b.decoded(data[n:])
		if err != nil {
			return err
		}
		if n += got; b.verified && n < len(data) {
			return errByteCount(f.length, f.begun+int64(n))
		}
	}
	return nil
}

// appendEnd appends the final chunk and the trailer.
func (f *signedFrame) appendEnd(b []byte) []byte {
	f.signer.sign("-PAYLOAD", true, emptySum[:])
	b = f.signer.appendSizeLine(b, 0)
	if f.trailer != nil {
		from := len(b)
		b = append(append(b, f.trailer.algorithm.field...), ':')
		b = append(base64.StdEncoding.AppendEncode(b, f.trailer.want), '\n')
		sum := sha256.Sum256(b[from:])
		f.signer.sign("-TRAILER", false, sum[:])
		b = append(b[:len(b)-1], "\r\n"+trailerSignature+":"...)
		b = append(append(b, f.signer.previous[:]...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// release gives the buffer back.
func (f *signedFrame) release() {
	if f.buffer != nil {
		frameBuffers.Put(f.buffer)
		f.buffer, f.pending = nil, nil
	}
}

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
		c.sign("-PAYLOAD", true, client.last.content[:])
		return
	}
	sum := sha256.Sum256(data)
	c.sign("-PAYLOAD", true, sum[:])
}

// sign makes the next signature. suffix ends the first line, sum is the last one.
func (c *chunkSigner) sign(suffix string, emptyLine bool, sum []byte) {
	c.toSign = appendChunkToSign(c.toSign[:0], hmacSHA256, suffix, c.timestamp, c.scope, c.previous[:], emptyLine, sum)
	c.sum = c.key.sum(c.hash, c.toSign, c.sum)
	appendHex(c.previous[:0], c.sum)
}

// appendSizeLine appends the size line of the chunk that was signed last.
func (c *chunkSigner) appendSizeLine(b []byte, size int64) []byte {
	b = append(strconv.AppendInt(b, size, 16), chunkSignature...)
	return append(append(b, c.previous[:]...), "\r\n"...)
}

// appendChunkToSign appends what is signed for a chunk or a trailer.
func appendChunkToSign[P string | []byte](b []byte, algorithm algorithm, suffix, timestamp, scope string, previous P, emptyLine bool, sum []byte) []byte {
	b = append(append(append(b, algorithm...), suffix...), '\n')
	b = append(append(b, timestamp...), '\n')
	b = append(append(b, scope...), '\n')
	b = append(append(b, previous...), '\n')
	if emptyLine {
		b = append(append(b, emptyPayloadHash...), '\n')
	}
	return appendHex(b, sum)
}
