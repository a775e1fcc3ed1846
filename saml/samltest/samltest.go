// Package samltest makes SAML responses for tests, genuine ones and others.
package samltest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	// EntityID is the issuer of the responses, Recipient whom they are for.
	EntityID  = "https://idp.example.com/saml"
	Recipient = "https://signin.aws.amazon.com/saml"
)

// Signer is a key with its certificate.
type Signer struct {
	Key         crypto.Signer
	Certificate []byte
}

// NewSigner makes a certificate for a key; nil makes a key of the curve P-256.
func NewSigner(key crypto.Signer, from, until time.Time) Signer {
	if key == nil {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		key = made
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an identity provider"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	return Signer{key, der}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Metadata are those of a provider that signs with some certificates.
func Metadata(signers ...Signer) string {
	var keys strings.Builder
	for _, s := range signers {
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
			base64.StdEncoding.EncodeToString(s.Certificate))
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!-- as the provider exports them -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + EntityID + `">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + keys.String() + `
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`
}

// Response is how a SAML response is made: for the subject alice, issued a minute
// before Now, for three minutes more than Recipient's five.
type Response struct {
	Signer Signer
	Now    time.Time
	// Attributes are the assertion's, each made by Attribute.
	Attributes string
	// Assertion and Answer change the assertion and the response before they are
	// signed, After what is sent; nil changes nothing.
	Assertion, Answer func(string) string
	After             func(response, assertion string) string
	// Whole signs the response and not the assertion; Unsigned neither.
	Whole, Unsigned bool
	// Method is the signature's algorithm; empty is SHA-256's for the key.
	Method string
}

// Attribute is an attribute with values.
func Attribute(name string, values ...string) string {
	return `<saml:Attribute Name="` + name + `"><saml:AttributeValue>` + strings.Join(values, "</saml:AttributeValue><saml:AttributeValue>") + `</saml:AttributeValue></saml:Attribute>`
}

const assertionTemplate = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion" IssueInstant="ISSUED" Version="2.0">` +
	`<saml:Issuer>` + EntityID + `</saml:Issuer>` +
	`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>` +
	`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="SOON" Recipient="` + Recipient + `"/></saml:SubjectConfirmation></saml:Subject>` +
	`<saml:Conditions NotBefore="BEFORE" NotOnOrAfter="SOON"><saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
	`<saml:AuthnStatement AuthnInstant="ISSUED"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
	`<saml:AttributeStatement>ATTRIBUTES</saml:AttributeStatement></saml:Assertion>`

const responseTemplate = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response" IssueInstant="ISSUED" Version="2.0" Destination="` + Recipient + `">` +
	`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">` + EntityID + `</saml:Issuer>` +
	`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>ASSERTION</samlp:Response>`

// Encoded is the response as it is sent.
func (r Response) Encoded() string { return base64.StdEncoding.EncodeToString([]byte(r.Text())) }

// Text is the response as XML.
func (r Response) Text() string {
	at := func(offset time.Duration) string { return r.Now.Add(offset).UTC().Format("2006-01-02T15:04:05Z") }
	fill := strings.NewReplacer("ISSUED", at(-time.Minute), "BEFORE", at(-time.Minute), "SOON", at(4*time.Minute), "ATTRIBUTES", r.Attributes)
	assertion := fill.Replace(assertionTemplate)
	if r.Assertion != nil {
		assertion = r.Assertion(assertion)
	}
	if !r.Whole && !r.Unsigned {
		assertion = r.Sign(assertion)
	}
	text := strings.Replace(fill.Replace(responseTemplate), "ASSERTION", assertion, 1)
	if r.Answer != nil {
		text = r.Answer(text)
	}
	if r.Whole && !r.Unsigned {
		text = r.Sign(text)
	}
	if r.After != nil {
		text = r.After(text, assertion)
	}
	return text
}

// Sign signs a document: its root has the signature then.
func (r Response) Sign(text string) string {
	doc := etree.NewDocument()
	must(doc.ReadFromString(text))
	ctx, err := dsig.NewSigningContext(r.Signer.Key, [][]byte{r.Signer.Certificate})
	must(err)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if r.Method != "" {
		must(ctx.SetSignatureMethod(r.Method))
	} else if _, ec := r.Signer.Key.(*ecdsa.PrivateKey); ec {
		must(ctx.SetSignatureMethod(dsig.ECDSASHA256SignatureMethod))
	}
	signed, err := ctx.SignEnveloped(doc.Root())
	must(err)
	doc.SetRoot(signed)
	out, err := doc.WriteToString()
	must(err)
	return out
}
