package http1

import (
	"bytes"
	"strings"
	"testing"
)

// TestFreedBufferIsEmpty: nothing of a connection is left in the memory that the
// next has. It runs alone: the next might be another test's.
func TestFreedBufferIsEmpty(t *testing.T) {
	for _, head := range []string{"GET / HTTP/1.1\r\nHost: h\r\n\r\nand more", "GET / HTTP/1.1\r\nHost: h\r\nA: " + strings.Repeat("a", 2*smallBuffer) + "\r\n\r\n"} {
		r := NewReader(strings.NewReader(head))
		if err := r.Request(new(Request), 1<<20); err != nil {
			t.Fatal(err)
		}
		buffer := r.buf
		r.Free()
		if len(buffer) == smallBuffer && len(bytes.Trim(buffer, "\x00")) > 0 {
			t.Error("a buffer that was given back holds what was read")
		}
		if r.Buffered() > 0 || r.buf != nil {
			t.Error("a freed Reader holds something")
		}
	}
}
