package sts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
)

// TestRecognise tells requests of STS from others, by line and fields alone.
func TestRecognise(t *testing.T) {
	t.Parallel()
	form := formFields[0]
	identity := with("GetCallerIdentity", "")
	tests := []struct {
		name, method, target string
		fields               []string
		body                 string
		code                 string
	}{
		{"form", "POST", "/", []string{form}, identity, ""},
		{"form with a charset", "POST", "/", []string{form + "; charset=utf-8"}, identity, ""},
		{"form with a quoted charset", "POST", "/", []string{form + `;charset="UTF-8"`}, identity, ""},
		{"case of the type", "POST", "/", []string{"content-type: Application/X-WWW-Form-Urlencoded"}, identity, ""},
		{"query", "GET", "/?" + identity, nil, "", ""},
		{"query of a POST without a body", "POST", "/?" + identity, nil, "", ""},
		{"query of a POST with an empty form", "POST", "/?" + identity, []string{form}, "", ""},
		{"presigned", "GET", "/?" + identity + "&X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=d&X-Amz-Security-Token=e", nil, "", ""},
		{"presigned with a body", "POST", "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=d", []string{form}, identity, ""},
		{"not encoded", "POST", "/", []string{form, "content-encoding: identity"}, identity, ""},

		{"both", "POST", "/?" + identity, []string{form}, identity, "InvalidQueryParameter"},
		{"part in the query", "POST", "/?Version=2011-06-15", []string{form}, "Action=GetCallerIdentity", "InvalidQueryParameter"},
		{"body of a GET", "GET", "/?" + identity, []string{form}, identity, "InvalidQueryParameter"},
		{"body without a type", "POST", "/", nil, identity, "InvalidQueryParameter"},
		{"JSON", "POST", "/", []string{"content-type: application/x-amz-json-1.1"}, "{}", "InvalidQueryParameter"},
		{"multipart", "POST", "/", []string{"content-type: multipart/form-data; boundary=x"}, "--x--", "InvalidQueryParameter"},
		{"other charset", "POST", "/", []string{form + "; charset=utf-16"}, identity, "InvalidQueryParameter"},
		{"broken type", "POST", "/", []string{form + "; charset"}, identity, "InvalidQueryParameter"},
		{"two types", "POST", "/", []string{form, form}, identity, "InvalidQueryParameter"},
		{"compressed", "POST", "/", []string{form, "content-encoding: gzip"}, identity, "InvalidQueryParameter"},
		{"chunked by AWS", "POST", "/", []string{form, "content-encoding: aws-chunked"}, identity, "InvalidQueryParameter"},
		{"signature in the form", "POST", "/", []string{form}, identity + "&X-Amz-Signature=d", "InvalidQueryParameter"},
		{"another path", "POST", "/sts", []string{form}, identity, "InvalidAction"},
		{"two slashes", "POST", "//", []string{form}, identity, "InvalidAction"},
		{"another method", "PUT", "/", []string{form}, identity, "InvalidAction"},
		{"HEAD", "HEAD", "/?" + identity, nil, "", "InvalidAction"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			op, _, r := read(mapper, newRequest(t, tt.method, tt.target, tt.fields...), tt.body)
			if code(r) != tt.code {
				t.Fatalf("%v, want %q", r, tt.code)
			}
			if r == nil && (op.Name != "GetCallerIdentity" || op.Body != action.BodyAuthenticates) {
				t.Errorf("%+v", op)
			}
			if int64(len(tt.body)) > op.BodyLimit && r == nil {
				t.Errorf("a body of %d bytes is not read", op.BodyLimit)
			}
		})
	}
	at := place()
	at.Bucket = "reports"
	if _, r := mapper.Recognise(newRequest(t, "POST", "/", form), at); code(r) != "InvalidAction" {
		t.Errorf("at the host of a bucket: %v", r)
	}
}

// mapping of a form, with the keys of its accesses as text.
func mapping(t *testing.T, form string, at action.Place) (action.Mapped, []string, string) {
	t.Helper()
	req := newRequest(t, "POST", "/", formFields...)
	op, _, r := read(mapper, req, form)
	if r != nil {
		t.Fatal(r)
	}
	m, r := mapper.Map(req, &op, at, []byte(form))
	var lines []string
	for _, a := range m.Accesses {
		line := a.Action + " " + a.Resource + " " + a.Account
		for name, value := range a.Keys.All() {
			text, single := value.Single()
			if !single {
				many, _ := value.List()
				text = strings.Join(many, ",")
			}
			line += " " + name + "=" + text
			if !mapper.Fills(a.Action, name) {
				t.Errorf("%s has %s, which is not said to be filled", a.Action, name)
			}
		}
		lines = append(lines, line)
	}
	return m, lines, code(r)
}

func TestMap(t *testing.T) {
	t.Parallel()
	const owner = " aws:resourceaccount=111122223333"
	const bob = "arn:aws:sts::111122223333:federated-user/bob 111122223333" + owner
	tests := []struct {
		name, form string
		undecided  bool
		accesses   []string
	}{
		{"AssumeRole", with("AssumeRole", "&RoleArn=arn:aws:iam::444455556666:role/p/app&RoleSessionName=s1"), false, []string{"sts:AssumeRole arn:aws:iam::444455556666:role/p/app 444455556666"}},
		{"AssumeRoleWithWebIdentity", with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=abcd"), false, []string{"sts:AssumeRoleWithWebIdentity " + role + " " + account}},
		{"AssumeRoleWithSAML", with("AssumeRoleWithSAML", roleParam+"&SAMLAssertion=abcd&PrincipalArn=arn:aws:iam::111122223333:saml-provider/idp"), false, []string{"sts:AssumeRoleWithSAML " + role + " " + account}},
		{"GetCallerIdentity", with("GetCallerIdentity", ""), true, []string{"sts:GetCallerIdentity * 111122223333"}},
		{"GetSessionToken", with("GetSessionToken", ""), true, []string{"sts:GetSessionToken * 111122223333"}},
		{"GetAccessKeyInfo", with("GetAccessKeyInfo", "&AccessKeyId=AKIAIOSFODNN7EXAMPLE"), false, []string{"sts:GetAccessKeyInfo * 111122223333" + owner}},
		{"DecodeAuthorizationMessage", with("DecodeAuthorizationMessage", "&EncodedMessage=a"), false, []string{"sts:DecodeAuthorizationMessage * 111122223333" + owner}},
		{"GetFederationToken", with("GetFederationToken", "&Name=bob"), false, []string{"sts:GetFederationToken " + bob}},
		{"GetFederationToken with tags", with("GetFederationToken", "&Name=bob&Tags.member.1.Key=Team&Tags.member.1.Value=blue&Tags.member.2.Key=b&Tags.member.2.Value="), false, []string{
			"sts:GetFederationToken " + bob + " aws:requesttag/team=blue aws:requesttag/b= aws:tagkeys=Team,b",
			"sts:TagSession " + bob + " aws:requesttag/team=blue aws:requesttag/b= aws:tagkeys=Team,b",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, lines, code := mapping(t, tt.form, place())
			if diff := cmp.Diff(tt.accesses, lines); diff != "" || code != "" || m.Undecided != tt.undecided {
				t.Errorf("%q, undecided %t: %s", code, m.Undecided, diff)
			}
			if assumes := strings.HasPrefix(tt.name, "AssumeRole"); assumes != (m.Assume != nil) {
				t.Errorf("assume: %+v", m.Assume)
			}
		})
	}
}

// TestRouteOfAnAccount holds that a route of one account gives out none of another's
// roles, and does not say whether there are any.
func TestRouteOfAnAccount(t *testing.T) {
	t.Parallel()
	at := place()
	at.Account = "444455556666"
	if m, _, code := mapping(t, with("AssumeRole", assume), at); code != "AccessDenied" || m.Assume != nil {
		t.Errorf("%q, %+v", code, m)
	}
	at.Account = account
	if m, _, code := mapping(t, with("AssumeRole", assume), at); code != "" || m.Assume == nil || m.Assume.RoleARN != role {
		t.Errorf("%q, %+v", code, m)
	}
}

// TestMapNeedsTheBody holds that nothing is decided of what was not read.
func TestMapNeedsTheBody(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "POST", "/", formFields...)
	op, r := mapper.Recognise(req, place())
	if r != nil {
		t.Fatal(r)
	}
	if m, r := mapper.Map(req, &op, place(), nil); code(r) != "InternalError" || len(m.Accesses) != 0 {
		t.Errorf("%v, %+v", r, m)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action, key string
		want        bool
	}{
		{"sts:AssumeRole", "sts:externalid", true},
		{"sts:AssumeRole", "sts:rolesessionname", true},
		{"sts:AssumeRole", "sts:transitivetagkeys", true},
		{"sts:AssumeRole", "aws:requesttag/team", true},
		{"sts:AssumeRole", "aws:requesttag/", false},
		{"sts:AssumeRole", "aws:resourcetag/team", true},
		{"sts:AssumeRole", "iam:resourcetag/team", true},
		{"sts:AssumeRole", "gitlab.example.com:sub", false},
		{"sts:AssumeRole", "saml:aud", false},
		{"sts:AssumeRole", "sts:durationseconds", false},
		{"sts:AssumeRole", "aws:multifactorauthage", true},
		{"sts:AssumeRoleWithWebIdentity", "aws:multifactorauthage", false},
		{"sts:GetAccessKeyInfo", "aws:resourceaccount", true},
		{"sts:GetSessionToken", "aws:resourceaccount", false},
		{"sts:AssumeRoleWithWebIdentity", "sts:externalid", false},
		{"sts:AssumeRoleWithWebIdentity", "gitlab.example.com:sub", false}, // the bundle knows
		{"sts:AssumeRoleWithWebIdentity", "aws:sourcevpc", false},
		{"sts:AssumeRoleWithWebIdentity", "s3:prefix", false},
		{"sts:AssumeRoleWithSAML", "saml:aud", true},
		{"sts:TagSession", "sts:externalid", true},
		{"sts:SetSourceIdentity", "sts:sourceidentity", true},
		{"sts:GetFederationToken", "aws:tagkeys", true},
		{"sts:GetFederationToken", "sts:sourceidentity", false},
		{"sts:GetAccessKeyInfo", "aws:tagkeys", false},
		{"s3:GetObject", "sts:sourceidentity", false},
	}
	for _, tt := range tests {
		if got := mapper.Fills(tt.action, tt.key); got != tt.want {
			t.Errorf("%s %s: %t", tt.action, tt.key, got)
		}
	}
	if sts.New(sts.Options{}).Fills("sts:TagSession", "saml:aud") {
		t.Error("keys of SAML are said to be filled where no SAML is served")
	}
	with, without := mapper.Actions(), sts.New(sts.Options{}).Actions()
	if !slices.Contains(with, "sts:AssumeRoleWithSAML") || slices.Contains(without, "sts:AssumeRoleWithSAML") || len(with) != len(without)+1 {
		t.Errorf("%v, %v", with, without)
	}
}

// TestAccessesAreDeclared holds that Actions has whatever is decided.
func TestAccessesAreDeclared(t *testing.T) {
	t.Parallel()
	for _, form := range readSDK(t) {
		req := newRequest(t, "POST", "/", formFields...)
		op, _, r := read(mapper, req, form)
		if r != nil {
			continue
		}
		m, r := mapper.Map(req, &op, place(), nil)
		if r != nil {
			t.Fatal(r)
		}
		for _, a := range m.Accesses {
			if !m.Undecided && !slices.Contains(mapper.Actions(), a.Action) {
				t.Errorf("%s is not declared", a.Action)
			}
		}
	}
}
