package reference

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// named is in which ways a Principal element names the caller.
type named struct {
	self, any, parent, account bool
}

func (n *named) merge(m named) {
	n.self = n.self || m.self
	n.any = n.any || m.any
	n.parent = n.parent || m.parent
	n.account = n.account || m.account
}

func (n named) none() bool { return n == named{} }

// principals tells whether the principal elements of a statement match.
func (q question) principals(doc *policy.Document, s *policy.Statement) (named, bool) {
	switch doc.Kind {
	case policy.Identity, policy.Boundary, policy.Session, policy.SCP:
		return named{}, true // it binds whom it is attached to
	}
	if len(s.Principals) > 0 {
		var n named
		for _, p := range s.Principals {
			n.merge(q.names(p))
		}
		return n, !n.none()
	}
	if len(s.NotPrincipals) > 0 && s.Effect == policy.Deny {
		return named{}, !q.spared(s.NotPrincipals)
	}
	return named{}, false
}

// names tells how one entry names the caller.
func (q question) names(p policy.Principal) (n named) {
	c := q.caller
	signed := c.Type == authz.Root || c.Type == authz.User || c.Type == authz.AssumedRole || c.Type == authz.FederatedUser
	switch p.Type {
	case policy.Service:
		n.self = c.Type == authz.Service && p.Value != "" && c.Provider == p.Value
		return n
	case policy.Federated:
		n.self = (c.Type == authz.WebIdentity || c.Type == authz.SAML) && p.Value != "" && c.Provider == p.Value
		return n
	case policy.CanonicalUser:
		if signed && p.Value != "" && p.Value == c.CanonicalID {
			n.account = c.Type != authz.Root
			n.self = c.Type == authz.Root
		}
		return n
	}
	if p.Value == "*" {
		n.any = true
		return n
	}
	if !signed || p.Value == "" {
		return n
	}
	if id := accountOf(p.Value); id != "" {
		if id == c.Account {
			n.account = c.Type != authz.Root
			n.self = c.Type == authz.Root
		}
		return n
	}
	arn := strings.HasPrefix(p.Value, "arn:")
	switch c.Type {
	case authz.Root, authz.User:
		n.self = arn && p.Value == c.ARN || !arn && p.Value == c.ID
	case authz.AssumedRole, authz.FederatedUser:
		n.self = arn && p.Value == c.ARN
		n.parent = arn && p.Value == c.ParentARN || !arn && p.Value == c.ParentID
	}
	return n
}

// accountOf is the account that an entry names; empty if it names none.
func accountOf(value string) string {
	id := value
	if f := strings.Split(value, ":"); len(f) == 6 && f[0] == "arn" && f[2] == "iam" && f[3] == "" && f[5] == "root" {
		id = f[4]
	}
	if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}

// spared tells whether NotPrincipal exempts the caller.
func (q question) spared(list []policy.Principal) bool {
	c := q.caller
	var everyone, account, own, role bool
	for _, p := range list {
		n := q.names(p)
		everyone = everyone || n.any
		if p.Type == policy.CanonicalUser || p.Type == policy.AWS && accountOf(p.Value) != "" {
			account = account || n.account || n.self
			continue
		}
		own = own || n.self
		role = role || n.parent
	}
	switch c.Type {
	case authz.User:
		return c.Boundary == nil && (everyone || account && own)
	case authz.AssumedRole:
		return c.Boundary == nil && (everyone || account && role)
	case authz.FederatedUser:
		return c.Boundary == nil && (everyone || account && (own || role))
	case authz.Root:
		return everyone || account
	default:
		return everyone || own
	}
}
