package extauthz

import (
	"context"
	"runtime/debug"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// service is envoy.service.auth.v3.Authorization, whose one method is handled
// without the generated types.
var service = grpc.ServiceDesc{
	ServiceName: authv3.Authorization_ServiceDesc.ServiceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Check",
		Handler: func(server any, ctx context.Context, receive func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return server.(*Server).handle(ctx, receive)
		},
	}},
	Metadata: authv3.Authorization_ServiceDesc.Metadata,
}

// handle answers a call of Check. It returns no error but that of a question that
// could not be received.
func (s *Server) handle(ctx context.Context, receive func(any) error) (any, error) {
	c := newCheck()
	if err := receive(&c.question); err != nil {
		return nil, err
	}
	return s.answer(ctx, c), nil
}

// answer answers a question, and gives c back.
func (s *Server) answer(ctx context.Context, c *check) mem.Buffer {
	c.id = refusal.NewRequestID()
	if !s.decide(ctx, c) {
		// What panicked may still refer to what is in c.
		c = &check{id: c.id, asked: checkpb.Request{Method: c.asked.Method, Source: c.asked.Source}}
		s.deny(c, wire.Unavailable("panic at the door"))
	}
	pool := mem.DefaultBufferPool()
	written := pool.Get(c.response.Size())
	*written = c.response.Append((*written)[:0])
	c.release()
	return mem.NewBuffer(written, pool)
}

// decide makes the response to a question; ok is false if something panicked.
func (s *Server) decide(ctx context.Context, c *check) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Logger.Error("a panic denied a request", zap.String("request_id", c.id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	budget := newBudget(ctx)
	defer func() {
		c.late = budget.Err() != nil
		budget.stop()
	}()
	door, refused := s.request(c)
	if refused != nil {
		s.deny(c, refused)
		return true
	}
	s.options.Enforcer.AuthorizeInto(budget, door, &c.request, c.id, &c.decided)
	if c.decided.Answer != nil {
		c.denied()
	} else {
		c.allowed()
	}
	return true
}

// deny is the denial of what is no request.
func (s *Server) deny(c *check, r *wire.Refusal) {
	peer, _ := address(c.asked.Source)
	method := c.asked.Method
	if !wire.IsToken(method) || len(method) > maxMethod {
		method = ""
	}
	c.decided.Reset()
	c.decided.Refusal, c.decided.Answer = r, s.options.Enforcer.RefuseMalformed(s.door, method, peer, c.id, r)
	c.denied()
}
