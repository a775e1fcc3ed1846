package sigv4

import (
	"encoding/base64"
	"io"
	"strconv"
)

// frameChunk is the size of the chunks written for the next hop.
const frameChunk = 64 << 10

// frame writes decoded bytes as aws-chunked without signatures and with the
// verified trailer. All sizes follow from the length and the algorithm, so the
// size of the whole is known before the first byte.
type frame struct {
	length  int64 // decoded
	trailer *checksum

	pending []byte // to be yielded before more data
	begun   int64  // decoded bytes in chunks begun so far
	left    int64  // data left of this chunk
	final   bool   // the final chunk is pending or yielded
}

func newFrame(length int64, trailer *checksum) *frame {
	f := &frame{length: length, trailer: trailer, pending: make([]byte, 0, 128)}
	f.begin()
	return f
}

// begin puts the next size line into pending.
func (f *frame) begin() {
	f.left = min(frameChunk, f.length-f.begun)
	if f.left == 0 {
		return
	}
	f.begun += f.left
	f.pending = append(strconv.AppendInt(f.pending, f.left, 16), "\r\n"...)
}

// end puts the final chunk and the trailer into pending.
func (f *frame) end() {
	f.final = true
	f.pending = append(f.pending, "0\r\n"...)
	f.pending = append(append(f.pending, f.trailer.algorithm.field...), ':')
	f.pending = base64.StdEncoding.AppendEncode(f.pending, f.trailer.want)
	f.pending = append(f.pending, "\r\n\r\n"...)
}

// size is the size of the whole.
func (f *frame) size() int64 {
	whole, rest := f.length/frameChunk, f.length%frameChunk
	size := whole * chunkSize(frameChunk)
	if rest > 0 {
		size += chunkSize(rest)
	}
	trailer := len(f.trailer.algorithm.field) + len(":") + f.trailer.algorithm.encodedLen()
	return size + int64(len("0\r\n")+trailer+len("\r\n\r\n"))
}

// chunkSize is the encoded size of a chunk of n bytes.
func chunkSize(n int64) int64 {
	digits := int64(len(strconv.FormatInt(n, 16)))
	return digits + 2 + n + 2
}

// read yields the next bytes. Size lines go out with the data that follows
// them, the final chunk only after the body has verified.
func (f *frame) read(b *Body, p []byte) (int, error) {
	for {
		n := copy(p, f.pending)
		f.pending = append(f.pending[:0], f.pending[n:]...)
		if n == len(p) || f.final && n > 0 {
			return n, nil
		}
		if f.final {
			return 0, io.EOF
		}
		room := b.one[:]
		if f.left > 0 {
			room = p[n:]
			room = room[:min(int64(len(room)), f.left)]
		}
		got, err := b.decoded(room)
		if err != nil {
			return 0, err
		}
		if f.left -= int64(got); got > 0 && f.left == 0 {
			f.pending = append(f.pending, "\r\n"...)
			f.begin()
		}
		if b.verified {
			f.end()
		}
		if n += got; n > 0 {
			return n, nil
		}
	}
}
