package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// ObjectSize is the size of a small object in bytes.
const ObjectSize = 1024

// Object is what every small object holds.
var Object = strings.Repeat("0123456789abcdef", ObjectSize/16)

// everywhere is a configuration of nginx but for its servers.
const everywhere = `daemon off;
%spid nginx.pid;
error_log stderr error;
worker_processes %d;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
  client_body_buffer_size 64k;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
%s}
`

// Static starts nginx as a store that costs next to nothing: it answers any GET
// with a small object, and takes any PUT. Its second address answers 204 to
// whatever is asked: the least that can be asked for leave.
func (f *Fleet) Static(ctx context.Context) (*Server, error) {
	objects, leave, err := twoAddresses()
	if err != nil {
		return nil, err
	}
	s, err := f.nginx(ctx, "static", fmt.Sprintf(`
  server { listen %s; location / { if ($request_method = PUT) { return 200 ""; } return 200 %q; } }
  server { listen %s; location / { return 204; } }
`, objects, Object, leave), objects, leave)
	if err == nil {
		f.stores = append(f.stores, s.PID())
	}
	return s, err
}

// Refused is a path that nginx answers with 403 without asking anybody.
const Refused = "/.refused"

// Nginx starts nginx before an upstream. At its first address it forwards, at
// the second it asks for leave first, unless it is Refused. It buffers as it does by
// itself, or, for what is large, streams.
func (f *Fleet) Nginx(ctx context.Context, name, upstream, leave string, stream bool) (*Server, error) {
	plain, asking, err := twoAddresses()
	if err != nil {
		return nil, err
	}
	pass := `proxy_pass http://store; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host;`
	if stream {
		pass += " proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; proxy_request_buffering off;"
	}
	return f.nginx(ctx, name, fmt.Sprintf(`
  upstream store { server %[1]s; keepalive 256; keepalive_requests 1000000000; }
  upstream leave { server %[2]s; keepalive 256; keepalive_requests 1000000000; }
  server { listen %[3]s; location / { %[5]s } }
  server {
    listen %[4]s;
    location / { auth_request /.leave; %[5]s }
    location = %[6]s { return 403; }
    location = /.leave {
      internal; proxy_pass http://leave; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_set_header X-Original-URI $request_uri;
    }
  }
`, upstream, leave, plain, asking, pass, Refused), plain, asking)
}

func twoAddresses() (a, b string, err error) {
	if a, err = process.FreeAddress(); err == nil {
		b, err = process.FreeAddress()
	}
	return a, b, err
}

func (f *Fleet) nginx(ctx context.Context, name, servers string, addresses ...string) (*Server, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in everybody's path
		if _, missing := os.Stat(program); missing != nil {
			return nil, fmt.Errorf("%w: install it (apt-get install nginx-light)", err)
		}
	}
	f.Uses("nginx", program, "-v")
	folder, err := f.Folder("nginx-" + name)
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // it would drop to a user who may not read here
	}
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, everywhere, user, runtime.NumCPU(), servers), 0o600); err != nil {
		return nil, err
	}
	return f.start(ctx, process.Spec{Path: program, Args: []string{"-p", folder, "-c", file, "-e", "stderr"}}, addresses...)
}
