//go:build unix

package e2e_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/crewjam/saml"
)

// The endpoint of AWS that identity providers are set up for.
const signIn = "https://signin.aws.amazon.com/saml"

func samlProvider() string { return "arn:aws:iam::" + account + ":saml-provider/corp" }

// identityProvider is a SAML identity provider, set up for AWS as it is for AWS.
type identityProvider struct{ saml.IdentityProvider }

func newIdentityProvider(t testing.TB) *identityProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp.example.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{saml.IdentityProvider{
		Key: key, Certificate: certificate, SignatureMethod: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		MetadataURL: url.URL{Scheme: "https", Host: "idp.example.com", Path: "/metadata"}, SSOURL: url.URL{Scheme: "https", Host: "idp.example.com", Path: "/sso"},
	}}
	p.ServiceProviderProvider = p
	return p
}

// GetServiceProvider is AWS's description of itself.
func (*identityProvider) GetServiceProvider(*http.Request, string) (*saml.EntityDescriptor, error) {
	return &saml.EntityDescriptor{
		EntityID: "urn:amazon:webservices",
		SPSSODescriptors: []saml.SPSSODescriptor{{AssertionConsumerServices: []saml.IndexedEndpoint{
			{Binding: saml.HTTPPostBinding, Location: signIn, Index: 1},
		}}},
	}, nil
}

// describe is the provider's metadata.
func (p *identityProvider) describe(t testing.TB) string {
	t.Helper()
	text, err := xml.MarshalIndent(p.Metadata(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// respond is what the user's browser would post to AWS.
func (p *identityProvider) respond(t testing.TB, user, role string) string {
	t.Helper()
	request, err := p.NewIdpInitiatedRequest(httpRequest(t), "urn:amazon:webservices", "")
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(name, value string) saml.Attribute {
		return saml.Attribute{Name: "https://aws.amazon.com/SAML/Attributes/" + name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri", Values: []saml.AttributeValue{{Type: "xs:string", Value: value}}}
	}
	session := &saml.Session{
		ID: "1", Index: "1", CreateTime: time.Now(), ExpireTime: time.Now().Add(time.Hour), NameID: user, NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", UserEmail: user + "@example.com",
		CustomAttributes: []saml.Attribute{
			attribute("Role", samlProvider()+","+roleARN(role)), attribute("RoleSessionName", user), attribute("PrincipalTag:team", "red"), attribute("SessionDuration", "3600"),
		},
	}
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(request, session); err != nil {
		t.Fatal(err)
	}
	form, err := request.PostBinding()
	if err != nil {
		t.Fatal(err)
	}
	return form.SAMLResponse
}

func httpRequest(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://idp.example.com/sso", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

// declareSAML gives the account a SAML provider, and a role for its users.
func (f *federation) declareSAML(t testing.TB, p *identityProvider) {
	t.Helper()
	write(t, f.path("saml-providers", "corp.xml"), p.describe(t))
	write(t, f.path("roles", "staff.yaml"), "id: AROASTAFFEXAMPLE22222\n")
	write(t, f.path("roles", "staff", "read.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/home/${saml:sub}/*"}]}`)
	write(t, f.path("roles", "staff.trust.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "`+samlProvider()+`"}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
		"Condition": {"StringEquals": {"saml:aud": "`+signIn+`", "aws:RequestTag/team": "red"}, "StringLike": {"saml:mail": "*@example.com"}}}]}`)
}

// TestSAML exchanges the responses of a SAML identity provider for credentials with
// aws-sdk-go-v2, and reads with them.
func TestSAML(t *testing.T) {
	t.Parallel()
	f, p := federate(t), newIdentityProvider(t)
	for _, key := range []string{"home/ann/a", "home/bob/a"} {
		put(t, f.bucket, key, "the object "+key)
	}
	f.change(t, func() { f.declareSAML(t, p) })
	client := stsClient(f.Endpoint, "", "", "")
	ask := func(response string) (*sts.AssumeRoleWithSAMLOutput, error) {
		return client.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(roleARN("staff")), PrincipalArn: aws.String(samlProvider()), SAMLAssertion: &response})
	}
	response := p.respond(t, "ann", "staff")
	out, err := ask(response)
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/staff/ann" || *out.Subject != "ann" || *out.SubjectType != "persistent" || *out.Audience != signIn || *out.Issuer != "https://idp.example.com/metadata" {
		t.Errorf("%+v", out)
	}
	if got := f.reads(t, temporary(out.Credentials), "home/ann/a"); got != "the object home/ann/a" {
		t.Error(got)
	}
	if got := f.reads(t, temporary(out.Credentials), "home/bob/a"); got != "AccessDenied" {
		t.Error(got)
	}
	text, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(text, []byte(">ann<"), []byte(">bob<"))
	if bytes.Equal(changed, text) {
		t.Fatal("the response does not name ann")
	}
	for name, c := range map[string]struct{ response, want string }{
		"changed":      {base64.StdEncoding.EncodeToString(changed), "InvalidIdentityToken"},
		"another's":    {newIdentityProvider(t).respond(t, "ann", "staff"), "InvalidIdentityToken"},
		"another role": {p.respond(t, "ann", "reports"), "AccessDenied"},
	} {
		if _, err := ask(c.response); code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	f.change(t, func() {
		if err := os.Remove(f.path("saml-providers", "corp.xml")); err != nil {
			t.Fatal(err)
		}
		write(t, f.path("roles", "staff", "read.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`)
		write(t, f.path("roles", "staff.trust.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "`+account+`"}, "Action": "sts:AssumeRole"}]}`)
	})
	if got := f.reads(t, temporary(out.Credentials), "home/ann/a"); got != "InvalidToken" {
		t.Errorf("the session outlives its provider: %s", got)
	}
}
