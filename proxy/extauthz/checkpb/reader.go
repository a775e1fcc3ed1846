package checkpb

import "unicode/utf8"

// The wire types of protobuf.
const (
	varint     = 0
	fixed64    = 1
	bytes      = 2
	startGroup = 3
	endGroup   = 4
	fixed32    = 5
)

const (
	// maxNumber is the greatest number of a field.
	maxNumber = 1<<29 - 1
	// maxDepth is how deep messages, and groups, may be nested.
	maxDepth = 10_000
)

// field is one field of a message: its tag, which is its number and its wire
// type, and what it holds if that is a varint or bytes. A field of any other type
// is one that nobody reads.
type field struct {
	tag    uint32
	number uint64
	text   string
}

// each hands the fields of a message to take, which tells whether they are well
// formed. A field that take does not know by its tag, it skips: that includes a
// known number with another wire type.
func each(message string, take func(field) bool) bool {
	for len(message) > 0 {
		tag, n := readVarint(message)
		if n == 0 || tag>>3 == 0 || tag>>3 > maxNumber {
			return false
		}
		message = message[n:]
		f := field{tag: uint32(tag)}
		switch tag & 7 {
		case varint:
			f.number, n = readVarint(message)
		case bytes:
			var begin int
			begin, n = readBytes(message)
			f.text = message[begin:n]
		default:
			n = skip(message, tag, maxDepth)
		}
		if n == 0 || !take(f) {
			return false
		}
		message = message[n:]
	}
	return true
}

// into puts the field's text where it belongs, if it is text.
func (f field) into(to *string) bool {
	*to = f.text
	return utf8.ValidString(f.text)
}

// readVarint reads a number at the beginning of a message; n is its length in
// bytes, 0 if it is malformed.
func readVarint(message string) (v uint64, n int) {
	if message != "" && message[0] < 0x80 {
		return uint64(message[0]), 1
	}
	return readLongVarint(message)
}

func readLongVarint(message string) (v uint64, n int) {
	const most = 10 // bytes, of the last of which one bit counts
	for i := 0; i < len(message) && i < most; i++ {
		c := message[i]
		if i == most-1 && c > 1 {
			return 0, 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// readBytes tells where the bytes at the beginning of a message begin, behind
// their length, and end; both are 0 if they are malformed.
func readBytes(message string) (begin, end int) {
	length, n := readVarint(message)
	if n == 0 || length > uint64(len(message)-n) {
		return 0, 0
	}
	return n, n + int(length)
}

// skip is the length of what a field holds whose tag was read, in which groups
// may be nested depth deep; 0 if it is malformed.
func skip(message string, tag uint64, depth int) (n int) {
	switch tag & 7 {
	case varint:
		_, n = readVarint(message)
	case fixed64:
		n = 8
	case bytes:
		_, n = readBytes(message)
	case startGroup:
		n = skipGroup(message, tag>>3, depth)
	case fixed32:
		n = 4
	}
	if n > len(message) {
		return 0
	}
	return n
}

// skipGroup is the length of the fields of a group and its end. Their numbers may
// be greater than those of a message's own fields.
func skipGroup(message string, number uint64, depth int) int {
	const most = 1<<31 - 1
	if depth < 0 {
		return 0
	}
	for at := 0; ; {
		tag, n := readVarint(message[at:])
		if n == 0 || tag>>3 == 0 || tag>>3 > most {
			return 0
		}
		at += n
		if tag&7 == endGroup {
			if tag>>3 != number {
				return 0
			}
			return at
		}
		if n = skip(message[at:], tag, depth-1); n == 0 {
			return 0
		}
		at += n
	}
}
