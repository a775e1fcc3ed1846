package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"

	"github.com/sallyport-iam/sallyport/wire"
)

// Client is what the certificate of a connection's client says, if one was shown
// and verified; else nil. That of an authority says who others are, and not who asks:
// it is nobody's, as SPIFFE has it.
// https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#52-leaf-validation
func Client(state *tls.ConnectionState) *wire.Certificate {
	if len(state.VerifiedChains) == 0 || len(state.PeerCertificates) == 0 {
		return nil
	}
	c := state.PeerCertificates[0]
	if c.IsCA || c.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		return nil
	}
	uris, names := alternativeNames(c)
	return &wire.Certificate{
		CommonName: c.Subject.CommonName, IssuerCommonName: c.Issuer.CommonName,
		URIs: uris, DNSNames: names,
		Serial: c.SerialNumber.Text(16), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
	}
}

// The tags of names in RFC 5280, section 4.2.1.6.
const (
	tagDNS = 2
	tagURI = 6
)

var subjectAlternativeName = asn1.ObjectIdentifier{2, 5, 29, 17}

// alternativeNames are the URIs and DNS names of a certificate as they stand there:
// a URL that was parsed and is written again may be another text. There are none if
// they are not those that the verification of the certificate saw, and held against
// what its authority may name.
func alternativeNames(c *x509.Certificate) (uris, names []string) {
	for _, e := range c.Extensions {
		if !e.Id.Equal(subjectAlternativeName) {
			continue
		}
		var sequence asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &sequence); err != nil || len(rest) > 0 {
			return nil, nil
		}
		for rest := sequence.Bytes; len(rest) > 0; {
			var name asn1.RawValue
			var err error
			if rest, err = asn1.Unmarshal(rest, &name); err != nil {
				return nil, nil
			}
			switch {
			case name.Class != asn1.ClassContextSpecific, name.Tag != tagURI && name.Tag != tagDNS:
			case name.IsCompound:
				return nil, nil // crypto/x509 takes it for a name of another kind
			case name.Tag == tagURI:
				uris = append(uris, string(name.Bytes))
			default:
				names = append(names, string(name.Bytes))
			}
		}
	}
	if len(uris) != len(c.URIs) || len(names) != len(c.DNSNames) {
		return nil, nil
	}
	return uris, names
}
