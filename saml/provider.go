package saml

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
)

// Provider is an identity provider, as its metadata describes it. It is immutable.
type Provider struct {
	metadata *saml.EntityDescriptor
}

// EntityID is the provider's name: the issuer of its responses.
func (p *Provider) EntityID() string { return p.metadata.EntityID }

// ValidUntil is when the metadata ends, after which no response is accepted; zero
// if they do not.
func (p *Provider) ValidUntil() time.Time { return p.metadata.ValidUntil }

// CertificatesUntil is when the last of the certificates that responses are signed
// with ends.
func (p *Provider) CertificatesUntil() time.Time {
	var last time.Time
	certificates, _ := p.certificates()
	for _, c := range certificates {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	return last
}

// NameQualifier is what AWS makes of a provider of an account: with the subject it
// tells users apart.
func NameQualifier(issuer, account, provider string) string {
	sum := sha1.Sum([]byte(issuer + account + "/" + provider))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Parse reads the metadata of a provider (SAML metadata 2.0): those of one entity
// with a certificate that its responses are signed with.
func Parse(metadata []byte) (*Provider, error) {
	if len(metadata) > MaxMetadata {
		return nil, fmt.Errorf("the metadata has more than %d bytes", MaxMetadata)
	}
	if _, err := look(metadata, true); err != nil {
		return nil, fmt.Errorf("the metadata: %w", err)
	}
	entity, err := samlsp.ParseMetadata(metadata)
	if err != nil {
		return nil, fmt.Errorf("the metadata: %w", err)
	}
	p := &Provider{metadata: entity}
	switch {
	case entity.EntityID == "" || strings.TrimSpace(entity.EntityID) != entity.EntityID:
		return nil, errors.New("the metadata has no entityID")
	case len(entity.IDPSSODescriptors) == 0:
		return nil, errors.New("the metadata describes no identity provider (IDPSSODescriptor): was that of a service given?")
	}
	certificates, err := p.certificates()
	if err != nil {
		return nil, err
	}
	if len(certificates) == 0 {
		return nil, errors.New("the metadata has no certificate for signing")
	}
	for i, c := range certificates {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
			return nil, fmt.Errorf("the RSA key of certificate %d has %d bits: fewer than 2048 are not trusted", i+1, key.N.BitLen())
		}
	}
	return p, nil
}

// certificates are those that responses are signed with.
func (p *Provider) certificates() ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for _, d := range p.metadata.IDPSSODescriptors {
		for _, k := range d.KeyDescriptors {
			if k.Use != "" && k.Use != "signing" {
				continue
			}
			for _, text := range k.KeyInfo.X509Data.X509Certificates {
				der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text.Data), ""))
				if err != nil {
					return nil, fmt.Errorf("certificate %d of the metadata is not base64", len(list)+1)
				}
				c, err := x509.ParseCertificate(der)
				if err != nil {
					return nil, fmt.Errorf("certificate %d of the metadata: %w", len(list)+1, err)
				}
				list = append(list, c)
			}
		}
	}
	return list, nil
}
