package bundle

import (
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// CertificateRule says which principal a client's certificate stands for.
type CertificateRule struct {
	// Account is that of the principal.
	Account string
	// URI is a URI of the certificate, such as a SPIFFE id, exact or ending in "*"
	// after a "/"; DNS one of its DNS names, exact, in lower case. One of them is
	// set.
	URI, DNS string
	// UserARN or RoleARN is the principal. A role's trust policy must let it in:
	// its principal is the service rolesanywhere.amazonaws.com.
	UserARN, RoleARN string
}

// certificateService is what the trust policy of a role names to let in the holders
// of certificates.
const certificateService = "rolesanywhere.amazonaws.com"

// spiffe is what SPIFFE ids begin with.
const spiffe = "spiffe://"

// certificates are the rules of a snapshot. Prefixes are looked up by length, the
// longest first, so that the cost follows the lengths and not the rules.
type certificates struct {
	rules    []*CertificateRule
	uris     map[string]*CertificateRule
	prefixes map[string]*CertificateRule
	lengths  []int
	names    map[string]*CertificateRule
}

func newCertificates(rules []*CertificateRule) certificates {
	c := certificates{
		rules:    rules,
		uris:     map[string]*CertificateRule{},
		prefixes: map[string]*CertificateRule{},
		names:    map[string]*CertificateRule{},
	}
	for _, r := range rules {
		prefix, isPrefix := strings.CutSuffix(r.URI, "*")
		switch {
		case r.DNS != "":
			c.names[r.DNS] = r
		case !isPrefix:
			c.uris[r.URI] = r
		default:
			c.prefixes[prefix] = r
			if !slices.Contains(c.lengths, len(prefix)) {
				c.lengths = append(c.lengths, len(prefix))
			}
		}
	}
	slices.SortFunc(c.lengths, func(a, b int) int { return b - a })
	return c
}

// match finds the rule of a certificate: that of its first name that has one. All
// names that have one must agree on the principal. Who has a SPIFFE id has it alone
// among URIs: with two, nothing tells which of the workloads it is.
// https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id
func (c *certificates) match(cert *wire.Certificate) (rule *CertificateRule, ambiguous bool) {
	if cert == nil || len(c.rules) == 0 {
		return nil, false
	}
	agree := func(r *CertificateRule) bool {
		if r == nil {
			return true
		}
		if rule == nil {
			rule = r
		}
		return rule.UserARN == r.UserARN && rule.RoleARN == r.RoleARN
	}
	for _, uri := range cert.URIs {
		r := c.ofURI(uri)
		if !agree(r) || r != nil && len(cert.URIs) > 1 && strings.HasPrefix(uri, spiffe) {
			return nil, true
		}
	}
	for _, name := range cert.DNSNames {
		if !agree(c.names[strings.ToLower(name)]) {
			return nil, true
		}
	}
	return rule, false
}

// ofURI is the rule of a URI: the exact one, else that of the longest prefix.
func (c *certificates) ofURI(uri string) *CertificateRule {
	if r := c.uris[uri]; r != nil {
		return r
	}
	if !plainURI(uri) {
		return nil
	}
	for _, n := range c.lengths {
		if n < len(uri) {
			if r := c.prefixes[uri[:n]]; r != nil {
				return r
			}
		}
	}
	return nil
}

// plainURI tells whether a URI's path is what it seems: one that somebody might
// normalize could leave the prefix that it begins with. SPIFFE ids are plain.
// https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#22-path
func plainURI(uri string) bool {
	_, path, ok := strings.Cut(uri, "://")
	if !ok || strings.ContainsAny(path, "%?#\\") || strings.Contains(path, "//") || strings.HasSuffix(path, "/") {
		return false
	}
	for path != "" {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
