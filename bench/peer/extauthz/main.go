// Command extauthz is the floor of a server of Envoy's external authorization:
// grpc-go as its tutorials show it, which allows whatever it is asked.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
)

type noop struct {
	authv3.UnimplementedAuthorizationServer
}

// Check implements authv3.AuthorizationServer.
func (noop) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{
		Status:       &status.Status{},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
	}, nil
}

func main() {
	address := flag.String("listen", "", "address to listen on")
	socket := flag.String("socket", "", "path of a Unix socket to listen on, too")
	flag.Parse()
	if err := serve(*address, *socket); err != nil {
		fmt.Fprintln(os.Stderr, "extauthz:", err)
		os.Exit(1)
	}
}

func serve(address, socket string) error {
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, noop{})
	local, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(local) }()
	go func() { ended <- server.Serve(listener) }()
	return <-ended
}
