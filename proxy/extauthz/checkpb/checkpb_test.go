package checkpb_test

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// generated is what the generated types read from a message; nil if they refuse
// it.
func generated(message []byte) *checkpb.Request {
	in := &authv3.CheckRequest{}
	if proto.Unmarshal(message, in) != nil {
		return nil
	}
	attributes := in.GetAttributes()
	http := attributes.GetRequest().GetHttp()
	out := &checkpb.Request{
		HasHTTP: http != nil, ID: http.GetId(), Method: http.GetMethod(), Path: http.GetPath(), Host: http.GetHost(), Scheme: http.GetScheme(),
		Query: http.GetQuery(), Fragment: http.GetFragment(), Size: http.GetSize(), Body: http.GetBody(), RawBody: string(http.GetRawBody()),
		Merged: pairs(http.GetHeaders()), Extensions: pairs(attributes.GetContextExtensions()),
		Source: address(attributes.GetSource()), Destination: address(attributes.GetDestination()), Principal: attributes.GetSource().GetPrincipal(),
	}
	for _, h := range http.GetHeaderMap().GetHeaders() {
		value := h.GetValue()
		if raw := h.GetRawValue(); len(raw) > 0 {
			out.TwoValues = out.TwoValues || value != ""
			value = string(raw)
		}
		out.Raw.Add(h.GetKey(), value)
	}
	return out
}

func pairs(m map[string]string) (out wire.Fields) {
	for name, value := range m {
		out.Add(name, value)
	}
	return out
}

func address(p *authv3.AttributeContext_Peer) checkpb.Address {
	socket := p.GetAddress().GetSocketAddress()
	return checkpb.Address{IP: socket.GetAddress(), Port: socket.GetPortValue()}
}

// compare fails unless a message is read, or refused, as the generated types do.
func compare(t *testing.T, message []byte) {
	t.Helper()
	want := generated(message)
	got := checkpb.Request{ID: "of another", Raw: wire.Fields{{Name: "of", Value: "another"}}}
	if err := got.Unmarshal(string(message)); err != nil {
		if want != nil {
			t.Fatalf("refused: %x", start(message))
		}
		want = &checkpb.Request{}
	} else if want == nil {
		t.Fatalf("the generated types refuse it: %x", start(message))
	}
	unordered := cmpopts.SortSlices(func(a, b wire.Field) bool { return a.Name < b.Name })
	for _, m := range []struct {
		name      string
		got, want *wire.Fields
	}{{"raw", &got.Raw, &want.Raw}, {"merged", &got.Merged, &want.Merged}, {"extensions", &got.Extensions, &want.Extensions}} {
		options := cmp.Options{cmpopts.EquateEmpty()}
		if m.name != "raw" {
			options = append(options, unordered)
		}
		if len(*m.want) > checkpb.MaxPairs {
			if len(*m.got) != checkpb.MaxPairs+1 {
				t.Errorf("%s: %d are kept of %d", m.name, len(*m.got), len(*m.want))
			}
		} else if diff := cmp.Diff(*m.want, *m.got, options); diff != "" {
			t.Errorf("%s: %s", m.name, diff)
		}
		*m.got, *m.want = nil, nil
	}
	if diff := cmp.Diff(*want, got, cmpopts.IgnoreUnexported(checkpb.Address{})); diff != "" {
		t.Error(diff)
	}
}

// start is as much of a message as can be read.
func start(message []byte) []byte { return message[:min(len(message), 256)] }

// message is the answer as the generated types have it.
func message(r *checkpb.Response) *authv3.CheckResponse {
	options := func(headers []checkpb.Header) (out []*corev3.HeaderValueOption) {
		for _, h := range headers {
			action := corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
			if h.Beside {
				action = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
			}
			out = append(out, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: h.Name, Value: h.Value}, AppendAction: action, KeepEmptyValue: true})
		}
		return out
	}
	out := &authv3.CheckResponse{
		Status:          &status.Status{Code: r.Code, Message: r.Message},
		DynamicMetadata: &structpb.Struct{Fields: map[string]*structpb.Value{}},
	}
	if r.Code == 0 {
		out.HttpResponse = &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{
			Headers: options(r.Headers), HeadersToRemove: r.Remove, ResponseHeadersToAdd: options(r.Answer),
		}}
	} else {
		out.HttpResponse = &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
			Status: &typev3.HttpStatus{Code: typev3.StatusCode(r.Status)}, Headers: options(r.Headers), Body: r.Body,
		}}
	}
	for _, p := range r.Metadata {
		out.DynamicMetadata.Fields[p.Name] = structpb.NewStringValue(p.Value)
	}
	return out
}

// parse fails unless an answer has the size that it says, is the same when it is
// written again, and is the same message to the generated types.
func parse(t *testing.T, r *checkpb.Response) {
	t.Helper()
	written := r.Append(make([]byte, 0, r.Size()))
	if len(written) != r.Size() || string(r.Append([]byte("x"))[1:]) != string(written) {
		t.Errorf("%d bytes, not %d: %x", len(written), r.Size(), written)
	}
	got := &authv3.CheckResponse{}
	if err := proto.Unmarshal(written, got); err != nil {
		t.Fatalf("%v: %x", err, written)
	}
	if want := message(r); !proto.Equal(want, got) {
		t.Errorf("%v is read as %v", want, got)
	}
}
