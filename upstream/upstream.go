// Package upstream is what stands behind a route: an address, the credentials
// that requests to it are signed with, and the connections to it.
//
// A request goes on as it came but for named rewrites of a copy; see
// [MoveBucket], [RemoveChecked] and [ReplaceAuthentication]. Path and query
// leave byte for byte.
package upstream

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// Addressing is where the bucket stands in a request to the upstream.
type Addressing uint8

// The addressing styles of S3.
const (
	// Path puts the bucket first in the path: https://store/bucket/key.
	Path Addressing = iota
	// VirtualHosted puts it first in the host: https://bucket.store/key.
	VirtualHosted
)

// Options say where an upstream is and how to use it.
type Options struct {
	// Name names the upstream in logs, metrics and errors.
	Name string
	// Endpoint is its scheme and authority. With VirtualHosted, buckets are put
	// before its host in the Host field; connections still go to Endpoint.
	Endpoint *url.URL
	// Addressing is where the bucket stands.
	Addressing Addressing
	// Region and Service are the scope that requests are signed for.
	Region, Service string
	// Credentials sign the requests. Retrieve is called for each one: wrap what
	// does not answer from memory in aws.NewCredentialsCache.
	Credentials aws.CredentialsProvider
	// Unsigned, in the place of Credentials, is for what is sent by another and
	// signed by a third, or trusts whoever reaches it: the client's authentication
	// is stripped, and there is none in its place.
	Unsigned bool
	// PayloadSigning says how much of a body the signatures cover.
	PayloadSigning sigv4.PayloadSigning
	// Passthrough lets the client's own signature go on, to a store that shares
	// the keys: a request goes on as it came, byte for byte, but for the fields
	// of the client's connection. Credentials are for what Sallyport itself asks.
	Passthrough bool
	// Callers are other credentials for the requests of some callers. Each
	// principal is there once.
	Callers []CallerCredentials
	// RootCAs verify the upstream's certificate; nil is the system's.
	RootCAs *x509.CertPool
	// ConnectTimeout bounds connecting and the TLS handshake, each; 0 is 5 s.
	ConnectTimeout time.Duration
	// ResponseHeaderTimeout bounds the wait for the answer once the request has
	// been handed over; 0 is 60 s.
	ResponseHeaderTimeout time.Duration
	// ProgressTimeout bounds the time in which the upstream takes no byte of
	// the request or sends none of the answer; 0 is 60 s. The time a client
	// takes does not count.
	ProgressTimeout time.Duration
	// IdleTimeout closes connections unused for so long; 0 is 90 s.
	IdleTimeout time.Duration
	// MaxIdleConns bounds the connections kept; 0 is 256.
	MaxIdleConns int
	// MaxConns bounds the connections; 0 is no bound. Requests over it wait.
	MaxConns int
	// TagLifetime is how long the tags of an object are remembered that
	// ObjectTags has read; 0 is not at all.
	TagLifetime time.Duration
	// Observer is told what becomes of requests.
	Observer Observer
}

// Upstream sends requests to what stands behind a route. It is safe for
// concurrent use.
type Upstream struct {
	options Options
	target  *url.URL
	signer  *sigv4.Signer
	// callers are the credentials of callers by principal.
	callers map[string]aws.CredentialsProvider
	tags    tagCache
	pool    pool
	dialer  net.Dialer
	address string      // to connect to
	tls     *tls.Config // nil: in clear text
}

// New makes an Upstream. It does not connect. Its error lists all that is
// wrong with the options.
func New(options Options) (*Upstream, error) {
	if err := check(&options); err != nil {
		return nil, err
	}
	options.ConnectTimeout = orDefault(options.ConnectTimeout, 5*time.Second)
	options.ResponseHeaderTimeout = orDefault(options.ResponseHeaderTimeout, 60*time.Second)
	options.ProgressTimeout = orDefault(options.ProgressTimeout, 60*time.Second)
	options.IdleTimeout = orDefault(options.IdleTimeout, 90*time.Second)
	options.MaxIdleConns = orDefault(options.MaxIdleConns, 256)
	callers := make(map[string]aws.CredentialsProvider, len(options.Callers))
	for _, c := range options.Callers {
		callers[c.Principal] = c.Credentials
	}
	u := &Upstream{
		options: options,
		target:  &url.URL{Scheme: options.Endpoint.Scheme, Host: options.Endpoint.Host},
		signer:  sigv4.NewSigner(),
		callers: callers,
		tags:    tagCache{lifetime: options.TagLifetime},
		pool:    pool{most: options.MaxIdleConns, idle: options.IdleTimeout},
		dialer:  net.Dialer{Timeout: options.ConnectTimeout, KeepAlive: 30 * time.Second},
	}
	if options.MaxConns > 0 {
		u.pool.permits = make(chan struct{}, options.MaxConns)
	}
	name, port := options.Endpoint.Hostname(), options.Endpoint.Port()
	if options.Endpoint.Scheme == "https" {
		u.tls = &tls.Config{RootCAs: options.RootCAs, ServerName: name, MinVersion: tls.VersionTLS12}
		port = cmp.Or(port, "443")
	}
	u.address = net.JoinHostPort(name, cmp.Or(port, "80"))
	return u, nil
}

// Name is the upstream's name.
func (u *Upstream) Name() string { return u.options.Name }

// SignsPayloads tells that the upstream is to be able to verify every body: one
// that cannot be sent in signed chunks has to come with its hash.
func (u *Upstream) SignsPayloads() bool { return u.options.PayloadSigning == sigv4.PayloadSigned }

// PassesThrough tells whether the client's own signature goes on, so that no
// request is rewritten.
func (u *Upstream) PassesThrough() bool { return u.options.Passthrough }

// Close closes the connections that no request uses.
func (u *Upstream) Close() {
	u.pool.close()
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}

func check(o *Options) error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("upstream %q: "+format, append([]any{o.Name}, args...)...))
	}
	switch e := o.Endpoint; {
	case e == nil:
		problem("no endpoint: give a URL such as http://127.0.0.1:7070")
	case e.Scheme != "http" && e.Scheme != "https":
		problem("the endpoint's scheme is %q: use http or https", e.Scheme)
	case e.Hostname() == "":
		problem("the endpoint has no host: give a URL such as http://127.0.0.1:7070")
	default:
		if e.User != nil {
			problem("the endpoint holds a user: put credentials where they belong")
		}
		if e.Path != "" && e.Path != "/" || e.RawQuery != "" || e.Fragment != "" {
			problem("the endpoint has a path, a query or a fragment: give scheme, host and port alone")
		}
		if strings.Contains(e.Host, "%") {
			problem("the endpoint's address has a zone, which no Host field can hold: use an address without one")
		}
		if o.Addressing == VirtualHosted && net.ParseIP(e.Hostname()) != nil {
			problem("virtual-hosted addressing needs a host name, and the endpoint is an address: use path addressing")
		}
	}
	if o.Region == "" {
		problem("no region: give the one the upstream expects in signatures, such as us-east-1")
	}
	if o.Service == "" {
		problem("no service: give the one the upstream expects in signatures, such as s3")
	}
	switch {
	case !o.Unsigned && o.Credentials == nil:
		problem("no credentials to sign with")
	case o.Unsigned && (o.Credentials != nil || len(o.Callers) > 0):
		problem("there are credentials, and requests go unsigned: keep one of the two")
	}
	if o.PayloadSigning > sigv4.PayloadSigned {
		problem("the way to sign payloads is none of sigv4's")
	}
	principals := map[string]bool{}
	for _, c := range o.Callers {
		switch {
		case c.Principal == "" || c.Credentials == nil:
			problem("credentials for callers lack the principal or the credentials")
		case principals[c.Principal]:
			problem("there are two credentials for the caller %s: keep one", c.Principal)
		}
		principals[c.Principal] = true
	}
	if o.ConnectTimeout < 0 || o.ResponseHeaderTimeout < 0 || o.ProgressTimeout < 0 || o.IdleTimeout < 0 || o.TagLifetime < 0 {
		problem("a timeout is negative")
	}
	if o.MaxIdleConns < 0 || o.MaxConns < 0 {
		problem("a number of connections is negative")
	}
	return errors.Join(problems...)
}
