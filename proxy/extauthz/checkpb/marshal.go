package checkpb

import (
	"encoding/binary"
	"math/bits"
)

// What is written here has field numbers below 16, whose tags are one byte.

// Size is the number of bytes that Append adds.
func (r *Response) Size() int {
	return sizeOf(r.statusSize()) + sizeOf(r.outcomeSize()) + sizeOf(r.metadataSize())
}

// Append adds the message to b: the same one for the same response.
func (r *Response) Append(b []byte) []byte {
	b = appendLength(b, 1, r.statusSize())
	b = appendNumber(b, 1, int64(r.Code))
	b = appendText(b, 2, r.Message)
	if r.Code == 0 {
		b = r.appendOK(appendLength(b, 3, r.outcomeSize()))
	} else {
		b = r.appendDenied(appendLength(b, 2, r.outcomeSize()))
	}
	return r.appendMetadata(appendLength(b, 4, r.metadataSize()))
}

// statusSize is the size of the google.rpc.Status.
func (r *Response) statusSize() int { return sizeOfNumber(int64(r.Code)) + sizeOfText(r.Message) }

// outcomeSize is the size of the OkHttpResponse or DeniedHttpResponse.
func (r *Response) outcomeSize() int {
	n := sizeOfHeaders(r.Headers)
	if r.Code != 0 {
		return n + sizeOf(sizeOfNumber(int64(r.Status))) + sizeOfText(r.Body)
	}
	for _, name := range r.Remove {
		n += sizeOf(len(name))
	}
	return n + sizeOfHeaders(r.Answer)
}

func (r *Response) appendOK(b []byte) []byte {
	b = appendHeaders(b, 2, r.Headers)
	for _, name := range r.Remove {
		b = append(appendLength(b, 5, len(name)), name...)
	}
	return appendHeaders(b, 6, r.Answer)
}

func (r *Response) appendDenied(b []byte) []byte {
	b = appendLength(b, 1, sizeOfNumber(int64(r.Status)))
	b = appendNumber(b, 1, int64(r.Status))
	b = appendHeaders(b, 2, r.Headers)
	return appendText(b, 3, r.Body)
}

// metadataSize is the size of the google.protobuf.Struct, of whose map each entry
// is a text and a google.protobuf.Value.
func (r *Response) metadataSize() (n int) {
	for i := range r.Metadata {
		n += sizeOf(r.Metadata[i].size())
	}
	return n
}

func (r *Response) appendMetadata(b []byte) []byte {
	for i := range r.Metadata {
		p := &r.Metadata[i]
		b = appendText(appendLength(b, 1, p.size()), 1, p.Name)
		b = appendLength(b, 2, sizeOf(len(p.Value)))
		// One of several kinds is there even if it is empty.
		b = append(appendLength(b, 3, len(p.Value)), p.Value...)
	}
	return b
}

func (p *Pair) size() int { return sizeOfText(p.Name) + sizeOf(sizeOf(len(p.Value))) }

// The values of HeaderValueOption.HeaderAppendAction.
const (
	appendIfExistsOrAdd    = 0
	overwriteIfExistsOrAdd = 2
)

func (h *Header) action() int64 {
	if h.Beside {
		return appendIfExistsOrAdd
	}
	return overwriteIfExistsOrAdd
}

// size is that of the HeaderValueOption.
func (h *Header) size() int {
	const keepEmptyValue = 1
	return sizeOf(h.valueSize()) + sizeOfNumber(h.action()) + sizeOfNumber(keepEmptyValue)
}

// valueSize is the size of the HeaderValue in it.
func (h *Header) valueSize() int { return sizeOfText(h.Name) + sizeOfText(h.Value) }

func sizeOfHeaders(headers []Header) (n int) {
	for i := range headers {
		n += sizeOf(headers[i].size())
	}
	return n
}

func appendHeaders(b []byte, number byte, headers []Header) []byte {
	for i := range headers {
		h := &headers[i]
		b = appendLength(appendLength(b, number, h.size()), 1, h.valueSize())
		b = appendText(appendText(b, 1, h.Name), 2, h.Value)
		b = appendNumber(b, 3, h.action())
		b = appendNumber(b, 4, 1) // keep_empty_value
	}
	return b
}

// sizeOf is the size of a field that has a length, with its tag.
func sizeOf(length int) int { return 1 + sizeOfVarint(uint64(length)) + length }

// sizeOfText and sizeOfNumber are the sizes of fields that are left out if they
// are empty or 0.
func sizeOfText(text string) int {
	if text == "" {
		return 0
	}
	return sizeOf(len(text))
}

func sizeOfNumber(n int64) int {
	if n == 0 {
		return 0
	}
	return 1 + sizeOfVarint(uint64(n))
}

func sizeOfVarint(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// appendLength begins a field of so many bytes, which follow.
func appendLength(b []byte, number byte, length int) []byte {
	return binary.AppendUvarint(append(b, number<<3|bytes), uint64(length))
}

func appendText(b []byte, number byte, text string) []byte {
	if text == "" {
		return b
	}
	return append(appendLength(b, number, len(text)), text...)
}

func appendNumber(b []byte, number byte, n int64) []byte {
	if n == 0 {
		return b
	}
	return binary.AppendUvarint(append(b, number<<3|varint), uint64(n))
}
