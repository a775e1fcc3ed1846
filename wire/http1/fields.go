package http1

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// head is a parsed head without its first line.
type head struct {
	// fields are parsed into the array that they have, if it is large enough.
	fields wire.Fields
	// host is the Host field, which is not among fields; hosts is how many there
	// were.
	host  string
	hosts int
	// length is that of the body as Content-Length says; -1 if it does not say.
	length int64
	// chunked tells that the body comes in chunks.
	chunked bool
	// last tells that Connection says close.
	last bool
	// keep tells that Connection says keep-alive.
	keep bool
}

// lower turns the names of fields into lower case where they stand, so that
// the text that is made of the lines has them so.
func lower(lines []byte) {
	for len(lines) > 0 {
		i := 0
		for ; i < len(lines) && lines[i] != ':' && lines[i] != '\n'; i++ {
			if c := lines[i]; 'A' <= c && c <= 'Z' {
				lines[i] = c + ('a' - 'A')
			}
		}
		next := bytes.IndexByte(lines[i:], '\n')
		if next < 0 {
			return
		}
		lines = lines[i+next+1:]
	}
}

// problem says why a head is not taken.
type problem string

func (p problem) Error() string { return string(p) }

// parse reads the lines of a head behind the first; each ends in CR LF. spare
// is how many fields the caller may add; -1 that one line is Host, and no field.
func (h *head) parse(lines string, count, spare int) error {
	if count > MaxFields {
		return ErrTooLarge
	}
	h.length = -1
	h.fields = slices.Grow(h.fields[:0], max(count+spare, 0))
	for lines != "" {
		end := strings.IndexByte(lines, '\n')
		line := lines[:end-1]
		lines = lines[end+1:]
		name, value, ok := strings.Cut(line, ":")
		switch {
		case line[0] == ' ' || line[0] == '\t':
			return problem("a line of the header is folded")
		case !ok:
			return problem("a line of the header has no colon")
		case !wire.IsToken(name):
			return problem("the header has a name that is not valid")
		}
		value, refusal := wire.FieldValue(name, value)
		if refusal != nil {
			return refusal
		}
		if name == "host" {
			h.hosts++
			h.host = value
			continue
		}
		if err := h.frame(name, value); err != nil {
			return err
		}
		h.fields = append(h.fields, wire.Field{Name: name, Value: value})
	}
	if h.chunked && h.length >= 0 {
		return problem("Content-Length and Transfer-Encoding were both sent")
	}
	return nil
}

// frame takes what a field says of the message's end and the connection's.
func (h *head) frame(name, value string) error {
	switch name {
	case "content-length":
		if h.length >= 0 {
			return problem("Content-Length was sent more than once")
		}
		size, ok := digits(value)
		if !ok {
			return problem("Content-Length is not a number of bytes")
		}
		h.length = size
	case "transfer-encoding":
		if h.chunked {
			return problem("Transfer-Encoding was sent more than once")
		}
		if !strings.EqualFold(value, "chunked") {
			return problem("the Transfer-Encoding is not supported: use chunked")
		}
		h.chunked = true
	case "connection":
		for option := range strings.SplitSeq(value, ",") {
			option = strings.Trim(option, " \t")
			h.last = h.last || strings.EqualFold(option, "close")
			h.keep = h.keep || strings.EqualFold(option, "keep-alive")
		}
	}
	return nil
}

// digits reads a length, which is digits alone (RFC 9110, section 8.6).
func digits(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}
