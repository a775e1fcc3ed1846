package main

import (
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
)

// principalTypes are the types of principal by name.
var principalTypes = func() map[string]authz.PrincipalType {
	types := map[string]authz.PrincipalType{}
	for t := authz.Anonymous; t <= authz.Service; t++ {
		types[t.String()] = t
	}
	return types
}()

// principal checks who asks, and makes a caller of it.
func (c *checker) principal(p *claimedPrincipal, caller *authz.Caller) {
	t, ok := principalTypes[p.kind]
	switch {
	case p.kind == "":
		c.missing("principal.type")
		return
	case !ok:
		c.problem("principal.type", fmt.Sprintf("%q is no type of principal; write user, assumed-role, federated-user, web-identity, saml, root, anonymous or service", p.kind))
		return
	}
	caller.Type = t
	c.only(p, "role_arn", p.role, t == authz.AssumedRole)
	c.only(p, "issuer_arn", p.issuer, t == authz.FederatedUser)
	c.only(p, "provider_arn", p.provider, t == authz.WebIdentity || t == authz.SAML || t == authz.Service)
	switch t {
	case authz.Anonymous:
		c.nobody(p)
	case authz.Service:
		c.service(p, caller)
	case authz.WebIdentity, authz.SAML:
		c.token(p, caller)
	default:
		c.account("principal.account", p.account)
		caller.ARN, caller.Account = p.arn, p.account
		c.member(p, caller)
	}
}

// only reports a member that the type of principal does not have.
func (c *checker) only(p *claimedPrincipal, name, value string, has bool) {
	if value != "" && !has {
		c.problem("principal."+name, fmt.Sprintf("a principal of type %s has none; remove it", p.kind))
	}
}

// nobody checks an anonymous principal, which has no name; AWS writes
// "anonymous" where something must stand.
func (c *checker) nobody(p *claimedPrincipal) {
	for _, f := range [...]struct{ name, value string }{{"arn", p.arn}, {"account", p.account}} {
		c.only(p, f.name, f.value, f.value == "anonymous")
	}
}

// service checks a service principal, whose name stands where others have an
// ARN.
func (c *checker) service(p *claimedPrincipal, caller *authz.Caller) {
	name := p.arn
	if name == "" {
		name = p.provider
	}
	switch {
	case name == "":
		c.missing("principal.arn")
	case !strings.Contains(name, ".") || strings.ContainsAny(name, ":/*? "):
		c.problem("principal.arn", fmt.Sprintf(`%q is no service; write its name, e.g. "sns.amazonaws.com"`, name))
	case p.provider != "" && p.provider != name:
		c.problem("principal.provider_arn", "not the service that principal.arn names; remove it")
	}
	if p.account != "" {
		c.account("principal.account", p.account)
	}
	caller.ARN, caller.Provider = name, name
}

// token checks the holder of a token, whom the identity provider vouches for.
func (c *checker) token(p *claimedPrincipal, caller *authz.Caller) {
	prefix, example := "oidc-provider/", "arn:aws:iam::111122223333:oidc-provider/token.example.com"
	if caller.Type == authz.SAML {
		prefix, example = "saml-provider/", "arn:aws:iam::111122223333:saml-provider/corporate"
	}
	f, ok := splitARN(p.provider)
	host := caller.Type == authz.WebIdentity && strings.Contains(p.provider, ".") && !strings.ContainsAny(p.provider, ":/ ")
	switch {
	case p.provider == "":
		c.missing("principal.provider_arn")
	case !host && (!ok || f[2] != "iam" || !strings.HasPrefix(f[5], prefix)):
		c.problem("principal.provider_arn", fmt.Sprintf("%q is no provider of a %s principal; write its ARN, e.g. %q", p.provider, p.kind, example))
	}
	if _, ok := splitARN(p.arn); p.arn != "" && !ok {
		c.problem("principal.arn", fmt.Sprintf("%q is no ARN; write its six fields, or leave it out", p.arn))
	}
	if p.account != "" {
		c.account("principal.account", p.account)
	}
	caller.ARN, caller.Account, caller.Provider = p.arn, p.account, p.provider
}

// member checks a principal that belongs to an account.
func (c *checker) member(p *claimedPrincipal, caller *authz.Caller) {
	f := c.arn(p, "arn", p.arn, memberForms[caller.Type])
	switch {
	case caller.Type == authz.FederatedUser && p.issuer != "":
		caller.ParentARN = p.issuer
		c.arn(p, "issuer_arn", p.issuer, issuerForm)
	case caller.Type == authz.AssumedRole:
		role, _, _ := strings.Cut(strings.TrimPrefix(f[5], "assumed-role/"), "/")
		if p.role == "" {
			// Without its path: an assumed-role ARN has none.
			caller.ParentARN = "arn:" + f[1] + ":iam::" + f[4] + ":role/" + role
			return
		}
		caller.ParentARN = p.role
		if r := c.arn(p, "role_arn", p.role, roleForm); r[5] != "" && f[5] != "" && r[5][strings.LastIndexByte(r[5], '/')+1:] != role {
			c.problem("principal.role_arn", fmt.Sprintf("%q is not the role of the session %q", p.role, p.arn))
		}
	}
}

// arnForm is what the ARN of a principal looks like.
type arnForm struct {
	service, prefix, example string
	// parts is the number of names behind the prefix, at least; names may have
	// a path if it is 1.
	parts int
}

var (
	memberForms = map[authz.PrincipalType]arnForm{
		authz.User:          {"iam", "user/", "arn:aws:iam::111122223333:user/alice", 1},
		authz.Root:          {"iam", "root", "arn:aws:iam::111122223333:root", 0},
		authz.AssumedRole:   {"sts", "assumed-role/", "arn:aws:sts::111122223333:assumed-role/ROLE/SESSION", 2},
		authz.FederatedUser: {"sts", "federated-user/", "arn:aws:sts::111122223333:federated-user/bob", 1},
	}
	roleForm   = arnForm{"iam", "role/", "arn:aws:iam::111122223333:role/ROLE", 1}
	issuerForm = arnForm{"iam", "user/", "arn:aws:iam::111122223333:user/alice", 1}
)

// matches tells whether the resource of an ARN has the form.
func (f arnForm) matches(resource string) bool {
	rest, ok := strings.CutPrefix(resource, f.prefix)
	switch {
	case !ok:
		return false
	case f.parts == 0:
		return rest == ""
	case f.parts == 2:
		role, session, _ := strings.Cut(rest, "/")
		return role != "" && session != "" && !strings.Contains(session, "/")
	default:
		return rest != "" && !strings.HasSuffix(rest, "/")
	}
}

// arn checks an ARN of a principal that belongs to an account, and returns its
// fields; empty ones if it is not what it must be.
func (c *checker) arn(p *claimedPrincipal, name, arn string, form arnForm) [6]string {
	path := "principal." + name
	f, ok := splitARN(arn)
	switch {
	case arn == "":
		c.missing(path)
	case !ok || f[2] != form.service || f[3] != "" || !form.matches(f[5]) || strings.ContainsAny(arn, "*? "):
		c.problem(path, fmt.Sprintf("%q does not name what a principal of type %s needs there; write e.g. %s", arn, p.kind, form.example))
	case f[4] != p.account:
		c.problem(path, fmt.Sprintf("%q is of account %q, and principal.account is %q", arn, f[4], p.account))
	default:
		return f
	}
	return [6]string{}
}
