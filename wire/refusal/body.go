package refusal

import (
	"bytes"
	"sync"
	"sync/atomic"
)

// buffers are what bodies are made in: a flood of refusals would make garbage of as
// many.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// maxKept bounds what a buffer may hold while it is not used.
const maxKept = 16 << 10

// body is that of an answer. Close gives its buffer back, and must not be called
// while it is read; one that is not closed is left to the collector.
type body struct {
	bytes.Reader
	buffer atomic.Pointer[[]byte]
}

func newBody(buffer *[]byte) *body {
	b := new(body)
	b.Reset(*buffer)
	b.buffer.Store(buffer)
	return b
}

func (b *body) Close() error {
	buffer := b.buffer.Swap(nil)
	if buffer == nil {
		return nil
	}
	b.Reset(nil)
	if cap(*buffer) <= maxKept {
		clear((*buffer)[:cap(*buffer)]) // a longer body may have been cut to this one
		buffers.Put(buffer)
	}
	return nil
}
