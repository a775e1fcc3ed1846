package oidc

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// dialer connects to a provider's hosts. Which addresses it may connect to is
// decided on those that it dials: a name cannot change what it means in between.
type dialer struct {
	// named are the hosts that the bundle names; they may be anywhere.
	named       []string
	roots       *x509.CertPool // nil: the system's
	thumbprints []string
	lookup      func(context.Context, string) ([]netip.Addr, error)
	dial        func(context.Context, string, string) (net.Conn, error)
}

func newDialer(p *Provider, o *Options) (*dialer, error) {
	d := &dialer{thumbprints: p.Thumbprints, lookup: o.Lookup, dial: o.Dial}
	for _, address := range []string{p.Issuer, p.JWKSURI} {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			d.named = append(d.named, canonicalHost(u.Hostname()))
		}
	}
	if d.lookup == nil {
		d.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if d.dial == nil {
		d.dial = (&net.Dialer{}).DialContext
	}
	if p.CA != "" {
		d.roots = x509.NewCertPool()
		if !d.roots.AppendCertsFromPEM([]byte(p.CA)) {
			// With no roots at all, no certificate is good.
			return d, errors.New("the provider's CA holds no certificate")
		}
	}
	return d, nil
}

func canonicalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

func (d *dialer) refusePlain(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("a provider is asked over https alone")
}

// dialTLS connects to a host and checks its certificate.
func (d *dialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, a := range addresses {
		conn, err := d.connect(ctx, network, net.JoinHostPort(a.String(), port))
		if err != nil {
			failures = append(failures, err)
			continue
		}
		secure := tls.Client(conn, d.config(host))
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("%s: %w", name(host), err)
		}
		return secure, nil
	}
	return nil, errors.Join(failures...)
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return d.dial(ctx, network, address)
}

// addresses are those of a host that may be dialled. One address that may not be
// makes a host suspect: none of them is.
func (d *dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	const most = 8
	found := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		found = append(found, a)
	} else if found, err = d.lookup(ctx, canonicalHost(host)); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no address", name(host))
	}
	for i := range found {
		found[i] = found[i].Unmap()
		if !slices.Contains(d.named, canonicalHost(host)) && !public(found[i]) {
			return nil, fmt.Errorf("%s has the address %s, which is not public, and the provider's file does not name this host: if it is right, give its URL as jwks_uri", name(host), found[i])
		}
	}
	// Where one of the two protocols does not work it is mostly the newer.
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return found[:min(len(found), most)], nil
}

// special are the blocks that IANA lists as not globally reachable, and those
// through which IPv4 addresses are reached by another name.
// https://www.iana.org/assignments/iana-ipv4-special-registry
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is what of IPv6 is given out at all; loopback, unique local, link-local,
// multicast, mapped and translated addresses are outside.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public tells whether an address is somewhere in the public Internet.
func public(a netip.Addr) bool {
	if a.Is6() && !global.Contains(a) || a.Zone() != "" {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (d *dialer) config(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: d.roots}
	if len(d.thumbprints) > 0 {
		c.InsecureSkipVerify = true // verify does it, and must see chains that the roots do not verify
		c.VerifyConnection = func(state tls.ConnectionState) error { return d.verify(host, state.PeerCertificates) }
	}
	return c
}

// verify checks a chain with the roots, and if they do not verify it, with those
// of its own certificates that the bundle knows by their thumbprints.
func (d *dialer) verify(host string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the provider presents no certificate")
	}
	o := x509.VerifyOptions{DNSName: host, Roots: d.roots, Intermediates: x509.NewCertPool()}
	if _, err := netip.ParseAddr(host); err == nil {
		o.DNSName = "[" + host + "]"
	}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	if err == nil {
		return nil
	}
	known := x509.NewCertPool()
	presented := false
	for _, c := range chain {
		if sum := sha1.Sum(c.Raw); slices.Contains(d.thumbprints, hex.EncodeToString(sum[:])) {
			known.AddCert(c)
			presented = true
		}
	}
	if !presented {
		return fmt.Errorf("%w, and none of its certificates has a thumbprint of the provider's", err)
	}
	o.Roots = known
	_, err = chain[0].Verify(o)
	return err
}
