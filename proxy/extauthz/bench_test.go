package extauthz_test

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

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
	unsigned := open(b, func(s *setting) {
		s.enforcer.Audit = audit.New(audit.Options{})
		s.upstream.Credentials, s.upstream.Unsigned = nil, true
	})
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = null.Close() })
	recorded := open(b, func(s *setting) { s.enforcer.Audit = audit.New(audit.Options{Output: null}) })
	in := sent(b, "alice", "GET", "localhost", "/reports/2026/q1.csv", "", "", with("accept-encoding", "identity"), with("amz-sdk-request", "attempt=1; max=3")).question(false)
	message, err := proto.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	for name, w := range map[string]*world{"process": w, "process/unsigned": unsigned, "process/recorded": recorded} {
		if out, err := w.extauthz.Check(b.Context(), in); err != nil || out.GetOkResponse() == nil {
			b.Fatal(out, err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				answer := w.extauthz.CheckMessage(b.Context(), message)
				answer.Free()
			}
			b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	floor := grpc.NewServer()
	authv3.RegisterAuthorizationServer(floor, noop{})
	go func() { _ = floor.Serve(listener) }()
	b.Cleanup(floor.Stop)
	for _, server := range []struct{ name, address string }{{"grpc", target(w.extauthz.Addr())}, {"floor", listener.Addr().String()}} {
		b.Run(server.name, func(b *testing.B) { drive(b, server.address, message) })
	}
}

// drive asks from 32 callers over two connections: Envoy has one for each of its
// workers.
func drive(b *testing.B, address string, message []byte) {
	const connections, callers = 2, 32
	var conns [connections]*grpc.ClientConn
	for i := range conns {
		var err error
		if conns[i], err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(asIs{}))); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conns[i].Close() })
	}
	var caller atomic.Int32
	before := processorTime(b)
	b.SetParallelism(callers / 2)
	b.RunParallel(func(pb *testing.PB) {
		conn := conns[caller.Add(1)%connections]
		for pb.Next() {
			if err := conn.Invoke(b.Context(), authv3.Authorization_Check_FullMethodName, message, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// processorTime is what this process has used of the processors: of a machine that
// others use, it tells more than the time that went by.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// asIs sends a message as it is, and does not look at the answer: what is measured
// is the server.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (asIs) Unmarshal(mem.BufferSlice, any) error { return nil }
