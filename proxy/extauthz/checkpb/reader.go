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
	r := reader{message}
	for len(r.rest) > 0 {
		tag, ok := r.varint()
		if !ok || tag>>3 == 0 || tag>>3 > maxNumber {
			return false
		}
		f := field{tag: uint32(tag)}
		switch tag & 7 {
		case varint:
			f.number, ok = r.varint()
		case bytes:
			f.text, ok = r.bytes()
		default:
			ok = r.skip(tag, maxDepth)
		}
		if !ok || !take(f) {
			return false
		}
	}
	return true
}

// into puts the field's text where it belongs, if it is text.
func (f field) into(to *string) bool {
	*to = f.text
	return utf8.ValidString(f.text)
}

// reader takes a message apart from its beginning.
type reader struct{ rest string }

func (r *reader) varint() (uint64, bool) {
	if r.rest != "" && r.rest[0] < 0x80 {
		v := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return v, true
	}
	return r.longVarint()
}

func (r *reader) longVarint() (uint64, bool) {
	const most = 10 // bytes, of the last of which one bit counts
	var v uint64
	for i := 0; i < len(r.rest) && i < most; i++ {
		c := r.rest[i]
		if i == most-1 && c > 1 {
			return 0, false
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return v, true
		}
	}
	return 0, false
}

func (r *reader) bytes() (string, bool) {
	n, ok := r.varint()
	if !ok || n > uint64(len(r.rest)) {
		return "", false
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text, true
}

func (r *reader) drop(n int) bool {
	if n > len(r.rest) {
		return false
	}
	r.rest = r.rest[n:]
	return true
}

// skip passes over what a field holds whose tag was read; groups may be nested
// depth deep in it.
func (r *reader) skip(tag uint64, depth int) (ok bool) {
	switch tag & 7 {
	case varint:
		_, ok = r.varint()
	case fixed64:
		ok = r.drop(8)
	case bytes:
		_, ok = r.bytes()
	case startGroup:
		ok = depth >= 0 && r.skipGroup(tag>>3, depth)
	case fixed32:
		ok = r.drop(4)
	}
	return ok
}

// skipGroup passes over the fields of a group and its end. Their numbers may be
// greater than those of a message's own fields.
func (r *reader) skipGroup(number uint64, depth int) bool {
	const most = 1<<31 - 1
	for {
		tag, ok := r.varint()
		if !ok || tag>>3 == 0 || tag>>3 > most {
			return false
		}
		if tag&7 == endGroup {
			return tag>>3 == number
		}
		if !r.skip(tag, depth-1) {
			return false
		}
	}
}
