package extauthz

import (
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that this one is about
	"google.golang.org/grpc/mem"
)

// codec reads what is no check request as one without attributes, which is
// denied. The codec of gRPC would end the call with an error: Envoy, which sends
// bytes outside UTF-8 as they come, would take that for a failure of ours, and a
// filter that fails open would let the request pass.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal is that of gRPC's codec but for check requests.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	if check, ok := v.(*authv3.CheckRequest); ok && err != nil {
		check.Reset()
		err = nil
	}
	return err
}
