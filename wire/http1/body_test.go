package http1_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire/http1"
)

// TestBodyThatPassesElsewhere: of a body whose bytes go another way, and may get lost
// there, nothing is read, skipped or called whole that is not at its place.
func TestBodyThatPassesElsewhere(t *testing.T) {
	t.Parallel()
	lost := errors.New("the other side is gone")
	for _, tt := range []struct {
		name   string
		passed int64
		err    error
		left   int64
		whole  bool
		read   error
	}{
		{"some", 4, nil, 6, false, nil},
		{"all", 10, nil, 0, true, io.EOF},
		{"some, and others are lost", 4, lost, 0, false, lost},
		{"all, and then an error", 10, lost, 0, false, lost},
		{"none, for the connection ended", 0, io.EOF, 0, false, io.ErrUnexpectedEOF},
	} {
		head := "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
		reader := http1.NewReader(io.MultiReader(strings.NewReader(head), strings.NewReader("0123456789")))
		var req http1.Request
		err := reader.Request(&req, 1000)
		if err != nil {
			t.Fatal(err)
		}
		body := reader.Body(&req)
		if left := body.Left(); left != 10 {
			t.Fatalf("%d are left", left)
		}
		body.Passed(tt.passed, tt.err)
		if body.Left() != tt.left || body.Whole() != tt.whole || body.Skip() != tt.whole {
			t.Errorf("%s: %d left, whole %v, want %d, %v", tt.name, body.Left(), body.Whole(), tt.left, tt.whole)
		}
		if _, err := body.Read(make([]byte, 1)); !errors.Is(err, tt.read) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.read)
		}
	}
}

// TestFreedReader: what another connection has read is nowhere in the memory of the
// next, and who still holds the Reader gets nothing.
func TestFreedReader(t *testing.T) {
	t.Parallel()
	first := get("Authorization: "+strings.Repeat("secret", 400), "Content-Length: 5") + "hello"
	for range 100 {
		r := http1.NewReader(strings.NewReader(first))
		var req http1.Request
		if err := r.Request(&req, limit); err != nil {
			t.Fatal(err)
		}
		body := r.Body(&req)
		if text, err := io.ReadAll(&body); err != nil || string(text) != "hello" {
			t.Fatalf("%q, %v", text, err)
		}
		r.Free()
		if got := req.Fields.Get("authorization"); got != strings.Repeat("secret", 400) {
			t.Fatalf("a text did not stay: %q", got)
		}
		if err := r.Request(&req, limit); err == nil {
			t.Fatal("a freed Reader reads")
		}
		if n, err := body.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Fatal("a body of a freed Reader reads")
		}
		next := http1.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: h"))
		if err := next.Request(&req, limit); err == nil || len(req.Fields) > 0 {
			t.Fatalf("half a head is one: %v", req)
		}
		next.Free()
	}
}
