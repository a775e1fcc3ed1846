package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// batch is some lines, and what they came to once done is closed.
type batch struct {
	lines  []numberedLine
	done   chan struct{}
	out    []byte
	failed int
}

// numberedLine is a line of input; of one that is too long, nothing.
type numberedLine struct {
	number  int // from 1
	text    string
	tooLong bool
}

const (
	maxLine   = 1 << 20
	batchSize = 64 << 10
)

// lineReader cuts lines into batches. It waits for input only when it has
// nothing to hand out, so that whoever writes a line gets its answer.
type lineReader struct {
	in     io.Reader
	buffer *bufio.Reader
	number int
	err    error // that ended the input, but io.EOF
	ended  bool
}

// next is the next batch; nil at the end of the input. Lines that are blank are
// counted, and left out.
func (r *lineReader) next() *batch {
	if r.buffer == nil {
		r.buffer = bufio.NewReaderSize(r.in, 4*batchSize)
	}
	b := &batch{done: make(chan struct{})}
	for size := 0; !r.ended && size < batchSize && (len(b.lines) == 0 || r.hasLine()); {
		line := r.line()
		if line.tooLong || strings.Trim(line.text, " \t\r\n") != "" {
			b.lines = append(b.lines, line)
			size += len(line.text)
		}
	}
	if len(b.lines) == 0 {
		return nil
	}
	return b
}

// hasLine tells whether a whole line is there without waiting.
func (r *lineReader) hasLine() bool {
	there, _ := r.buffer.Peek(r.buffer.Buffered())
	return bytes.IndexByte(there, '\n') >= 0
}

// line reads a line, without its end.
func (r *lineReader) line() numberedLine {
	r.number++
	line := numberedLine{number: r.number}
	var long []byte
	for {
		part, err := r.buffer.ReadSlice('\n')
		if !line.tooLong && len(long)+len(bytes.TrimSuffix(part, []byte("\n"))) > maxLine {
			line.tooLong, long = true, nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if !line.tooLong {
				long = append(long, part...)
			}
			continue
		case err != nil:
			r.ended = true
			if err != io.EOF {
				r.err = err
				return numberedLine{} // half a line is none
			}
		}
		if !line.tooLong {
			line.text = string(append(long, part...))
		}
		return line
	}
}
