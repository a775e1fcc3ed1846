package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/saml/samltest"
)

// TestSAML exchanges SAML responses for credentials, and reads with them.
func TestSAML(t *testing.T) {
	t.Parallel()
	const (
		role     = "arn:aws:iam::111122223333:role/analyst"
		provider = "arn:aws:iam::111122223333:saml-provider/corp"
		own      = "https://aws.amazon.com/SAML/Attributes/"
	)
	f := newFort(t)
	now := f.clock()
	key := samltest.NewSigner(nil, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	f.activate(func() {
		f.write("bundle/accounts/111122223333/saml-providers/corp.xml", samltest.Metadata(key))
		f.write("bundle/accounts/111122223333/roles/analyst.yaml", "id: AROAANALYSTANALYSTA1\n")
		f.write("bundle/accounts/111122223333/roles/analyst/read.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/${saml:sub}/*"}]}`)
		f.write("bundle/accounts/111122223333/roles/analyst.trust.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "`+provider+`"},
			"Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"], "Condition": {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}, "ForAnyValue:StringEquals": {"saml:eduPersonAffiliation": "staff"}}}]}`)
	})
	response := func(change func(*samltest.Response)) string {
		r := samltest.Response{Signer: key, Now: now, Attributes: samltest.Attribute(own+"Role", role+","+provider, fortRole+","+provider) +
			samltest.Attribute(own+"RoleSessionName", "alice@example.com") + samltest.Attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "staff")}
		if change != nil {
			change(&r)
		}
		return r.Encoded()
	}
	ask := func(role, provider, assertion string) reply {
		req, _ := f.form("Action", "AssumeRoleWithSAML", "RoleArn", role, "PrincipalArn", provider, "SAMLAssertion", assertion)
		return f.serve(req)
	}
	answer := ask(role, provider, response(nil))
	alice := f.issued(answer)
	for _, want := range []string{
		"<Subject>alice</Subject>", "<SubjectType>persistent</SubjectType>", "<Issuer>" + samltest.EntityID + "</Issuer>", "<Audience>" + samltest.Recipient + "</Audience>",
		"<NameQualifier>", "<Arn>arn:aws:sts::111122223333:assumed-role/analyst/alice@example.com</Arn>",
	} {
		if !strings.Contains(answer.body, want) {
			t.Errorf("no %s in %s", want, answer.body)
		}
	}
	if got := f.read(alice, "alice/a"); got.status != 200 {
		t.Error("alice's own:", got.status, got.body)
	}
	if got := f.read(alice, "bob/a"); got.status != 403 {
		t.Error("bob's:", got.status, got.body)
	}
	signed, _ := f.form("Action", "AssumeRoleWithSAML", "RoleArn", role, "PrincipalArn", provider, "SAMLAssertion", response(nil))
	for _, tt := range []struct {
		name   string
		answer reply
		code   string
	}{
		{"a signature beside", f.serve(f.sign(signed, longTerm("ann"), "sts", "")), "InvalidParameterCombination"},
		{"a role that does not trust", ask(fortRole, provider, response(nil)), "AccessDenied"},
		{"a condition of the trust policy", ask(role, provider, response(func(r *samltest.Response) { r.Attributes = strings.Replace(r.Attributes, ">staff<", ">guest<", 1) })), "AccessDenied"},
		{"another provider", ask(role, provider+"2", response(nil)), "InvalidIdentityToken"},
		{"another's signature", ask(role, provider, response(func(r *samltest.Response) {
			r.Signer = samltest.NewSigner(nil, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
		})), "InvalidIdentityToken"},
		{"an old response", ask(role, provider, response(func(r *samltest.Response) { r.Now = now.Add(-20 * time.Minute) })), "ExpiredTokenException"},
		{"no response", ask(role, provider, "abcd"), "InvalidIdentityToken"},
	} {
		if tt.answer.status < 400 || !strings.Contains(tt.answer.body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: %d %s, want %s", tt.name, tt.answer.status, tt.answer.body, tt.code)
		}
	}
	f.activate(func() {
		f.remove("bundle/accounts/111122223333/saml-providers/corp.xml")
		f.write("bundle/accounts/111122223333/roles/analyst.trust.json", fortTrust("nobody"))
		f.write("bundle/accounts/111122223333/roles/analyst/read.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`)
	})
	if got := f.read(alice, "alice/a"); got.status != 400 || !strings.Contains(got.body, "<Code>InvalidToken</Code>") {
		t.Error("the session outlives its provider:", got.status, got.body)
	}
}
