package policy

import (
	"fmt"
	"strings"
)

var principalTypes = []string{string(AWS), string(Federated), string(Service), string(CanonicalUser)}

func (r *reader) principals(s *Statement, yes, no *member) {
	if !r.kind.HasPrincipals() {
		for _, m := range []*member{yes, no} {
			if m != nil {
				r.error(m.Position, "UNSUPPORTED_PRINCIPAL", fmt.Sprintf("a %s has no %s", r.kind, m.name), "remove it: the policy binds whom it is attached to")
			}
		}
		return
	}
	if yes != nil {
		s.Principals = r.principalList(&yes.value, yes.name)
	}
	if no != nil {
		s.NotPrincipals = r.principalList(&no.value, no.name)
		r.notPrincipal(s, no)
	}
	if yes == nil && no == nil {
		r.error(s.Position, "MISSING_PRINCIPAL", "the statement of a "+r.kind.String()+" has no Principal", `add "Principal"`)
	}
	for _, p := range s.Principals {
		r.everyone(s, p)
		r.canonical(s, p, false)
	}
	for _, p := range s.NotPrincipals {
		r.canonical(s, p, true)
	}
}

// canonical reports an id that matches nobody unless the account's is known,
// which AWS shows to the account alone.
func (r *reader) canonical(s *Statement, p Principal, negated bool) {
	if p.Type == CanonicalUser {
		r.add(s.vain(negated), p.Position, "UNSUPPORTED_CANONICAL_USER", "a canonical user id matches only callers of an account whose id is known", "name the account under AWS")
	}
}

func (r *reader) notPrincipal(s *Statement, no *member) {
	switch {
	case r.kind == Trust || r.kind == RCP:
		r.error(no.Position, "UNSUPPORTED_ELEMENT", "a "+r.kind.String()+" has no NotPrincipal", `write "Principal" and a condition on aws:PrincipalArn`)
	case s.Effect == Allow:
		r.error(no.Position, "ALLOW_WITH_NOTPRINCIPAL", "NotPrincipal cannot stand in an Allow", `write "Principal" and a condition on aws:PrincipalArn`)
	}
}

// everyone reports where the kind wants "*", or would rather not have it.
func (r *reader) everyone(s *Statement, p Principal) {
	all := p.Type == AWS && p.Value == Everyone
	switch {
	case r.kind == RCP && !all:
		r.error(p.Position, "UNSUPPORTED_PRINCIPAL", fmt.Sprintf("a resource control policy cannot name the principal %q", p.Value), `write "Principal": "*" and a condition`)
	case r.kind == Trust && all && s.Effect == Allow:
		r.warn(p.Position, "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", "everyone may assume the role, as far as its conditions let them", "name the principals")
	}
}

// principalList reads a Principal element. The result is not nil.
func (r *reader) principalList(n *node, element string) []Principal {
	list := []Principal{}
	switch {
	case n.kind == nodeString && n.text == Everyone:
		return append(list, Principal{AWS, Everyone, n.Position})
	case n.kind != nodeObject:
		r.error(n.Position, "INVALID_PRINCIPAL_FORMAT", element+` is neither "*" nor an object`, `write "*" or {"AWS": […]}`)
		return list
	}
	r.known(n, principalTypes, element)
	for i := range n.members {
		m := &n.members[i]
		kind := PrincipalType(m.name)
		for _, v := range r.list(&m.value, element) {
			r.principal(kind, v)
			list = append(list, Principal{kind, v.Text, v.Position})
		}
	}
	if len(n.members) == 0 {
		r.note(n.Position, "EMPTY_OBJECT_PRINCIPAL", "an empty "+element+" gives the statement no effect", "name the principals, or remove the statement")
	}
	return list
}

// principal reports a malformed principal.
func (r *reader) principal(kind PrincipalType, v Value) {
	if kind == AWS && v.Text == Everyone {
		return
	}
	r.noVariable(v, "Principal")
	if strings.ContainsAny(v.Text, "*?") {
		r.error(v.Position, "UNSUPPORTED_WILDCARD_IN_PRINCIPAL", fmt.Sprintf("a wildcard in the principal %q", v.Text), `name it in full; "*" alone, under AWS, stands for everyone; a condition on aws:PrincipalArn may hold wildcards`)
		return
	}
	switch kind {
	case AWS:
		r.awsPrincipal(v)
	case Federated:
		r.federatedPrincipal(v)
	case Service:
		if name, domain, ok := strings.Cut(v.Text, "."); !ok || name == "" || domain == "" || strings.ContainsAny(v.Text, ":/ ") {
			r.error(v.Position, "INVALID_SERVICE_PRINCIPAL_FORMAT", fmt.Sprintf("%q is no service principal", v.Text), `write its name, e.g. "sns.amazonaws.com"`)
		}
	case CanonicalUser:
		if !canonicalUser(v.Text) {
			r.error(v.Position, "INVALID_PRINCIPAL_FORMAT", fmt.Sprintf("%q is no canonical user id", v.Text), "write its 64 hex digits")
		} else if r.kind != Resource && r.kind != Bucket {
			r.error(v.Position, "UNSUPPORTED_PRINCIPAL", "a "+r.kind.String()+" cannot name a canonical user", "name the account under AWS")
		}
	}
}

func canonicalUser(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// IsAccountID tells whether s is the id of an account: 12 digits.
func IsAccountID(s string) bool { return len(s) == 12 && digits(s) == 12 }

func (r *reader) awsPrincipal(v Value) {
	if IsAccountID(v.Text) || uniqueID(v.Text) {
		return
	}
	bad := func(why, remedy string) {
		r.error(v.Position, "INVALID_PRINCIPAL_FORMAT", fmt.Sprintf("%q %s", v.Text, why), remedy)
	}
	f := strings.SplitN(v.Text, ":", 6)
	if len(f) < 6 || f[0] != "arn" || f[1] == "" || f[3] != "" {
		bad("is no principal", `write an account id, "*", or the ARN of an account, user, role or session`)
		return
	}
	if !IsAccountID(f[4]) && f[4] != "cloudfront" {
		bad("holds no account id", "write its 12 digits in the fifth field")
		return
	}
	word, name, _ := strings.Cut(f[5], "/")
	switch {
	case f[2] == "iam" && f[5] == "root":
	case f[2] == "iam" && (word == "user" || word == "role") && name != "" && !strings.HasSuffix(name, "/"):
	case f[2] == "sts" && word == "assumed-role" && sessionName(name):
	case f[2] == "sts" && word == "federated-user" && name != "":
	case f[2] == "iam" && word == "group":
		bad("is a user group, which is no principal", "name the users, or the account")
	case f[2] == "iam" && (word == "oidc-provider" || word == "saml-provider"):
		bad("is an identity provider", `write it under "Federated"`)
	case f[2] == "sts" && word == "assumed-role":
		bad("names no session", "write …:assumed-role/ROLE/SESSION, or the role's ARN for all its sessions")
	default:
		bad("is no principal", `write the ARN of an account (…:root), user, role, role session or federated user`)
	}
}

// sessionName tells whether s is ROLE/SESSION.
func sessionName(s string) bool {
	role, session, _ := strings.Cut(s, "/")
	return role != "" && session != "" && !strings.Contains(session, "/")
}

// uniqueID tells whether s is the unique id of a user or a role.
func uniqueID(s string) bool {
	if !strings.HasPrefix(s, "AIDA") && !strings.HasPrefix(s, "AROA") {
		return false
	}
	return len(s) > 4 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (r *reader) federatedPrincipal(v Value) {
	if r.kind != Trust {
		r.error(v.Position, "FEDERATED_PRINCIPAL_NOT_SUPPORTED", "a "+r.kind.String()+" cannot name an identity provider", "name the role that its users assume")
		return
	}
	f := strings.SplitN(v.Text, ":", 6)
	if len(f) == 6 && f[0] == "arn" && f[2] == "iam" && IsAccountID(f[4]) {
		if word, name, _ := strings.Cut(f[5], "/"); name != "" && (word == "oidc-provider" || word == "saml-provider") {
			return
		}
	} else if len(f) == 1 && strings.Contains(v.Text, ".") && !strings.ContainsAny(v.Text, "/ ") {
		return // one of the built-in providers, by host
	}
	r.error(v.Position, "INVALID_PRINCIPAL_FORMAT", fmt.Sprintf("%q is no identity provider", v.Text), "write the ARN of an OIDC or SAML provider, or the host of a built-in one")
}

// trusted reports an action of a trust policy that its principals cannot call.
func (r *reader) trusted(s *Statement) {
	if r.kind != Trust {
		return
	}
	matched := map[string]bool{} // of the few actions there are, whatever the number of principals
	for _, p := range s.Principals {
		usable := false
		for _, action := range assumeActions(p) {
			if _, known := matched[action]; !known {
				matched[action] = s.CanMatchAction(action)
			}
			usable = usable || matched[action]
		}
		if !usable && len(s.Actions) > 0 {
			r.warn(p.Position, "MISMATCHED_ACTION_FOR_PRINCIPAL", fmt.Sprintf("the principal %q cannot call the actions of the statement", p.Value), "write sts:AssumeRole for AWS and Service, sts:AssumeRoleWithWebIdentity for an OIDC provider, sts:AssumeRoleWithSAML for a SAML provider")
		}
	}
}

// assumeActions are the actions by which a principal comes into a role.
func assumeActions(p Principal) []string {
	switch {
	case p.Type == AWS && p.Value == Everyone:
		return []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"}
	case p.Type != Federated:
		return []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"}
	case strings.Contains(p.Value, ":saml-provider/"):
		return []string{"sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"}
	default:
		return []string{"sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"}
	}
}
