package checkpb

import "unicode/utf8"

// shape is what must hold of a message that nobody reads: which of its fields
// are text, and which are messages, by their number.
type shape struct {
	texts    [8]bool
	messages [8]*shape
}

// The shapes of the messages in a CheckRequest that nobody reads.
var (
	timestamp       = &shape{}
	tlsSession      = &shape{texts: [8]bool{1: true}}
	pipe            = &shape{texts: [8]bool{1: true}}
	internalAddress = &shape{texts: [8]bool{1: true, 2: true}}
	texts           = &shape{texts: [8]bool{1: true, 2: true}}
	metadata        = &shape{messages: [8]*shape{1: entryOf(structure), 2: entryOf(anything)}}
	anything        = &shape{texts: [8]bool{1: true}}
	structure       = newStructure()
)

// entryOf is the shape of an entry of a map from texts to messages.
func entryOf(value *shape) *shape {
	return &shape{texts: [8]bool{1: true}, messages: [8]*shape{2: value}}
}

// newStructure is the shape of a google.protobuf.Struct, whose values may be
// structures.
func newStructure() *shape {
	structure, value, list := &shape{}, &shape{}, &shape{}
	structure.messages[1] = entryOf(value)
	value.texts[3], value.messages[5], value.messages[6] = true, structure, list
	list.messages[1] = value
	return structure
}

// fits tells whether a message has the shape; depth is how deep messages may be
// nested, this one included.
func (s *shape) fits(message string, depth int) bool {
	depth--
	return depth >= 0 && each(message, func(f field) bool {
		number := f.tag >> 3
		if f.tag&7 != bytes || number >= uint32(len(s.texts)) {
			return true
		}
		if s.texts[number] {
			return utf8.ValidString(f.text)
		}
		return s.messages[number] == nil || s.messages[number].fits(f.text, depth)
	})
}
