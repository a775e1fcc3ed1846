package session

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
)

// How a text is packed, as the byte in front of it says.
const (
	asItIs byte = iota
	deflated
)

// worthPacking is the size, in bytes, below which nothing is deflated.
const worthPacking = 192

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression)
	return w
}}

// appendPacked writes a text, deflated if that makes it shorter.
func appendPacked(b, text []byte) []byte {
	if len(text) >= worthPacking {
		var out bytes.Buffer
		out.Grow(len(text))
		w := deflaters.Get().(*flate.Writer)
		w.Reset(&out)
		_, err := w.Write(text)
		if err == nil {
			err = w.Close()
		}
		deflaters.Put(w)
		if err == nil && out.Len() < len(text) {
			return append(append(b, deflated), out.Bytes()...)
		}
	}
	return append(append(b, asItIs), text...)
}

// unpack reads what appendPacked wrote, of at most limit bytes.
func unpack(b []byte, limit int) (text []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	switch packed := b[1:]; b[0] {
	case asItIs:
		return packed, len(packed) <= limit
	case deflated:
		from := bytes.NewReader(packed)
		r := flate.NewReader(from)
		text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
		return text, err == nil && len(text) <= limit && from.Len() == 0
	default:
		return nil, false
	}
}
