package arrivals

import (
	"bytes"
	"fmt"
	"strconv"
)

// maxHead bounds the head of an answer.
const maxHead = 4 << 10

// answer is as much of an answer as has been read.
type answer struct {
	head   [maxHead]byte
	length int // of what is in head
	known  bool
	status int
	left   int // bytes of the body, once known
	last   bool
}

// take takes what was read and tells whether the answer is whole.
func (a *answer) take(read []byte) (whole bool, err error) {
	if !a.known {
		before := a.length
		a.length += copy(a.head[a.length:], read)
		end := bytes.Index(a.head[max(0, before-3):a.length], []byte("\r\n\r\n"))
		if end < 0 {
			if a.length == len(a.head) {
				return false, fmt.Errorf("the answer's head is more than %d bytes", maxHead)
			}
			return false, nil
		}
		end += max(0, before-3) + 4
		if err := a.parse(a.head[:end]); err != nil {
			return false, err
		}
		read = read[end-before:]
	}
	if a.left -= len(read); a.left < 0 {
		return false, fmt.Errorf("%d bytes came after the answer", -a.left)
	}
	return a.left == 0, nil
}

// parse reads a head: what the answer is, how long, and whether it is the last.
func (a *answer) parse(head []byte) (err error) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) < 12 {
		return fmt.Errorf("no answer of HTTP/1.1: %q", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return fmt.Errorf("no status: %q", line)
	}
	length := -1
	for len(fields) > 2 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return fmt.Errorf("no length: %q", line)
			}
		case bytes.EqualFold(name, []byte("connection")):
			a.last = bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		if a.status != 204 && a.status != 304 {
			return fmt.Errorf("the answer has no length: %q", head)
		}
		length = 0
	}
	a.known, a.left = true, length
	return nil
}

// next forgets the answer.
func (a *answer) next() { a.length, a.known, a.last = 0, false, false }
