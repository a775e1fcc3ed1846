package extauthz_test

import (
	"context"
	"net"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sallyport-iam/sallyport/audit"
)

// noop is an external authorization that allows everything: the floor.
type noop struct {
	authv3.UnimplementedAuthorizationServer
}

func (noop) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{Status: &status.Status{}, HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}}}, nil
}

// BenchmarkCheck verifies, decides and signs a read: in process, over gRPC, and
// beside a server of grpc-go that does nothing.
func BenchmarkCheck(b *testing.B) {
	w := open(b, func(s *setting) { s.enforcer.Audit = audit.New(audit.Options{}) })
	in := sent(b, "alice", "GET", "localhost", "/reports/2026/q1.csv", "", "", with("accept-encoding", "identity"), with("amz-sdk-request", "attempt=1; max=3")).question(false)
	b.Run("process", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if out, _ := w.extauthz.Check(b.Context(), in); out.GetOkResponse() == nil {
				b.Fatal(out)
			}
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	floor := grpc.NewServer()
	authv3.RegisterAuthorizationServer(floor, noop{})
	go func() { _ = floor.Serve(listener) }()
	b.Cleanup(floor.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	for name, client := range map[string]authv3.AuthorizationClient{"grpc": w.client, "floor": authv3.NewAuthorizationClient(conn)} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.Check(b.Context(), in); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
