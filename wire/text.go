package wire

import (
	"strings"
	"sync"
)

const (
	// pieceSize is the memory, in bytes, that texts are cut from: whoever keeps a text
	// keeps its piece. What it is made of matters to the collector, which goes through
	// the heap run by run after each collection: those of this size are of 48 KiB,
	// those of the size of a head of 8.
	pieceSize = 6912
	// maxCut is the longest text that is cut from a piece.
	maxCut = pieceSize / 4
)

// pieces have room for more texts. Each is one reader's at a time, for one text.
var pieces = sync.Pool{New: func() any { return new(strings.Builder) }}

// TextOf is the bytes as a string, for what is needed about as long as a request. It
// stays what it is: a piece is only written behind its last text, and never again. It
// may be called by several goroutines at once.
func TextOf(b []byte) string {
	if len(b) > maxCut {
		return string(b)
	}
	p := pieces.Get().(*strings.Builder)
	if p.Cap()-p.Len() < len(b) {
		p.Reset()
		p.Grow(pieceSize)
	}
	start := p.Len()
	p.Write(b)
	s := p.String()[start:]
	pieces.Put(p)
	return s
}
