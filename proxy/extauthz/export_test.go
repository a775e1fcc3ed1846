package extauthz

import (
	"context"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// Check answers a question in process, as the handler of gRPC does.
func (s *Server) Check(ctx context.Context, in *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	message, err := proto.Marshal(in)
	if err != nil {
		return nil, err
	}
	answer := s.CheckMessage(ctx, message)
	defer answer.Free()
	out := &authv3.CheckResponse{}
	return out, proto.Unmarshal(answer.ReadOnlyData(), out)
}

// CheckMessage is Check without the generated types; the answer is to be freed.
func (s *Server) CheckMessage(ctx context.Context, message []byte) mem.Buffer {
	out, _ := s.handle(ctx, func(v any) error {
		return newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(message)}, v)
	})
	return out.(mem.Buffer)
}
