package extauthz_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestNothingFailsOpen: Envoy may be told to let pass what its authorization
// service fails at, so nothing that happens here is a failure.
func TestNothingFailsOpen(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T) *authv3.CheckRequest {
		return sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)
	}
	t.Run("no bundle yet", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.enforcer.Snapshot = func() *bundle.Snapshot { return nil } })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("a panic while it is decided", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.enforcer.Snapshot = func() *bundle.Snapshot { panic("no") } })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("a panic while it is signed", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(context.Context) { panic("no") }) })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("no credentials to sign with", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(context.Context) {}) })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("bytes outside UTF-8", func(t *testing.T) {
		t.Parallel()
		w := open(t, nil)
		wellFormed, err := proto.Marshal(read(t))
		if err != nil {
			t.Fatal(err)
		}
		out := w.askRaw(bytes.ReplaceAll(wellFormed, []byte("localhost"), []byte("localh\xffst")))
		if out.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("%v", out)
		}
		if out := w.askRaw([]byte("no protobuf at all")); out.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("%v", out)
		}
	})
}

// TestMuseum_22_noTimeLeft: the budget ends before the deadline, after which
// nobody listens, and what was not decided by then is denied.
func TestMuseum_22_noTimeLeft(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(ctx context.Context) { <-ctx.Done() }) })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	in := sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)
	out, err := w.extauthz.Check(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	unavailable(t, out)
	cancel()
	if out, err = w.extauthz.Check(ctx, in); err != nil {
		t.Fatal(err)
	}
	unavailable(t, out)
}

// unavailable fails unless the answer is a plain denial with status 503.
func unavailable(t *testing.T, out *authv3.CheckResponse) {
	t.Helper()
	if out.GetDeniedResponse().GetStatus().GetCode() != 503 || codes.Code(out.GetStatus().GetCode()) != codes.Unavailable {
		t.Errorf("%v", out)
	}
}

// askRaw asks with bytes as they are.
func (w *world) askRaw(question []byte) *authv3.CheckResponse {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out := &authv3.CheckResponse{}
	if err := w.conn.Invoke(ctx, authv3.Authorization_Check_FullMethodName, question, out, grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})); err != nil {
		w.t.Fatalf("Envoy would call this a failure: %v", err)
	}
	return out
}

// rawCodec sends bytes as they are.
type rawCodec struct{ encoding.CodecV2 }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

// provider is credentials that are not there after something was done.
func provider(do func(context.Context)) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		do(ctx)
		return aws.Credentials{}, errors.New("none")
	})
}
