package session

import (
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
)

// The condition keys that sessions have beside those of every principal.
const (
	keyTokenIssueTime = "aws:tokenissuetime"
	keyMFAPresent     = "aws:multifactorauthpresent"
	keyMFAAge         = "aws:multifactorauthage"
	keyFederated      = "aws:federatedprovider"
	keySourceIdentity = "aws:sourceidentity"
)

// Keys are the condition keys, in lower case, that sessions have and long-term
// credentials have not. One that ends in "/" stands for all that begin with it.
// The keys of providers, HOST:CLAIM, come on top.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func Keys() []string {
	return []string{keyFederated, keyMFAAge, keyMFAPresent, keySourceIdentity, keyTokenIssueTime}
}

// roleCaller is a session of a role.
func roleCaller(role *bundle.Role, p *payload, policies *authz.Policies) *authz.Caller {
	c := &authz.Caller{
		Type:      authz.AssumedRole,
		Account:   role.Account,
		ARN:       "arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + p.name,
		ParentARN: role.ARN,
		ID:        role.ID + ":" + p.name,
		ParentID:  role.ID,
		Identity:  role.Identity,
		Boundary:  role.Boundary,
		Session:   policies,
	}
	k := &c.Keys
	k.Grow(9 + len(role.Tags) + len(p.tags) + len(p.kept))
	k.Set("aws:principalaccount", role.Account)
	k.Set("aws:principalarn", role.ARN)
	k.Set("aws:principalisawsservice", "false")
	k.Set("aws:principaltype", "AssumedRole")
	k.Set("aws:userid", c.ID)
	fillTags(k, role.Tags, p.tags)
	fillSession(k, p)
	return c
}

// userCaller is the user itself with the credentials of GetSessionToken.
func userCaller(user *bundle.User, p *payload) *authz.Caller {
	c := *user.Caller
	c.Keys = user.Caller.Keys.Clone()
	fillSession(&c.Keys, p)
	return &c
}

// federatedCaller is a federated user: what the user who vouches for it may do, as
// far as the session policies say so.
func federatedCaller(user *bundle.User, p *payload, policies *authz.Policies) *authz.Caller {
	c := *user.Caller
	c.Type = authz.FederatedUser
	c.ARN, c.ParentARN = federatedARN(user.Account, p.name), user.ARN
	c.ID, c.ParentID = user.Account+":"+p.name, user.ID
	c.Session = policies
	c.Keys = authz.Context{}
	k := &c.Keys
	k.Set("aws:principalaccount", user.Account)
	k.Set("aws:principalarn", c.ARN)
	k.Set("aws:principalisawsservice", "false")
	k.Set("aws:principaltype", "FederatedUser")
	k.Set("aws:userid", c.ID)
	fillTags(k, user.Tags, p.tags)
	fillSession(k, p)
	return &c
}

func federatedARN(account, name string) string {
	return "arn:aws:sts::" + account + ":federated-user/" + name
}

// fillSession sets what follows from the session alone.
func fillSession(k *authz.Context, p *payload) {
	k.Set(keyTokenIssueTime, time.Unix(p.issued, 0).UTC().Format(time.RFC3339))
	if p.kind.knowsMFA() {
		if p.mfa != 0 {
			k.Set(keyMFAPresent, "true")
		} else {
			k.Set(keyMFAPresent, "false")
		}
	}
	if p.provider != "" && p.kind == WebIdentity {
		k.Set(keyFederated, p.provider)
	}
	if p.sourceIdentity != "" {
		k.Set(keySourceIdentity, p.sourceIdentity)
	}
	for i := range p.kept {
		p.kept[i].fill(k)
	}
}

// knowsMFA tells the sessions that have aws:MultiFactorAuthPresent. It is true
// only of GetSessionToken: a role's session does not say how its caller was
// authenticated.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func (k Kind) knowsMFA() bool { return k == AssumedRole || k == User || k == Certificate }

// fill sets the key.
func (k *Key) fill(c *authz.Context) {
	if k.List {
		c.SetList(k.Name, k.Values)
	} else {
		c.Set(k.Name, k.Values[0])
	}
}
