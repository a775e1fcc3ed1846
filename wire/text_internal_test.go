package wire

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

// TestTextsStay: a text is what was read, whatever was read after it, by whomever,
// and wherever in a piece it lies.
func TestTextsStay(t *testing.T) {
	t.Parallel()
	lengths := []int{0, 1, 400, 511, maxCut - 1, maxCut, maxCut + 1, pieceSize, pieceSize + 1, 3 * pieceSize}
	var readers sync.WaitGroup
	for reader := range 4 {
		readers.Go(func() {
			buffer := make([]byte, 3*pieceSize)
			var want []string
			var got []string
			for round := range 100 {
				for _, n := range lengths {
					b := fmt.Appendf(buffer[:0], "%d %d %d ", reader, round, n)
					b = append(b, bytes.Repeat([]byte{byte('a' + reader)}, 3*pieceSize)...)[:n]
					want, got = append(want, string(b)), append(got, TextOf(b))
					clear(b) // the buffer is the reader's
				}
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("reader %d: text %d of %d bytes is not what was read", reader, i, len(want[i]))
				}
			}
		})
	}
	readers.Wait()
}

// TestTextsSharePieces: what is cut is not allocated by itself.
func TestTextsSharePieces(t *testing.T) {
	b := bytes.Repeat([]byte("x"), pieceSize/16)
	if n := testing.AllocsPerRun(1000, func() { _ = TextOf(b) }); n > 0.5 {
		t.Errorf("a text allocates %v times", n)
	}
}
