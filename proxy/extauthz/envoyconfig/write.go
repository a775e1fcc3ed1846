package envoyconfig

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// Options say what Envoy stands between.
type Options struct {
	// Source is how the configuration came about, for its first line.
	Source string
	// Listen is the address and port of Envoy for clients. Certificate and Key
	// are PEM files as Envoy finds them; empty for clear text.
	Listen           string
	Certificate, Key string
	// Admin is the address and port of Envoy's own admin interface; empty for
	// none.
	Admin string
	// TrustedHops is the number of proxies before Envoy that append to
	// X-Forwarded-For.
	TrustedHops int
	// Timeout bounds a check.
	Timeout time.Duration
	// Door is where Envoy finds Sallyport, MaxBody the greatest body in bytes
	// that the door takes: with 0 none comes along.
	Door    Door
	MaxBody int64
	// Routes are those of the door, Upstreams what stands behind them.
	Routes    []Route
	Upstreams []Upstream
	// SystemCAs is the PEM file of the authorities that certificates of
	// upstreams without a file of their own are verified with.
	SystemCAs string
}

// Door is Sallyport as Envoy reaches it.
type Door struct {
	// Address is a host and port, or, with Socket, the path of a Unix socket.
	Address string
	Socket  bool
	// TLS is set if the door has it. CA is the PEM file of the authorities
	// that its certificate is verified with, ServerName a name that is in it.
	TLS            bool
	CA, ServerName string
	// Certificate and Key are PEM files of Envoy's own certificate, if the door
	// asks for one.
	Certificate, Key string
}

// Route is a route of the door.
type Route struct {
	Name, Upstream string
	// Hosts are in path style, of Domains the subdomains are buckets; a route
	// with neither takes what no other takes.
	Hosts, Domains []string
	// Operations are those that the upstream has.
	Operations []Operation
}

// Upstream is a store.
type Upstream struct {
	Name     string
	Endpoint *url.URL
	// CA is a PEM file of authorities; empty for the system's.
	CA string
}

//go:embed envoy.yaml.tmpl
var templateText string

var configuration = template.Must(template.New("envoy.yaml").Funcs(template.FuncMap{
	"quote": quote, "single": single, "address": address, "seconds": seconds,
}).Parse(templateText))

// Write writes the whole configuration, as YAML. The same options give the same
// bytes.
func Write(w io.Writer, o Options) error {
	view, err := o.view()
	if err != nil {
		return err
	}
	return configuration.Execute(w, view)
}

// view is what the template sees.
type view struct {
	Options
	Hosts    []virtualHost
	Clusters []cluster
	// DoorType is how the door's host is found, DoorHost that host.
	DoorType, DoorHost string
}

// virtualHost is one of Envoy's: the hosts of a route of one style.
type virtualHost struct {
	Name, Cluster, Route string
	// Choose tells that the door has several routes, of which this is one.
	Choose  bool
	Domains []string
	Bodies  []bodies
}

// cluster is the upstream as one of Envoy's clusters.
type cluster struct {
	Name, Type, Address, CA, IP string
	TLS                         bool
}

func (o Options) view() (*view, error) {
	v := &view{Options: o}
	var err error
	if !o.Door.Socket {
		if v.DoorType, _, err = resolution(o.Door.Address); err != nil {
			return nil, fmt.Errorf("the door's address: %w", err)
		}
		v.DoorHost, _, _ = net.SplitHostPort(o.Door.Address)
	}
	for _, a := range []string{o.Listen, o.Admin} {
		if a == "" {
			continue
		}
		if _, ip, err := resolution(a); err != nil || !ip {
			return nil, fmt.Errorf("%q is no IP address and port for Envoy to listen on", a)
		}
	}
	for _, r := range o.Routes {
		host := virtualHost{Name: r.Name, Cluster: "upstream_" + r.Upstream, Route: r.Name, Choose: len(o.Routes) > 1}
		path, buckets := host, host
		for _, h := range slices.Concat(r.Hosts, r.Domains) {
			if h = strings.ToLower(h); !slices.Contains(path.Domains, h) {
				path.Domains = append(path.Domains, h)
			}
		}
		if len(path.Domains) == 0 {
			path.Domains = []string{"*"}
		}
		path.Bodies = o.bodies(r.Operations, pathStyle)
		v.Hosts = append(v.Hosts, path)
		if len(r.Domains) > 0 {
			buckets.Name += "-buckets"
			for _, d := range r.Domains {
				buckets.Domains = append(buckets.Domains, "*."+strings.ToLower(d))
			}
			buckets.Bodies = o.bodies(r.Operations, bucketHosts)
			v.Hosts = append(v.Hosts, buckets)
		}
	}
	for _, u := range o.Upstreams {
		c := cluster{Name: "upstream_" + u.Name, Address: u.Endpoint.Host, CA: u.CA, TLS: u.Endpoint.Scheme == "https"}
		if u.Endpoint.Port() == "" {
			port := "80"
			if c.TLS {
				port = "443"
			}
			c.Address = net.JoinHostPort(u.Endpoint.Hostname(), port)
		}
		if c.CA == "" {
			c.CA = o.SystemCAs
		}
		var ip bool
		if c.Type, ip, err = resolution(c.Address); err != nil {
			return nil, fmt.Errorf("the endpoint of the upstream %q: %w", u.Name, err)
		}
		if ip {
			c.IP = u.Endpoint.Hostname()
		}
		v.Clusters = append(v.Clusters, c)
	}
	return v, nil
}

// bodies are those that come along, none of them greater than the door takes.
func (o *Options) bodies(operations []Operation, s style) []bodies {
	if o.MaxBody <= 0 {
		return nil
	}
	out := bodiesOf(operations, s)
	for i := range out {
		out[i].Limit = min(out[i].Limit, o.MaxBody)
	}
	return out
}

// resolution tells how Envoy finds a host, and whether it is an IP address.
func resolution(hostPort string) (discovery string, ip bool, err error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" {
		return "", false, fmt.Errorf("%q is not HOST:PORT", hostPort)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", false, fmt.Errorf("%q has no port that can be connected to", hostPort)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "STATIC", true, nil
	}
	return "STRICT_DNS", false, nil
}

// address is a socket_address in flow style.
func address(hostPort string) (string, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", errors.New("an address without port")
	}
	if strings.Contains(host, ":") {
		host = quote(host)
	}
	return "{address: " + host + ", port_value: " + port + "}", nil
}

// plain is what YAML takes for a string without quotes, whoever reads it.
var plain = regexp.MustCompile(`^[a-zA-Z/][a-zA-Z0-9_/.-]{2,}$`)

// quote is a string of YAML, in double quotes, which JSON's are, if it needs them.
func quote(s string) string {
	if plain.MatchString(s) && !slices.Contains([]string{"null", "true", "false", "yes", "off"}, strings.ToLower(s)) {
		return s
	}
	text, _ := json.Marshal(s)
	return string(text)
}

// single is a string in single quotes, in which a backslash is itself.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// seconds is a duration as protobuf writes it.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}
