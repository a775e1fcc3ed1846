package main

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// EnvoyConfigCmd prints an Envoy's configuration.
type EnvoyConfigCmd struct {
	Config string `short:"c" required:"" placeholder:"FILE" help:"Configuration file of Sallyport."`
	Door   string `placeholder:"NAME" help:"Door of type ext_authz that Envoy asks, if there are several."`

	Listen  string        `default:"127.0.0.1:10000" placeholder:"IP:PORT" help:"Where Envoy listens for clients; 127.0.0.1:10000 if it is not given."`
	Cert    string        `name:"tls-certificate" and:"tls" placeholder:"FILE" help:"PEM file of Envoy's certificate for clients, and its chain. Without it clients speak clear text."`
	Key     string        `name:"tls-key" and:"tls" placeholder:"FILE" help:"PEM file of the certificate's key."`
	Admin   string        `placeholder:"IP:PORT" help:"Where Envoy's own admin interface listens; nowhere if it is not given."`
	Hops    int           `name:"trusted-hops" placeholder:"N" help:"Number of proxies before Envoy that append to X-Forwarded-For."`
	Timeout time.Duration `default:"250ms" help:"How long Sallyport may take to answer; 250ms if it is not given."`

	Sallyport string `placeholder:"HOST:PORT" help:"Where Envoy reaches the door, if not at the address it listens on."`
	DoorCA    string `name:"door-ca" placeholder:"FILE" help:"PEM file of the authorities of the door's certificate; needed if the door has tls."`
	DoorName  string `placeholder:"NAME" help:"Host name in the door's certificate; that of its address if it is not given."`
	DoorCert  string `name:"door-certificate" and:"door" placeholder:"FILE" help:"PEM file of Envoy's certificate for the door; needed if the door has client_ca."`
	DoorKey   string `name:"door-key" and:"door" placeholder:"FILE" help:"PEM file of that certificate's key."`
	SystemCAs string `name:"system-cas" default:"/etc/ssl/certs/ca-certificates.crt" placeholder:"FILE" help:"PEM file of the authorities of stores without ca_file, where Envoy runs; that of Debian if it is not given."`
}

// Help shows an example.
func (EnvoyConfigCmd) Help() string {
	return `Printed is a whole configuration, with the reason for each setting: the listener, the filter that asks the door, routes that send along the bodies of just the operations that are decided from them, and the clusters of the door and of its stores. The same input prints the same bytes. Files are named as Envoy finds them; those of the configuration file are made absolute.

Exit codes: 0 success; 1 the configuration file is wrong; 2 wrong usage, or a flag is missing.

Example:

    sallyport envoy config --config sallyport.yaml > envoy.yaml
`
}

// Run prints the configuration.
func (c *EnvoyConfigCmd) Run(console *Console) error {
	cfg, err := config.Load(c.Config, os.LookupEnv)
	if err != nil {
		return console.problems(err)
	}
	d, err := envoyDoor(cfg, c.Config, c.Door)
	if err != nil {
		return err
	}
	o, err := c.options(cfg, d)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := envoyconfig.Write(&out, *o); err != nil {
		return usageError(err.Error(), "run `sallyport envoy config --help` for what it takes")
	}
	_, err = console.Out.Write(out.Bytes())
	return err
}

func (c *EnvoyConfigCmd) options(cfg *config.Config, d *config.Door) (*envoyconfig.Options, error) {
	o := &envoyconfig.Options{
		Source: "sallyport envoy config --door " + d.Name,
		Listen: c.Listen, Certificate: c.Cert, Key: c.Key, Admin: c.Admin,
		TrustedHops: c.Hops, Timeout: c.Timeout, MaxBody: d.MaxBody, SystemCAs: c.SystemCAs,
	}
	if c.Timeout < time.Millisecond {
		return nil, usageError("--timeout is too short", "write 50ms or more")
	}
	if c.Hops < 0 {
		return nil, usageError("--trusted-hops is negative", "write how many proxies stand before Envoy")
	}
	var err error
	if o.Door, err = c.door(d); err != nil {
		return nil, err
	}
	o.Routes = envoyRoutes(cfg, d)
	if host := hostOfTokens(d); host != "" {
		return nil, usageError("the host "+host+" is for STS alone, and Envoy needs a store behind each of its hosts", "give STS the hosts of a route to a store, or a door of type standalone")
	}
	for _, r := range d.Routes {
		if r.Service == config.ServiceSTS {
			continue
		}
		u := upstreamOf(cfg, &r)
		if slices.ContainsFunc(o.Upstreams, func(known envoyconfig.Upstream) bool { return known.Name == u.Name }) {
			continue
		}
		up := envoyconfig.Upstream{Name: u.Name, Endpoint: u.Endpoint}
		if u.CAFile != "" {
			if up.CA, err = filepath.Abs(u.CAFile); err != nil {
				return nil, err
			}
		}
		o.Upstreams = append(o.Upstreams, up)
	}
	return o, nil
}

// door is the door as Envoy reaches it.
func (c *EnvoyConfigCmd) door(d *config.Door) (envoyconfig.Door, error) {
	var none envoyconfig.Door
	out := envoyconfig.Door{Address: d.Listen, CA: c.DoorCA, ServerName: c.DoorName, Certificate: c.DoorCert, Key: c.DoorKey}
	if path, socket := strings.CutPrefix(d.Listen, config.UnixPrefix); socket && c.Sallyport == "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return none, err
		}
		out.Address, out.Socket = absolute, true
	} else if out.Address = c.Sallyport; out.Address == "" {
		host, port, err := net.SplitHostPort(d.Listen)
		if ip, bad := netip.ParseAddr(host); host == "" || bad == nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		if err != nil || port == "0" {
			return none, usageError("the door "+d.Name+" takes a free port, which is not known here", "name where Envoy reaches it with --sallyport HOST:PORT")
		}
		out.Address = net.JoinHostPort(host, port)
	}
	if d.TLS == nil {
		if c.DoorCA != "" || c.DoorName != "" || c.DoorCert != "" {
			return none, usageError("the door "+d.Name+" has no tls", "add tls to the door, or leave out --door-ca, --door-name and --door-certificate")
		}
		return out, nil
	}
	out.TLS = true
	switch {
	case c.DoorCA == "":
		return none, usageError("the door "+d.Name+" has tls, and nothing says whose certificates Envoy is to trust", "name the authorities with --door-ca FILE")
	case d.TLS.ClientCA != "" && c.DoorCert == "":
		return none, usageError("the door "+d.Name+" asks for a certificate of Envoy's", "name it with --door-certificate FILE and --door-key FILE")
	}
	if out.ServerName == "" {
		if out.Socket {
			return none, usageError("a Unix socket has no host name that the door's certificate could be compared with", "name the certificate's with --door-name NAME")
		}
		host, _, _ := net.SplitHostPort(out.Address)
		if _, err := netip.ParseAddr(host); err != nil {
			out.ServerName = host
		}
	}
	return out, nil
}
