package bundle

import "github.com/sallyport-iam/sallyport/wire"

// CertificateRule says which principal a client's certificate stands for.
type CertificateRule struct {
	// Account is that of the principal.
	Account string
	// URI is a URI of the certificate, such as a SPIFFE id, exact or ending in "*"
	// after a "/"; DNS one of its DNS names, exact. One of them is set.
	URI, DNS string
	// UserARN or RoleARN is the principal. A role's trust policy must let it in:
	// its principal is the service rolesanywhere.amazonaws.com.
	UserARN, RoleARN string
}

// certificates are the rules of a snapshot.
type certificates struct {
	rules []*CertificateRule
}

// match finds the rule of a certificate.
func (c *certificates) match(*wire.Certificate) (rule *CertificateRule, ambiguous bool) {
	return nil, false
}
