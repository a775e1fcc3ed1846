package session

import (
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/saml"
	"github.com/sallyport-iam/sallyport/wire"
)

// FromSAML is the holder of a SAML response of a provider, which was verified. Its
// condition keys are those that AWS has for SAML.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
func FromSAML(p *bundle.SAMLProvider, c *saml.Claims) (*Federated, *wire.Refusal) {
	f := &Federated{
		Kind: SAML, Issued: c.Issued, Expires: c.Issued.Add(saml.Redeemable + time.Second), SessionEnd: c.Expires,
		Subject: c.Subject, Audience: c.Recipient, Provider: c.Issuer, ProviderARN: p.ARN, account: p.Account,
		Caller:      &authz.Caller{Type: authz.SAML, ID: p.Account + ":" + p.Name + ":" + c.Subject, Provider: p.ARN},
		SessionName: c.SessionName, SourceIdentity: c.SourceIdentity, Transitive: c.TransitiveTagKeys,
	}
	for _, t := range c.Tags {
		f.Tags = append(f.Tags, action.Tag(t))
	}
	for _, r := range c.Roles {
		if r.ProviderARN == p.ARN {
			f.roles = append(f.roles, r.RoleARN)
		}
	}
	if r := checkTags(f.Tags, f.Transitive); r != nil {
		return nil, invalidToken("The SAML response that was passed could not be used: "+r.Message, "")
	}
	if !isName(f.SessionName, maxName) {
		return nil, invalidToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}", "")
	}
	f.Kept = []Key{
		{Name: "saml:sub", Values: []string{c.Subject}},
		{Name: "saml:namequalifier", Values: []string{saml.NameQualifier(c.Issuer, p.Account, p.Name)}},
	}
	if c.SubjectType != "" {
		f.Kept = append(f.Kept, Key{Name: "saml:sub_type", Values: []string{c.SubjectType}})
	}
	k := &f.Caller.Keys
	fillUnsigned(k)
	k.Set("saml:aud", c.Recipient)
	k.Set("saml:iss", c.Issuer)
	k.Set("saml:doc", p.Account+"/"+p.Name)
	for i := range f.Kept {
		f.Kept[i].fill(k)
	}
	for _, key := range c.Keys {
		own := Key(key)
		own.fill(k)
	}
	return f, nil
}

// VerifySAML is the holder of a SAML response that asks for a role, as
// AssumeRoleWithSAML has it: of a provider that the role's account declares.
func VerifySAML(snap *bundle.Snapshot, roleARN, providerARN, response string, now time.Time) (*Federated, *wire.Refusal) {
	account, ok := roleAccount(roleARN)
	if !ok {
		return nil, invalid(roleARN + " is invalid")
	}
	p := snap.SAMLProvider(providerARN)
	if p == nil || p.Account != account {
		return nil, invalidToken("Specified provider doesn't exist", "account "+account+" declares no SAML provider "+providerARN)
	}
	claims, err := p.SAML.Verify(response, now)
	if err != nil {
		return nil, SAMLRefusal(err)
	}
	return FromSAML(p, claims)
}

// SAMLRefusal is what a client gets whose SAML response was not verified.
func SAMLRefusal(err error) *wire.Refusal {
	var e *saml.Error
	if !errors.As(err, &e) {
		return wire.Unavailable("verify the SAML response: " + err.Error())
	}
	switch e.Kind {
	case saml.Malformed:
		return invalidToken("The SAML response that was passed is not one that can be used", e.Cause)
	case saml.Expired:
		return &wire.Refusal{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: "Token must be redeemed within 5 minutes of issuance", Cause: e.Cause}
	case saml.NotYet:
		return invalidToken("The SAML response is not valid yet", e.Cause)
	default:
		return invalidToken("Response signature invalid, or not meant for this service", e.Cause)
	}
}
