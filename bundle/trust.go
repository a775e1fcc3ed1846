package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// The actions by which a session of a role begins.
const (
	assumeRoleAction  = "sts:AssumeRole"
	webIdentityAction = "sts:AssumeRoleWithWebIdentity"
)

// trusts tells whether a statement of a role's trust policy lets a principal in by
// an action, whatever its conditions.
func (b *builder) trusts(r *Role, kind policy.PrincipalType, value, action string) bool {
	p := b.principals[identify(roles, r.Account, r.Name)]
	if p == nil || p.trust == nil || p.trust.compiled == nil {
		return true // which is reported elsewhere
	}
	return slices.ContainsFunc(p.trust.compiled.Source().Statements, func(s policy.Statement) bool {
		return s.Effect == policy.Allow && s.CanMatchAction(action) && slices.ContainsFunc(s.Principals, func(p policy.Principal) bool {
			return p.Type == kind && p.Value == value || isEveryone(p)
		})
	})
}

func isEveryone(p policy.Principal) bool { return p.Type == policy.AWS && p.Value == policy.Everyone }

// checkTrust looks at the identity providers that trust policies let in: they must
// be there, and of those that give tokens to everybody it must be said whose.
func (b *builder) checkTrust(s *Snapshot) {
	for _, p := range b.ordered {
		_ = b.pace.step()
		if p.class != roles || p.trust == nil || p.trust.compiled == nil {
			continue
		}
		statements := p.trust.compiled.Source().Statements
		for i := range statements {
			b.checkTrusted(p, &statements[i], s)
		}
	}
}

func (b *builder) checkTrusted(role *principal, statement *policy.Statement, s *Snapshot) {
	scoped := statement.Effect == policy.Allow && statement.CanMatchAction(webIdentityAction)
	for _, trusted := range statement.Principals {
		switch {
		case isEveryone(trusted) && scoped:
			for _, p := range s.providers.all {
				if p.Account == role.account && p.Shared {
					b.checkScope(role.trust, statement, trusted.Position, p)
				}
			}
		case trusted.Type == policy.Federated:
			p := s.providers.byARN[trusted.Value]
			switch {
			case b.declared[declaration{role.account, trusted.Value}] == samlProtocol:
			case p == nil || p.Account != role.account:
				b.unknownProvider(role, trusted, s)
			case p.Shared && scoped:
				b.checkScope(role.trust, statement, trusted.Position, p)
			}
		}
	}
}

// declaration is a provider of an account, by its ARN.
type declaration struct{ account, arn string }

// protocol is what a provider speaks.
type protocol string

const (
	openIDConnect protocol = "OpenID Connect"
	samlProtocol  protocol = "SAML"
)

// declarations are the providers that accounts have files for, right or wrong.
func (b *builder) declarations() map[declaration]protocol {
	declared := make(map[declaration]protocol, len(b.providers)+len(b.saml))
	for _, source := range b.providers {
		declared[declaration{source.account, source.entity.arn(source.account)}] = openIDConnect
	}
	for _, source := range b.saml {
		declared[declaration{source.account, source.arn()}] = samlProtocol
	}
	return declared
}

// declares tells whether an account has files for a provider, right or wrong.
func (b *builder) declares(account, arn string) bool {
	_, ok := b.declared[declaration{account, arn}]
	return ok
}

// unknownProvider reports a provider that a trust policy names and that the account
// does not declare. It is a warning: nobody comes in so, accounts as they are have
// roles for providers of AWS's own, and a provider that is not to be trusted any more
// can be removed before the roles that name it.
func (b *builder) unknownProvider(role *principal, trusted policy.Principal, s *Snapshot) {
	prefix := "arn:aws:iam::" + role.account + ":oidc-provider/"
	if b.declares(role.account, trusted.Value) {
		return // it is there, with errors of its own
	}
	message := fmt.Sprintf("account %s declares no OIDC provider %q, and so nobody comes into the role with its tokens", role.account, trusted.Value)
	remedy := fmt.Sprintf("declare it in accounts/%s/%s, or remove it here", role.account, providerDirectory)
	switch {
	case strings.Contains(trusted.Value, ":saml-provider/"):
		message = fmt.Sprintf("account %s declares no SAML provider %q, and so nobody comes into the role with its responses", role.account, trusted.Value)
		remedy = fmt.Sprintf("put its metadata into accounts/%s/%s/NAME.xml, or remove it here", role.account, samlDirectory)
	case s.providers.byARN[trusted.Value] != nil:
		message = fmt.Sprintf("the OIDC provider %q is one of another account, and a role lets in only users of its own account's", trusted.Value)
	case !strings.HasPrefix(trusted.Value, "arn:"):
		message = fmt.Sprintf("the provider %q, which is built into AWS, is not known here, and so nobody comes into the role with its tokens", trusted.Value)
		remedy = fmt.Sprintf("declare it in accounts/%s/%s and write %s%s, or remove it here", role.account, providerDirectory, prefix, trusted.Value)
	}
	if near := b.nearestProvider(role.account, trusted.Value, s); near != "" && strings.Contains(trusted.Value, ":oidc-provider/") {
		remedy = fmt.Sprintf("write %q, or %s", near, remedy)
	}
	b.report(role.trust.file, trusted.Position, policy.Warning, "UNKNOWN_PROVIDER", message, remedy)
}

// nearestProvider is the ARN of an account's provider that another ARN is most like.
func (b *builder) nearestProvider(account, arn string, s *Snapshot) string {
	if !b.suggest() {
		return ""
	}
	var known []string
	for _, p := range s.providers.all {
		if p.Account == account {
			known = append(known, p.ARN)
		}
	}
	return nearest(arn, known)
}
