package extauthz_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/sallyport-iam/sallyport/proxy/extauthz"
)

// TestHealth: requests are wanted while a bundle is active and nothing drains.
func TestHealth(t *testing.T) {
	t.Parallel()
	ready := make(chan bool, 1)
	ready <- false
	w := open(t, func(s *setting) {
		s.extauthz.Ready = func() bool {
			now := <-ready
			ready <- now
			return now
		}
	})
	client := healthv1.NewHealthClient(w.conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watched, err := client.Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_NOT_SERVING, healthv1.HealthCheckResponse_SERVING} {
		for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
			got, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: service})
			if err != nil || got.GetStatus() != want {
				t.Errorf("%q: %v, %v", service, got, err)
			}
		}
		if got, err := watched.Recv(); err != nil || got.GetStatus() != want {
			t.Errorf("watched: %v, %v", got, err)
		}
		<-ready
		ready <- true
	}
	if _, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: "other"}); err == nil {
		t.Error("the health of an unknown service was told")
	}
	if all, err := client.List(ctx, &healthv1.HealthListRequest{}); err != nil || len(all.GetStatuses()) != 2 {
		t.Errorf("%v, %v", all, err)
	}
	// Who watches does not hold up the end.
	if err := w.extauthz.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func TestReflection(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(w.conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil || !strings.Contains(answer.String(), "envoy.service.auth.v3.Authorization") {
		t.Errorf("%v, %v", answer, err)
	}
	// Tools ask for the messages by the service's name.
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "envoy.service.auth.v3.Authorization"}}); err != nil {
		t.Fatal(err)
	}
	if answer, err = stream.Recv(); err != nil || len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
		t.Errorf("%v, %v", answer, err)
	}
	_ = stream.CloseSend()
}

// TestSocket: a socket has its mode, takes the place of one that was left behind
// and of nothing else, and goes in the end.
func TestSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "authz.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	w := open(t, func(s *setting) { s.extauthz.Address, s.extauthz.Socket, s.extauthz.SocketMode = "", path, 0o640 })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if out := w.ask(sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)); out.GetOkResponse() == nil {
		t.Errorf("%v", out)
	}
	if _, err := extauthz.Listen(extauthz.Options{Name: "second", Socket: path, SocketMode: 0o600}); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second door: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := extauthz.Listen(extauthz.Options{Name: "third", Socket: file, SocketMode: 0o600}); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("in the place of a file: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.extauthz.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
