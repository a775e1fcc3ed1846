// Command extauthzopa is a server of Envoy's external authorization that asks
// OPA's library about a policy of one line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
)

const rules = `package envoy
default allow := false
allow if input.attributes.request.http.method == "GET"
`

type opa struct {
	authv3.UnimplementedAuthorizationServer
	allowed rego.PreparedEvalQuery
}

// Check implements authv3.AuthorizationServer. The input has the form that
// OPA's plugin for Envoy gives it: the check request as JSON.
func (o *opa) Check(ctx context.Context, in *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	text, err := protojson.Marshal(in)
	if err != nil {
		return nil, err
	}
	var input any
	if err := json.Unmarshal(text, &input); err != nil {
		return nil, err
	}
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, err
	}
	result, err := o.allowed.Eval(ctx, rego.EvalParsedInput(value))
	if err != nil {
		return nil, err
	}
	if !result.Allowed() {
		return &authv3.CheckResponse{Status: &status.Status{Code: int32(code.Code_PERMISSION_DENIED)}}, nil
	}
	return &authv3.CheckResponse{
		Status:       &status.Status{},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
	}, nil
}

func main() {
	address := flag.String("listen", "", "address to listen on")
	flag.Parse()
	if err := serve(*address); err != nil {
		fmt.Fprintln(os.Stderr, "extauthzopa:", err)
		os.Exit(1)
	}
}

func serve(address string) error {
	allowed, err := rego.New(rego.Query("data.envoy.allow"), rego.Module("envoy.rego", rules)).PrepareForEval(context.Background())
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, &opa{allowed: allowed})
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return server.Serve(listener)
}
