package sigv4

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/wire"
)

// Body verifies a request's body while it passes and yields the bytes for the
// next hop:
//
//   - a plain body as it came;
//   - signed chunks without trailer decoded to a plain body;
//   - chunks with a promised trailer (signed or not) as unsigned chunks of a
//     fixed size with the same, verified trailer;
//   - the file of a form as a plain body;
//   - if Resign says so, any of them as chunks of a fixed size that are signed
//     for the next hop, with the trailer if one was promised.
//
// The last byte, or of chunks the final one, is yielded only after
// everything held: hash, signatures, lengths, trailer, checksums. A body that
// fails therefore never ends well-formed at the next hop, whose connection
// must be broken when Read returns an error. A body without bytes is verified
// before NewBody returns.
type Body struct {
	closer  io.Closer
	source  source
	digests digests
	chunks  *chunkReader // nil: plain
	buffer  *[]byte      // pooled; of chunks
	frame   *frame       // chunks for the next hop; nil: none
	signed  *signedFrame // signed chunks for the next hop; nil: none
	// original are the client's chunks as they came; nil if they do not go on.
	original *original

	limit    int64 // of decoded bytes
	least    int64 // decoded bytes there must be
	promised int64 // decoded bytes; -1 if not declared
	got      int64 // decoded bytes that passed
	size     int64 // of what Read yields
	payload  string
	// lengthOnly tells that the client promised nothing of the body but its length.
	lengthOnly bool

	held     byte
	holding  bool
	tail     [1]byte // read behind the held byte
	one      [1]byte // what should not be there
	verified bool

	busy    atomic.Uint32
	failure atomic.Pointer[failure]
}

// failure is how a body failed.
type failure struct {
	err     error // as Read returns it
	refusal *wire.Refusal
	source  error // of the source, if that failed
}

// States of Body.busy: Close may come while a Read is under way, and the
// buffer goes back to the pool only after both.
const (
	idle uint32 = iota
	reading
	closing // closed while reading
	closed
)

var errBodyClosed = errors.New("sigv4: read of a closed body")

const chunkBuffer = 32 << 10

var chunkBuffers = sync.Pool{New: func() any {
	b := make([]byte, chunkBuffer)
	return &b
}}

// Read yields bytes for the next hop. It returns a *wire.Refusal if the body
// did not verify, and the source's own error if reading that failed; after
// either nothing more is yielded.
func (b *Body) Read(p []byte) (int, error) {
	if !b.busy.CompareAndSwap(idle, reading) {
		return 0, errBodyClosed
	}
	n, err := b.read(p)
	if err != nil && err != io.EOF {
		b.fail(err)
	}
	if !b.busy.CompareAndSwap(reading, idle) {
		b.busy.Store(closed)
		b.releaseBuffer()
	}
	return n, err
}

func (b *Body) read(p []byte) (int, error) {
	if f := b.failure.Load(); f != nil {
		return 0, f.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	switch {
	case b.original != nil:
		return b.original.read(b, p)
	case b.signed != nil:
		return b.signed.read(b, p)
	case b.frame != nil:
		return b.frame.read(b, p)
	}
	return b.readHeld(p)
}

// unchecked tells that nothing is verified of the body but its length, which its
// framing keeps: nothing of it needs to be held.
func (b *Body) unchecked() bool { return b.lengthOnly && b.frame == nil && b.signed == nil }

// InChunks tells that the body comes or goes on in chunks, which takes memory of its
// own, of up to some 100 KiB.
func (b *Body) InChunks() bool { return b.chunks != nil || b.frame != nil || b.signed != nil }

// Source is the source of a body of which nothing is verified but its length,
// and how many bytes are left of it, so that they can go another way than
// through Read; see Passed. It is nil for any other.
func (b *Body) Source() (source io.Reader, left int64) {
	if !b.unchecked() || b.failure.Load() != nil || b.verified {
		return nil, 0
	}
	return b.source.reader, b.promised - b.got
}

// Passed tells that n bytes of Source went another way, and why no more did if
// that was the source's failure. The last byte does not: it is for Read.
func (b *Body) Passed(n int64, err error) {
	b.got += n
	b.source.got += n
	if err != nil {
		b.fail(err)
	}
}

// readHeld yields decoded bytes, always one behind until the verdict.
func (b *Body) readHeld(p []byte) (int, error) {
	if b.unchecked() {
		if b.verified {
			return 0, io.EOF
		}
		return b.decoded(p)
	}
	for {
		if b.verified {
			if !b.holding {
				return 0, io.EOF
			}
			p[0], b.holding = b.held, false
			return 1, nil
		}
		if b.holding && len(p) == 1 {
			n, err := b.decoded(b.tail[:])
			if err != nil {
				return 0, err
			}
			if n == 1 {
				p[0], b.held = b.held, b.tail[0]
				return 1, nil
			}
			continue
		}
		ready := 0
		if b.holding {
			p[0], ready = b.held, 1
		}
		n, err := b.decoded(p[ready:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			continue
		}
		if b.verified {
			b.holding = false
			return ready + n, nil
		}
		ready += n - 1
		b.held, b.holding = p[ready], true
		if ready > 0 {
			return ready, nil
		}
	}
}

// decoded reads decoded bytes; it returns none only with the verdict. After the
// last byte of a declared number it goes on to the verdict at once.
func (b *Body) decoded(p []byte) (n int, err error) {
	n, done, err := b.next(p)
	if err != nil {
		return 0, err
	}
	if b.got += int64(n); b.got > b.limit {
		return 0, errTooLarge(b.got, b.limit)
	}
	if !done && b.got == b.promised {
		var extra int
		if extra, done, err = b.next(b.one[:]); err != nil {
			return 0, err
		}
		if extra > 0 {
			return 0, errByteCount(b.promised, b.got+int64(extra))
		}
	}
	if done {
		if b.got < b.least {
			return 0, errTooSmall(b.got, b.least)
		}
		if refusal := b.digests.verdict(); refusal != nil {
			return 0, refusal
		}
		b.verified = true
	}
	return n, nil
}

// next reads some bytes, or tells that there are no more.
func (b *Body) next(p []byte) (n int, done bool, err error) {
	if b.chunks != nil {
		return b.chunks.read(p)
	}
	n, err = readSome(&b.source, p)
	if n > 0 {
		b.digests.write(p[:n])
		return n, false, nil
	}
	if err == io.EOF {
		return 0, true, nil
	}
	return 0, false, err
}

// fail records the first failure.
func (b *Body) fail(err error) {
	f := &failure{err: err}
	if !errors.As(err, &f.refusal) {
		f.source, f.refusal = err, sourceRefusal(err)
	}
	b.failure.CompareAndSwap(nil, f)
}

// Close closes the source. It may be called while a Read is under way.
func (b *Body) Close() error {
	for {
		switch state := b.busy.Load(); state {
		case idle:
			if !b.busy.CompareAndSwap(idle, closed) {
				continue
			}
			b.releaseBuffer()
		case reading:
			if !b.busy.CompareAndSwap(reading, closing) {
				continue
			}
		default:
			return nil
		}
		if b.closer == nil {
			return nil
		}
		return b.closer.Close()
	}
}

func (b *Body) releaseBuffer() {
	if b.buffer != nil {
		chunkBuffers.Put(b.buffer)
		b.buffer, b.chunks.buffer = nil, nil
	}
	if b.signed != nil {
		b.signed.release()
	}
}

// Size is the number of bytes that Read yields of a body that verifies; -1 if
// the client did not declare it.
func (b *Body) Size() int64 { return b.size }

// Payload is the value of x-amz-content-sha256 for the next hop.
func (b *Body) Payload() string { return b.payload }

// Refusal is why the body failed; nil while it holds. It is set too when
// reading from the client failed: Err tells the two apart.
func (b *Body) Refusal() *wire.Refusal {
	if f := b.failure.Load(); f != nil {
		return f.refusal
	}
	return nil
}

// Err is the error of the source, if reading from the client failed.
func (b *Body) Err() error {
	if f := b.failure.Load(); f != nil {
		return f.source
	}
	return nil
}
