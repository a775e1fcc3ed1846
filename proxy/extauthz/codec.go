package extauthz

import (
	"strings"
	"unsafe"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec of all other messages
	"google.golang.org/grpc/mem"
)

// codec hands over the messages of checks as they are; health and reflection have
// gRPC's codec. So nothing that is in a question ends its call with an error:
// Envoy, which sends bytes outside UTF-8 as they come, would take that for a
// failure of ours, and a filter that fails open would let the request pass.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// question is the message of a CheckRequest, whatever it is.
type question string

// Unmarshal is that of gRPC's codec but for questions.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	q, ok := v.(*question)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if len(data) == 1 {
		if own, ok := data[0].(mem.SliceBuffer); ok {
			//nolint:gosec // G103: it is of no pool, so that nobody writes to it again
			*q = question(unsafe.String(unsafe.SliceData(own), len(own)))
			return nil
		}
		*q = question(data[0].ReadOnlyData())
		return nil
	}
	var whole strings.Builder
	whole.Grow(data.Len())
	for _, part := range data {
		whole.Write(part.ReadOnlyData())
	}
	*q = question(whole.String())
	return nil
}

// Marshal is that of gRPC's codec but for answers, which are written already.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if answer, ok := v.(mem.Buffer); ok {
		return mem.BufferSlice{answer}, nil
	}
	return c.CodecV2.Marshal(v)
}
