package bundle_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// samlMetadata are those of an identity provider whose certificate ends at a time.
func samlMetadata(t *testing.T, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.AddDate(-2, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/saml">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">` +
		`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(der) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
}

func TestSAMLProvider(t *testing.T) {
	t.Parallel()
	const (
		directory = "bundle/accounts/111122223333/saml-providers/"
		arn       = "arn:aws:iam::111122223333:saml-provider/corp"
	)
	good := samlMetadata(t, time.Now().AddDate(1, 0, 0))
	trust := files{
		"bundle/accounts/111122223333/roles/reader.yaml":       roleReader,
		"bundle/accounts/111122223333/roles/reader.trust.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "` + arn + `"}, "Action": "sts:AssumeRoleWithSAML"}]}`,
	}
	for _, c := range []struct {
		name  string
		files files
		want  []string // severity, code and a part of the message
	}{
		{"good", files{directory + "corp.xml": good}, nil},
		{"not declared", files{}, []string{"warning UNKNOWN_PROVIDER declares no SAML provider"}},
		{"another name", files{directory + "Corp.xml": good}, []string{"warning UNKNOWN_PROVIDER declares no SAML provider"}},
		{"twice", files{directory + "corp.xml": good, directory + "CORP.xml": good}, []string{"warning UNKNOWN_PROVIDER", "error DUPLICATE_NAME"}},
		{"no metadata", files{directory + "corp.xml": "<html/>"}, []string{"error INVALID_METADATA"}},
		{"a certificate that ended", files{directory + "corp.xml": samlMetadata(t, time.Now().AddDate(0, 0, -1))}, []string{"warning EXPIRED_CERTIFICATE"}},
		{"metadata that ended", files{directory + "corp.xml": strings.Replace(good, "entityID=", `validUntil="2020-01-01T00:00:00Z" entityID=`, 1)}, []string{"warning EXPIRED_METADATA"}},
		{"another account's", files{"bundle/accounts/999988887777/saml-providers/corp.xml": good}, []string{"warning UNKNOWN_PROVIDER", "error UNKNOWN_ACCOUNT"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, findings := small.with(trust).with(c.files).load(t)
			found := 0
			for _, want := range c.want {
				for _, f := range findings {
					parts := strings.SplitN(want, " ", 3)
					if f.Severity.String() == parts[0] && f.Code == parts[1] && (len(parts) < 3 || strings.Contains(f.Message, parts[2])) {
						found++
						break
					}
				}
			}
			if found != len(c.want) || len(findings) != len(c.want) {
				t.Errorf("findings %v, want %v", findings, c.want)
			}
			if s == nil != policy.HasErrors(findings) {
				t.Error("a snapshot with errors, or none without")
			}
			if c.want == nil {
				if p := s.SAMLProvider(arn); p == nil || p.Account != account || p.Name != "corp" || p.ARN != arn || p.SAML.EntityID() != "https://idp.example.com/saml" || s.Counts().SAMLProviders != 1 {
					t.Error(fmt.Sprint(p))
				}
				if s.SAMLProvider(arn+"x") != nil || s.Provider(arn) != nil {
					t.Error("found what is not there")
				}
			}
		})
	}
}
