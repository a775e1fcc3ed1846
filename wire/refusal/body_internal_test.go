package refusal

import (
	"bytes"
	"io"
	"testing"
)

func TestBody(t *testing.T) {
	t.Parallel()
	text := []byte("whose this is, nobody else may read")
	whole := append(bytes.Clone(text), "nor what was cut off"...)
	buffer := whole[:len(text)]
	b := newBody(&buffer)
	if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%q, %v", got, err)
	}
	for range 2 { // it is given back once
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left := bytes.Trim(whole, "\x00"); len(left) > 0 {
		t.Errorf("what is given back holds %q", left)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("closed, and yet there is more: %d, %v", n, err)
	}
	if n, err := b.Seek(0, io.SeekStart); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if rest, _ := io.ReadAll(b); len(rest) > 0 {
		t.Errorf("closed, and yet there is %q", rest)
	}
}
