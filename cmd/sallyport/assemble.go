package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// What follows turns the configuration into each room's options.

func bundleOptions(cfg *config.Config, logger *zap.Logger) bundle.Options {
	o := bundle.Options{
		Directory:  cfg.Bundle.Directory,
		KeyFiles:   cfg.Keys.Files,
		Principals: cfg.Keys.Principals,
		Quiet:      cfg.Bundle.Quiet,
		Poll:       cfg.Bundle.Poll,
		Logger:     logger,
		Now:        time.Now,
	}
	o.NoSessions = cfg.Sessions == nil
	if cfg.Sessions != nil {
		o.SessionKeyFile = cfg.Sessions.Keys
	}
	mappers := newMappers(cfg)
	for _, d := range cfg.Doors {
		for _, r := range d.Routes {
			if cfg.Sessions != nil {
				// Of a route of S3, too: whom a bearer token stands for is decided there.
				o.Routes = append(o.Routes, bundleRoute(r.Name, stsMapper.Actions(), stsMapper.Fills))
			}
			if r.Service == config.ServiceSTS {
				continue
			}
			m := mappers[r.Upstream]
			fills := m.Fills
			switch d.Type {
			case config.DoorExtAuthz:
				fills = func(action, key string) bool { return !extauthz.Lacks(key) && m.Fills(action, key) }
			case config.DoorForwardAuth:
				fills = func(action, key string) bool { return !forwardauth.Lacks(key) && m.Fills(action, key) }
			}
			route := bundleRoute(r.Name, m.Actions(), fills)
			route.Observe = r.Mode == config.ModeObserve
			o.Routes = append(o.Routes, route)
		}
	}
	return o
}

// newMappers makes the mapper for each upstream: what a request amounts to
// depends on what the store behind makes of it.
func newMappers(cfg *config.Config) map[string]*s3.Mapper {
	mappers := make(map[string]*s3.Mapper, len(cfg.Upstreams))
	for _, u := range cfg.Upstreams {
		mappers[u.Name] = s3.New(s3.Options{
			StrictKeys:            u.ObjectKeys != config.ObjectKeysExact,
			MaxObjectBytes:        cfg.Limits.ObjectBytes,
			Operations:            u.Operations,
			CopyTags:              copyTags[u.CopyTags],
			StrictCopyAnnotations: u.CopyAnnotations != config.CopyAnnotationsUnchecked,
			ObjectTags:            true,
			ForwardACLs:           u.ACLs == config.ACLsForwarded,
		})
	}
	return mappers
}

var copyTags = map[config.CopyTags]s3.CopyTags{
	config.CopyTagsUnchecked: s3.CopyTagsUnchecked,
	config.CopyTagsChecked:   s3.CopyTagsChecked,
	config.CopyTagsExact:     s3.CopyTagsExact,
}

// stsMapper maps the requests of STS.
var stsMapper = sts.New(sts.Options{SAML: true})

// bundleRoute tells the bundle what a route can produce and fill.
func bundleRoute(name string, actions []string, fills func(action, key string) bool) bundle.Route {
	everywhere := proxy.Keys()
	return bundle.Route{
		Name:    name,
		Actions: actions,
		Fills: func(action, key string) bool {
			return slices.Contains(everywhere, key) || fills(action, key) || proxy.FillsBucketTag(action, key)
		},
	}
}

// anyBundleRoutes stand for all the routes there may be.
func anyBundleRoutes() []bundle.Route {
	return []bundle.Route{
		bundleRoute(bundle.AnyRoute, s3.Actions(), s3.Fills),
		bundleRoute(bundle.AnyRoute, stsMapper.Actions(), stsMapper.Fills),
	}
}

// proxyRoutes are the routes of a door; tokens answers what is asked of STS.
func proxyRoutes(cfg *config.Config, d *config.Door, upstreams map[string]*upstream.Upstream, tokens service.Service) []*proxy.Route {
	mappers := newMappers(cfg)
	routes := make([]*proxy.Route, len(d.Routes))
	for i, r := range d.Routes {
		routes[i] = &proxy.Route{
			Name:            r.Name,
			Service:         r.Service,
			Regions:         r.Regions,
			Hosts:           r.Hosts,
			VirtualHosts:    r.VirtualHosts,
			Account:         r.Account,
			Observe:         r.Mode == config.ModeObserve,
			CORS:            corsRules(r.CORS),
			Partition:       "aws",
			EncodedMessages: r.EncodedMessages,
		}
		if r.Service == config.ServiceSTS {
			placeSTS(routes[i], tokens)
			continue
		}
		routes[i].Protocol = refusal.S3
		routes[i].Mapper = mappers[r.Upstream]
		routes[i].Upstream = upstreams[r.Upstream]
	}
	return routes
}

// placeSTS puts STS behind a route.
func placeSTS(r *proxy.Route, tokens service.Service) {
	r.Protocol, r.Namespace = refusal.Query, sts.Namespace
	r.Mapper, r.Answers = stsMapper, tokens
}

func standaloneOptions(cfg *config.Config, d *config.Door, routes []*proxy.Route) (standalone.Options, error) {
	o := standalone.Options{
		Door: &proxy.Door{
			Name:   d.Name,
			Routes: proxy.NewTable(routes),
			Can:    proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true},
		},
		Address:        d.Listen,
		TrustedProxies: d.TrustedProxies,
		ProxyProtocol:  d.ProxyProtocol == config.ProxyProtocolRequired,
		HealthPath:     d.HealthPath,
		MaxHeader:      int(cfg.Limits.HeaderBytes),
		MaxConnections: cfg.Limits.Connections,
		HeaderTimeout:  cfg.Timeouts.Header,
		IdleTimeout:    cfg.Timeouts.Idle,
		ReadProgress:   cfg.Timeouts.BodyProgress,
		WriteProgress:  cfg.Timeouts.WriteProgress,
		Now:            time.Now,
	}
	if d.TLS != nil {
		o.CertificateFile, o.KeyFile = d.TLS.Certificate, d.TLS.Key
		o.RequireCertificates = d.TLS.ClientCertificates == config.ClientCertificatesRequire
		var err error
		if o.ClientCAs, err = clientCAs(d.TLS); err != nil {
			return o, err
		}
	}
	return o, nil
}

func extauthzOptions(cfg *config.Config, d *config.Door, routes []*proxy.Route) (extauthz.Options, error) {
	o := extauthz.Options{
		Name:             d.Name,
		Routes:           routes,
		Address:          d.Listen,
		MaxHeader:        int(cfg.Limits.HeaderBytes),
		MaxBody:          d.MaxBody,
		MaxConnections:   cfg.Limits.Connections,
		MaxConnectionAge: d.MaxConnectionAge,
		Now:              time.Now,

		VerifiedPrincipals: d.SourcePrincipal == config.SourcePrincipalVerified,
	}
	if path, socket := strings.CutPrefix(d.Listen, config.UnixPrefix); socket {
		o.Address, o.Socket, o.SocketMode = "", path, d.SocketMode
	}
	if d.TLS == nil {
		return o, nil
	}
	o.CertificateFile, o.KeyFile = d.TLS.Certificate, d.TLS.Key
	var err error
	o.ClientCAs, err = clientCAs(d.TLS)
	return o, err
}

func forwardauthOptions(cfg *config.Config, d *config.Door, routes []*proxy.Route) (forwardauth.Options, error) {
	o := forwardauth.Options{
		Name:           d.Name,
		Routes:         routes,
		Address:        d.Listen,
		Dialect:        forwardauth.Dialect(d.Dialect),
		PathPrefix:     d.PathPrefix,
		TrustedProxies: d.TrustedProxies,
		HealthPath:     d.HealthPath,
		MaxHeader:      int(cfg.Limits.HeaderBytes),
		MaxBody:        d.MaxBody,
		MaxConnections: cfg.Limits.Connections,
		HeaderTimeout:  cfg.Timeouts.Header,
		IdleTimeout:    cfg.Timeouts.Idle,
		ReadTimeout:    cfg.Timeouts.BodyProgress,
		WriteTimeout:   cfg.Timeouts.WriteProgress,
		Now:            time.Now,
	}
	if d.TLS == nil {
		return o, nil
	}
	o.CertificateFile, o.KeyFile = d.TLS.Certificate, d.TLS.Key
	var err error
	o.ClientCAs, err = clientCAs(d.TLS)
	return o, err
}

// clientCAs are the authorities of clients' certificates; nil if none are asked for.
func clientCAs(t *config.TLS) (*x509.CertPool, error) {
	if t.ClientCA == "" {
		return nil, nil
	}
	return certificatePool(t.ClientCA)
}

var payloadSigning = map[config.PayloadSigning]sigv4.PayloadSigning{
	config.PayloadSigningAuto:     sigv4.PayloadAuto,
	config.PayloadSigningUnsigned: sigv4.PayloadUnsigned,
	config.PayloadSigningSigned:   sigv4.PayloadSigned,
}

func corsRules(rules []config.CORSRule) proxy.CORS {
	out := make(proxy.CORS, len(rules))
	for i, r := range rules {
		out[i] = proxy.CORSRule{Origins: r.Origins, Headers: r.Headers, Expose: r.Expose, MaxAge: r.MaxAge}
		for _, m := range r.Methods {
			out[i].Methods = append(out[i].Methods, string(m))
		}
	}
	return out
}

func (s *server) openUpstreams(ctx context.Context, registry *prometheus.Registry) error {
	metrics := newUpstreamMetrics(registry)
	for _, u := range s.cfg.Upstreams {
		provider, err := upstreamCredentials(ctx, &u)
		if err != nil {
			return fmt.Errorf("upstream %q: %w", u.Name, err)
		}
		o := upstream.Options{
			Name:                  u.Name,
			Endpoint:              u.Endpoint,
			Addressing:            upstream.Path,
			Region:                u.Region,
			PayloadSigning:        payloadSigning[u.PayloadSigning],
			Service:               "s3",
			Credentials:           provider,
			Unsigned:              u.Signing == config.SigningIdentity,
			ConnectTimeout:        u.Timeouts.Connect,
			ResponseHeaderTimeout: u.Timeouts.ResponseHeader,
			IdleTimeout:           u.Timeouts.Idle,
			MaxIdleConns:          u.Connections.MaxIdle,
			MaxConns:              u.Connections.Max,
			TagLifetime:           u.TagLifetime,
			Passthrough:           u.Signing == config.SigningPassthrough,
			Observer:              metrics.observer(u.Name, s.logger),
		}
		for _, c := range u.Callers {
			o.Callers = append(o.Callers, upstream.CallerCredentials{Principal: c.Principal, Credentials: staticCredentials(&c.Credentials)})
		}
		if u.Addressing == config.AddressingVirtual {
			o.Addressing = upstream.VirtualHosted
		}
		if u.CAFile != "" {
			if o.RootCAs, err = certificatePool(u.CAFile); err != nil {
				return fmt.Errorf("upstream %q: %w", u.Name, err)
			}
		}
		if s.upstreams[u.Name], err = upstream.New(o); err != nil {
			return fmt.Errorf("upstream %q: %w", u.Name, err)
		}
	}
	return nil
}

// upstreamCredentials are the configured ones, or those of AWS's default chain
// (environment, shared files, web identity, container, instance); nil for an
// upstream that requests are not signed for.
func upstreamCredentials(ctx context.Context, u *config.Upstream) (aws.CredentialsProvider, error) {
	if u.Signing == config.SigningIdentity {
		return nil, nil
	}
	if c := u.Credentials; c != nil {
		return staticCredentials(c), nil
	}
	chain, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(u.Region))
	if err != nil {
		return nil, fmt.Errorf("AWS default credential chain: %w", err)
	}
	return chain.Credentials, nil
}

func staticCredentials(c *config.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal())
}

func certificatePool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}
