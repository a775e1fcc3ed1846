package extauthz

import (
	"io"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// denied is the answer that Envoy gives in the upstream's place.
func denied(a *proxy.Authorization, id string) *authv3.CheckResponse {
	response := &authv3.DeniedHttpResponse{Status: &typev3.HttpStatus{Code: typev3.StatusCode(a.Answer.Status)}}
	if a.Answer.Body != nil {
		body, _ := io.ReadAll(a.Answer.Body) // it is in memory
		response.Body = valid(string(body))
	}
	var headers options
	for _, f := range a.Answer.Fields {
		// Envoy frames its answers itself.
		if f.Name != "content-length" && f.Name != "connection" {
			headers.set(f.Name, valid(f.Value))
		}
	}
	response.Headers = headers.list
	why := &status.Status{Code: int32(code(a))}
	if a.Refusal != nil {
		why.Message = a.Refusal.Code
	}
	return &authv3.CheckResponse{
		Status:          why,
		HttpResponse:    &authv3.CheckResponse_DeniedResponse{DeniedResponse: response},
		DynamicMetadata: metadata(a, id),
	}
}

// code is that of gRPC for a denial; it is never OK, which would allow.
func code(a *proxy.Authorization) codes.Code {
	switch status := a.Answer.Status; {
	case a.Refusal == nil:
		return codes.PermissionDenied // answered here, and not to be forwarded
	case status == 403 && a.Caller == nil:
		return codes.Unauthenticated
	case status == 503:
		return codes.Unavailable
	case status >= 500:
		return codes.Unimplemented
	case status == 403:
		return codes.PermissionDenied
	default:
		return codes.InvalidArgument
	}
}

// allowed tells Envoy to forward a request that came as req.
func allowed(a *proxy.Authorization, req *wire.Request, id string) *authv3.CheckResponse {
	response := &authv3.OkHttpResponse{}
	a.Identify(id)
	change(response, req, a.Request)
	var headers options
	for _, f := range a.Fields {
		headers.set(f.Name, valid(f.Value))
	}
	response.ResponseHeadersToAdd = headers.list
	return &authv3.CheckResponse{
		Status:          &status.Status{Code: int32(codes.OK)},
		HttpResponse:    &authv3.CheckResponse_OkResponse{OkResponse: response},
		DynamicMetadata: metadata(a, id),
	}
}

// change tells Envoy how the request for the upstream differs from the one that
// came. The target is set whole: to remove parameters from a query, Envoy would
// sort it and write "?delete" as "?delete=".
func change(response *authv3.OkHttpResponse, from, to *wire.Request) {
	var headers options
	if target := to.Target(); target != from.Target() {
		headers.set(":path", target)
	}
	if to.Host != from.Host {
		headers.set(":authority", to.Host)
	}
	for i, f := range from.Fields {
		if to.Fields.Count(f.Name) == 0 && first(from.Fields, i) {
			response.HeadersToRemove = append(response.HeadersToRemove, f.Name)
		}
	}
	for _, f := range to.Fields {
		if !from.Fields.Same(to.Fields, f.Name) {
			headers.set(f.Name, f.Value)
		}
	}
	response.Headers = headers.list
}

// first tells whether no field before the i-th has its name.
func first(fields wire.Fields, i int) bool {
	return fields[:i].Count(fields[i].Name) == 0
}

// options are headers that Envoy is told to set. They are allocated by the
// dozen.
type options struct {
	list []*corev3.HeaderValueOption
	free []slot
}

type slot struct {
	option corev3.HeaderValueOption
	header corev3.HeaderValue
}

// set sets a header in the place of what is there, or beside those of its name
// that were set before. Vary is the one field that is added to an upstream's.
func (o *options) set(name, value string) {
	action := corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
	again := name == "vary"
	for _, before := range o.list {
		again = again || before.Header.Key == name
	}
	if again {
		action = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
	}
	const dozen = 12
	if len(o.free) == 0 {
		o.free = make([]slot, dozen)
	}
	s := &o.free[0]
	o.free = o.free[1:]
	s.header.Key, s.header.Value = name, value
	s.option.Header, s.option.AppendAction, s.option.KeepEmptyValue = &s.header, action, true
	o.list = append(o.list, &s.option)
}

// metadata is what later filters and Envoy's access log may use; Envoy files it
// under the filter's name.
func metadata(a *proxy.Authorization, id string) *structpb.Struct {
	caller := a.Caller
	if caller == nil {
		caller = &authz.Caller{}
	}
	told := [...]struct{ name, value string }{
		{"decision_id", id},
		{"principal", caller.ARN},
		{"account", caller.Account},
		{"action", a.Action},
		{"resource", a.Resource},
		{"revision", a.Revision},
	}
	fields := make(map[string]*structpb.Value, len(told))
	values := make([]struct {
		value structpb.Value
		text  structpb.Value_StringValue
	}, len(told))
	for i, m := range told {
		if m.value != "" {
			v := &values[i]
			v.text.StringValue = valid(m.value)
			v.value.Kind = &v.text
			fields[m.name] = &v.value
		}
	}
	return &structpb.Struct{Fields: fields}
}

// valid is a text as protobuf can hold it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
