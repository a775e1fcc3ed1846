package saml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/sallyport-iam/sallyport/saml"
)

const (
	entity    = "https://idp.example.com/saml"
	recipient = "https://signin.aws.amazon.com/saml"
	role      = "arn:aws:iam::111122223333:role/analyst"
	provider  = "arn:aws:iam::111122223333:saml-provider/corp"
)

var now = time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC)

// signer is a key with its certificate.
type signer struct {
	key crypto.Signer
	der []byte
}

func newSigner(key crypto.Signer, from, until time.Time) signer {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an identity provider"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	return signer{key, der}
}

var (
	ours     = sync.OnceValue(func() signer { return newSigner(newRSA(2048), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)) })
	theirs   = sync.OnceValue(func() signer { return newSigner(newRSA(2048), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)) })
	outdated = sync.OnceValue(func() signer { return newSigner(ours().key, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)) })
	weak     = sync.OnceValue(func() signer { return newSigner(newRSA(1024), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)) })
	curve    = sync.OnceValue(func() signer {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		return newSigner(key, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	})
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(err)
	return key
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// metadata are those of a provider that signs with some certificates.
func metadata(changes func(string) string, signers ...signer) []byte {
	var keys strings.Builder
	for _, s := range signers {
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
			base64.StdEncoding.EncodeToString(s.der))
	}
	text := `<?xml version="1.0" encoding="UTF-8"?>
<!-- as the provider exports them -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + keys.String() + `
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`
	if changes != nil {
		text = changes(text)
	}
	return []byte(text)
}

func parsed(t testing.TB, signers ...signer) *saml.Provider {
	t.Helper()
	p, err := saml.Parse(metadata(nil, signers...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// response is how a SAML response is made.
type response struct {
	attributes string                                  // instead of the usual
	assertion  func(string) string                     // before it is signed
	response   func(string) string                     // before it is signed
	after      func(response, assertion string) string // to what is sent
	signer     signer                                  // ours, if none is given
	whole      bool                                    // the response is signed, and not the assertion
	unsigned   bool
	method     string // of the signature
}

const attributes = `<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role"><saml:AttributeValue>` + role + `,` + provider + `</saml:AttributeValue></saml:Attribute>` +
	`<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><saml:AttributeValue>alice@example.com</saml:AttributeValue></saml:Attribute>`

func at(offset time.Duration) string { return now.Add(offset).Format("2006-01-02T15:04:05Z") }

const assertionTemplate = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion" IssueInstant="ISSUED" Version="2.0">` +
	`<saml:Issuer>` + entity + `</saml:Issuer>` +
	`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>` +
	`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="SOON" Recipient="` + recipient + `"/></saml:SubjectConfirmation></saml:Subject>` +
	`<saml:Conditions NotBefore="BEFORE" NotOnOrAfter="SOON"><saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
	`<saml:AuthnStatement AuthnInstant="ISSUED"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
	`<saml:AttributeStatement>ATTRIBUTES</saml:AttributeStatement></saml:Assertion>`

const responseTemplate = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response" IssueInstant="ISSUED" Version="2.0" Destination="` + recipient + `">` +
	`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">` + entity + `</saml:Issuer>` +
	`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>ASSERTION</samlp:Response>`

// encoded is the response as it is sent.
func (r response) encoded() string { return base64.StdEncoding.EncodeToString([]byte(r.text())) }

func (r response) text() string {
	if r.signer.key == nil {
		r.signer = ours()
	}
	if r.attributes == "" {
		r.attributes = attributes
	}
	fill := strings.NewReplacer("ISSUED", at(-time.Minute), "BEFORE", at(-time.Minute), "SOON", at(4*time.Minute), "ATTRIBUTES", r.attributes)
	assertion := fill.Replace(assertionTemplate)
	if r.assertion != nil {
		assertion = r.assertion(assertion)
	}
	if !r.whole && !r.unsigned {
		assertion = r.sign(assertion)
	}
	text := strings.Replace(fill.Replace(responseTemplate), "ASSERTION", assertion, 1)
	if r.response != nil {
		text = r.response(text)
	}
	if r.whole && !r.unsigned {
		text = r.sign(text)
	}
	if r.after != nil {
		text = r.after(text, assertion)
	}
	return text
}

func (r response) sign(text string) string {
	doc := etree.NewDocument()
	must(doc.ReadFromString(text))
	ctx, err := dsig.NewSigningContext(r.signer.key, [][]byte{r.signer.der})
	must(err)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if r.method != "" {
		must(ctx.SetSignatureMethod(r.method))
	} else if _, ec := r.signer.key.(*ecdsa.PrivateKey); ec {
		must(ctx.SetSignatureMethod(dsig.ECDSASHA256SignatureMethod))
	}
	signed, err := ctx.SignEnveloped(doc.Root())
	must(err)
	doc.SetRoot(signed)
	out, err := doc.WriteToString()
	must(err)
	return out
}

func replace(old, text string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("there is no " + old)
		}
		return strings.ReplaceAll(s, old, text)
	}
}
