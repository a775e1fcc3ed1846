package sts_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

func code(r *wire.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}

// TestConstraints holds that values are refused in AWS's words.
func TestConstraints(t *testing.T) {
	t.Parallel()
	const prefix = "1 validation error detected: "
	long := strings.Repeat("a", 65)
	fed := with("GetFederationToken", "&Name=")
	tests := []struct{ name, form, message string }{
		{"no role", with("AssumeRole", "&RoleSessionName=s1"), prefix + "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"},
		{"two at once", with("AssumeRole", "&RoleArn=arn&RoleSessionName=a b"), "2 validation errors detected: " +
			"Value 'arn' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; " +
			`Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"long name", with("AssumeRole", roleParam+"&RoleSessionName="+long), prefix + "Value '" + long + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"short name", with("AssumeRole", roleParam+"&RoleSessionName=a"), prefix + "Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"letters beyond ASCII", with("AssumeRole", roleParam+"&RoleSessionName=gr%C3%B6%C3%9Fe"), prefix + `Value 'größe' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"short life", with("AssumeRole", assume+"&DurationSeconds=899"), prefix + "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"long life", with("AssumeRole", assume+"&DurationSeconds=43201"), prefix + "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"no number", with("AssumeRole", assume+"&DurationSeconds=0900"), prefix + "Value '0900' at 'durationSeconds' failed to satisfy constraint: Member must be an integer"},
		{"empty number", with("AssumeRole", assume+"&DurationSeconds="), prefix + "Value '' at 'durationSeconds' failed to satisfy constraint: Member must be an integer"},
		{"huge number", with("AssumeRole", assume+"&DurationSeconds=99999999999999999999"), prefix + "Value '99999999999999999999' at 'durationSeconds' failed to satisfy constraint: Member must be an integer"},
		{"long life of a user", with("GetSessionToken", "&DurationSeconds=129601"), prefix + "Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600"},
		{"external id", with("AssumeRole", assume+"&ExternalId=a*"), prefix + `Value 'a*' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@:\/-]*`},
		{"source identity", with("AssumeRole", assume+"&SourceIdentity=aws:x"), prefix + `Value 'aws:x' at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"empty policy", with("AssumeRole", assume+"&Policy="), prefix + "Value '' at 'policy' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"policy beyond Latin-1", with("AssumeRole", assume+"&Policy=%E2%82%AC"), prefix + `Value '€' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`},
		{"tag without a value", with("AssumeRole", assume+"&Tags.member.1.Key=a"), prefix + "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{"empty tag key", with("AssumeRole", assume+"&Tags.member.1.Key=&Tags.member.1.Value=b"), prefix + "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"tag characters", with("AssumeRole", assume+"&Tags.member.1.Key=a&Tags.member.1.Value=b%3B"), prefix + `Value 'b;' at 'tags.1.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`},
		{"too many tags", with("AssumeRole", assume+members("Tags.member.%d.Key=k%[1]d&Tags.member.%[1]d.Value=v", 51)), prefix + "Value '[51 members]' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"too many policies", with("AssumeRole", assume+members("PolicyArns.member.%d.arn=arn:aws:iam::aws:policy/p%[1]d", 11)), prefix + "Value '[11 members]' at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10"},
		{"transitive key", with("AssumeRole", assume+"&TransitiveTagKeys.member.1="), prefix + "Value '' at 'transitiveTagKeys.1.member' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"federated name", fed + "a", prefix + "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"long federated name", fed + strings.Repeat("a", 33), prefix + "Value '" + strings.Repeat("a", 33) + "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32"},
		{"key id", with("GetAccessKeyInfo", "&AccessKeyId=AKIA"), prefix + "Value 'AKIA' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16"},
		{"no message", with("DecodeAuthorizationMessage", ""), prefix + "Value null at 'encodedMessage' failed to satisfy constraint: Member must not be null"},
		{"secret token", with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=abc"), prefix + "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"},
		{"secret code", with("GetSessionToken", "&SerialNumber=123456789&TokenCode=12345x"), prefix + `Value at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*`},
		{"no provider", with("AssumeRoleWithSAML", roleParam+"&SAMLAssertion=abcd"), prefix + "Value null at 'principalArn' failed to satisfy constraint: Member must not be null"},

		// What AWS's model does not say.
		{"no role's ARN", with("AssumeRole", "&RoleArn=arn:aws:iam::111122223333:user/a&RoleSessionName=s1"), "arn:aws:iam::111122223333:user/a is invalid: it is no ARN of a role"},
		{"no ARN", with("AssumeRole", "&RoleArn=reader-of-all-the-reports&RoleSessionName=s1"), "reader-of-all-the-reports is invalid: it is no ARN of a role"},
		{"wildcard", with("AssumeRole", "&RoleArn=arn:aws:iam::111122223333:role/*&RoleSessionName=s1"), "arn:aws:iam::111122223333:role/* is invalid: it is no ARN of a role"},
		{"line break", with("AssumeRole", "&RoleArn=arn:aws:iam::111122223333:role/a%0Ab&RoleSessionName=s1"), "arn:aws:iam::111122223333:role/a\nb is invalid: it is no ARN of a role"},
		{"account", with("AssumeRole", "&RoleArn=arn:aws:iam::11112222333x:role/a&RoleSessionName=s1"), "arn:aws:iam::11112222333x:role/a is invalid: it is no ARN of a role"},
		{"policy's ARN", with("AssumeRole", assume+"&PolicyArns.member.1.arn="+role), role + " is invalid: it is no ARN of a policy"},
		{"provider's ARN", with("AssumeRoleWithSAML", roleParam+"&SAMLAssertion=abcd&PrincipalArn="+role), role + " is invalid: it is no ARN of a SAML provider"},
		{"reserved tag", with("AssumeRole", assume+"&Tags.member.1.Key=AWS:x&Tags.member.1.Value="), "the tag key AWS:x is invalid: keys must not begin with aws:"},
		{"tags twice", with("AssumeRole", assume+"&Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=A&Tags.member.2.Value="), "Duplicate tag keys found: A. Please note that Tag keys are case insensitive"},
		{"transitive without tag", with("AssumeRole", assume+"&TransitiveTagKeys.member.1=a"), "the transitive tag key a is not one of the tags"},
		{"transitive twice", with("AssumeRole", assume+"&Tags.member.1.Key=a&Tags.member.1.Value=&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.2=A"), "the transitive tag key A is given more than once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form := strings.ReplaceAll(tt.form, " ", "+")
			for name, read := range map[string]reader{"POST": post, "GET": get} {
				if _, _, r := read(t, form); r == nil || r.Code != "ValidationError" || r.Status != 400 || r.Message != tt.message {
					t.Errorf("%s: %v\nwant %s", name, r, tt.message)
				}
			}
		})
	}
}

// members repeats a parameter with numbers from 1.
func members(format string, n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "&"+format, i)
	}
	return b.String()
}

// TestRefused are requests that are none of the query protocol, or not of ours.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, form, code, message string }{
		{"nothing", "", "MissingAction", "Missing Action"},
		{"no action", "Version=2011-06-15", "MissingAction", "Missing Action"},
		{"unknown action", with("AssumeRoles", ""), "InvalidAction", "Could not find operation AssumeRoles for version 2011-06-15"},
		{"case of the action", with("assumeRole", ""), "InvalidAction", "Could not find operation assumeRole for version 2011-06-15"},
		{"action that is no name", with("a%0Ab", ""), "InvalidAction", "Could not find operation (a name that is none) for version 2011-06-15"},
		{"no version", "Action=GetCallerIdentity", "InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
		{"other version", "Action=GetCallerIdentity&Version=2010-05-08", "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-05-08"},
		{"two actions", with("GetCallerIdentity", "&Action=AssumeRole"), "InvalidQueryParameter", "The parameter Action is given more than once."},
		{"two versions", with("GetCallerIdentity", "&Version=2011-06-15"), "InvalidQueryParameter", "The parameter Version is given more than once."},
		{"twice", with("AssumeRole", assume+"&RoleArn="+role), "InvalidQueryParameter", "The parameter RoleArn is given more than once."},
		{"twice, escaped", with("AssumeRole", assume+"&Role%41rn="+role), "InvalidQueryParameter", "The parameter RoleArn is given more than once."},
		{"member twice", with("AssumeRole", assume+"&Tags.member.1.Key=a&Tags.member.1.Key=b"), "InvalidQueryParameter", "The parameter Tags.member.1.Key is given more than once."},
		{"unknown", with("GetCallerIdentity", "&RoleArn=x&Foo=y"), "InvalidQueryParameter", "Not known as parameters of GetCallerIdentity: RoleArn, Foo."},
		{"case of a parameter", with("AssumeRole", assume+"&externalId=abc"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: externalId."},
		{"a token as a name", with("GetCallerIdentity", "&"+strings.Repeat("t", 60)), "InvalidQueryParameter", "Not known as parameters of GetCallerIdentity: " + strings.Repeat("t", 48) + "…."},
		{"Signature Version 2", with("GetCallerIdentity", "&AWSAccessKeyId=AKIA"), "InvalidQueryParameter", "Not known as parameters of GetCallerIdentity: AWSAccessKeyId."},
		{"bad escape", with("AssumeRole", assume+"&ExternalId=%zz"), "MalformedQueryString", "The form holds an invalid percent-escape."},
		{"half an escape", with("AssumeRole", assume+"&ExternalId=%4"), "MalformedQueryString", "The form holds an invalid percent-escape."},
		{"semicolon", with("AssumeRole", assume+";ExternalId=abc"), "MalformedQueryString", "The form holds a raw ;, which is ambiguous: send it as %3B."},
		{"no UTF-8", with("AssumeRole", assume+"&ExternalId=%ff%fe"), "MalformedQueryString", "A parameter is not UTF-8."},
		{"no UTF-8 in a name", with("AssumeRole", assume+"&%ff=a"), "MalformedQueryString", "A parameter is not UTF-8."},
		{"too many", with("AssumeRole", assume+members("x%d=", 300)), "InvalidQueryParameter", "The request has more than 256 parameters."},

		// Lists.
		{"hole", with("AssumeRole", assume+"&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.3=b"), "InvalidQueryParameter", "The members of TransitiveTagKeys must be numbered from 1 without gaps: there is no TransitiveTagKeys.member.2."},
		{"from 2", with("AssumeRole", assume+"&PolicyArns.member.2.arn=x"), "InvalidQueryParameter", "The members of PolicyArns must be numbered from 1 without gaps: there is no PolicyArns.member.1."},
		{"from 0", with("AssumeRole", assume+"&TransitiveTagKeys.member.0=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.0."},
		{"leading zero", with("AssumeRole", assume+"&TransitiveTagKeys.member.01=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.01."},
		{"large number", with("AssumeRole", assume+"&TransitiveTagKeys.member.4294967297=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.4294967297."},
		{"no number", with("AssumeRole", assume+"&TransitiveTagKeys.member.a=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.a."},
		{"no member", with("AssumeRole", assume+"&TransitiveTagKeys.1=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.1."},
		{"value in the place of a list", with("AssumeRole", assume+"&TransitiveTagKeys=a"), "InvalidQueryParameter", "The parameter TransitiveTagKeys is a list: send its members as TransitiveTagKeys.member.1 and so on."},
		{"empty and not", with("AssumeRole", assume+"&TransitiveTagKeys=&TransitiveTagKeys.member.1=a"), "InvalidQueryParameter", "The parameter TransitiveTagKeys is given both as an empty list and with members."},
		{"empty list twice", with("AssumeRole", assume+"&Tags=&Tags="), "InvalidQueryParameter", "The parameter Tags is given more than once."},
		{"a field that is none", with("AssumeRole", assume+"&Tags.member.1.key=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: Tags.member.1.key."},
		{"a field of a text", with("AssumeRole", assume+"&TransitiveTagKeys.member.1.Key=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.1.Key."},
		{"no field", with("AssumeRole", assume+"&Tags.member.1=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: Tags.member.1."},
		{"a dot too many", with("AssumeRole", assume+"&TransitiveTagKeys.member.1.=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: TransitiveTagKeys.member.1.."},
		{"members of a text", with("AssumeRole", assume+"&Policy.member.1=a"), "InvalidQueryParameter", "Not known as parameters of AssumeRole: Policy.member.1."},

		{"half of MFA", with("AssumeRole", assume+"&TokenCode=123456"), "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."},
		{"other half of MFA", with("GetSessionToken", "&SerialNumber=123456789"), "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, r := post(t, tt.form); r == nil || r.Code != tt.code || r.Message != tt.message {
				t.Errorf("%v\nwant %s: %s", r, tt.code, tt.message)
			}
		})
	}
}

// TestMuseum_40_unsupportedParametersAreRefused names what AWS has and nobody here reads.
func TestMuseum_40_unsupportedParametersAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ form, code, named string }{
		{with("AssumeRole", assume+"&ProvidedContexts.member.1.ProviderArn=x&ProvidedContexts.member.1.ContextAssertion=y"), "ValidationError", "ProvidedContexts"},
		{with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=abcd&ProviderId=graph.facebook.com"), "ValidationError", "ProviderId"},
		{with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=abcd&Tags.member.1.Key=a&Tags.member.1.Value=b"), "InvalidQueryParameter", "Tags.member.1.Key"},
		{with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=abcd&SourceIdentity=ab"), "InvalidQueryParameter", "SourceIdentity"},
		{with("GetFederationToken", "&Name=bob&TransitiveTagKeys.member.1=a"), "InvalidQueryParameter", "TransitiveTagKeys.member.1"},
		{with("GetSessionToken", "&Policy=x"), "InvalidQueryParameter", "Policy"},
		{with("AssumeRoot", "&TargetPrincipal=x"), "InvalidAction", "AssumeRoot"},
		{with("GetWebIdentityToken", ""), "InvalidAction", "GetWebIdentityToken"},
		{with("GetDelegatedAccessToken", ""), "InvalidAction", "GetDelegatedAccessToken"},
	}
	for _, tt := range tests {
		if _, _, r := post(t, tt.form); code(r) != tt.code || !strings.Contains(r.Message, tt.named) {
			t.Errorf("%s: %v, want %s for %s", tt.form, r, tt.code, tt.named)
		}
	}
	_, _, r := read(sts.New(sts.Options{}), newRequest(t, "POST", "/", formFields...), with("AssumeRoleWithSAML", roleParam))
	if code(r) != "InvalidAction" || !strings.Contains(r.Message, "AssumeRoleWithSAML is not served") {
		t.Errorf("SAML: %v", r)
	}
}

// TestMuseum_28_messagesHoldNoSecrets sends secrets that are wrong in every way.
func TestMuseum_28_messagesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, form := range []string{
		with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken="+strings.Repeat(secret, 3000)),
		with("AssumeRoleWithWebIdentity", "&WebIdentityToken="+secret),
		with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken="+secret+"&WebIdentityToken="+secret),
		with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken.member.1="+secret),
		with("AssumeRoleWithWebIdentity", assume+"&webIdentityToken="+secret),
		with("AssumeRoleWithSAML", assume+"&SAMLAssertion="+secret),
		with("AssumeRole", assume+"&TokenCode="+secret+"&SerialNumber=123456789"),
		with("GetSessionToken", "&TokenCode="+secret),
		with("GetDelegatedAccessToken", "&TradeInToken="+secret),
		with("GetSessionToken", "&TokenCode="+secret+"%zz"),
	} {
		_, credential, r := post(t, form)
		if r == nil || strings.Contains(fmt.Sprintf("%+v", *r), secret) || credential.Token != "" {
			t.Errorf("%.80s…: %+v", form, r)
		}
	}
}

// TestSizes holds the limits of bodies.
func TestSizes(t *testing.T) {
	t.Parallel()
	saml := with("AssumeRoleWithSAML", roleParam+"&PrincipalArn=arn:aws:iam::111122223333:saml-provider/idp&SAMLAssertion=")
	tests := []struct {
		name, form string
		code       string
	}{
		{"a SAML response of the greatest size", saml + url.QueryEscape(strings.Repeat("+aaaaaaaaa", 10000)), ""},
		{"one that is larger", saml + strings.Repeat("a", 100001), "ValidationError"},
		{"the largest form of another kind", with("GetCallerIdentity", strings.Repeat("&", sts.MaxBody-len(with("GetCallerIdentity", "")))), "InvalidQueryParameter"},
		{"the largest token", with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken="+strings.Repeat("a", 20000)), ""},
		{"too large a token", with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken="+strings.Repeat("a", 20001)), "ValidationError"},
		{"too large a form", with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken="+strings.Repeat("a", sts.MaxBody)), "EntityTooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, r := post(t, tt.form); code(r) != tt.code {
				t.Errorf("%v, want %q", r, tt.code)
			}
			if len(tt.form) > sts.MaxSAMLBody {
				t.Errorf("%d bytes are not read", len(tt.form))
			}
		})
	}
}

// reader is post or get.
type reader = func(testing.TB, string) (action.Operation, action.Credential, *wire.Refusal)
