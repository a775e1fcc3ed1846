package sigv4

import "io"

// original yields the bytes of chunks as they came, once they were looked at.
type original struct {
	// pending is what was read of the client and not yielded, from start on.
	pending []byte
	start   int
	// decoded is where decoded data goes, of which nobody has use.
	decoded []byte
}

// read yields what was read, always one byte behind until the verdict.
func (o *original) read(b *Body, p []byte) (int, error) {
	for {
		held := 1
		if b.verified {
			held = 0
		}
		if ready := o.pending[o.start:max(o.start, len(o.pending)-held)]; len(ready) > 0 {
			n := copy(p, ready)
			o.start += n
			return n, nil
		}
		if b.verified {
			return 0, io.EOF
		}
		o.pending = append(o.pending[:0], o.pending[o.start:]...)
		o.start = 0
		if o.decoded == nil {
			o.decoded = make([]byte, chunkBuffer)
		}
		if _, err := b.decoded(o.decoded); err != nil {
			return 0, err
		}
	}
}
