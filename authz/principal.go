package authz

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// grant is how a Principal element names a caller, weakest first.
type grant uint8

const (
	// grantNone: not at all.
	grantNone grant = iota
	// grantAccount: by its account, which only delegates to that.
	grantAccount
	// grantParent: by the role or the user of its session.
	grantParent
	// grantAny: as one of everybody.
	grantAny
	// grantSelf: by its own ARN, id or name.
	grantSelf
)

type principalKind uint8

const (
	everyone principalKind = iota
	account
	byARN
	byID
	federated
	service
	canonicalUser
)

// principal is a compiled entry of a Principal or NotPrincipal element.
type principal struct {
	kind principalKind
	text string
}

func compilePrincipals(list []policy.Principal) []principal {
	compiled := make([]principal, len(list))
	for i, p := range list {
		compiled[i] = compilePrincipal(p)
	}
	return compiled
}

func compilePrincipal(p policy.Principal) principal {
	switch p.Type {
	case policy.Federated:
		return principal{federated, p.Value}
	case policy.Service:
		return principal{service, p.Value}
	case policy.CanonicalUser:
		return principal{canonicalUser, p.Value}
	}
	if p.Value == policy.Everyone {
		return principal{kind: everyone}
	}
	if policy.IsAccountID(p.Value) {
		return principal{account, p.Value}
	}
	if !strings.HasPrefix(p.Value, "arn:") {
		return principal{byID, p.Value}
	}
	if id, ok := rootARN(p.Value); ok {
		return principal{account, id}
	}
	return principal{byARN, p.Value}
}

// rootARN takes the account from arn:PARTITION:iam::ACCOUNT:root.
func rootARN(arn string) (id string, ok bool) {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 || f[2] != "iam" || f[3] != "" || f[5] != "root" {
		return "", false
	}
	return f[4], policy.IsAccountID(f[4])
}

// hasAccount tells the callers that belong to an account from those that only
// hold a token, are a service, or are nobody.
func (c *Caller) hasAccount() bool {
	switch c.Type {
	case Root, User, AssumedRole, FederatedUser:
		return true
	default:
		return false
	}
}

// hasPolicies tells the callers that identity-based policies and boundaries
// bind.
func (c *Caller) hasPolicies() bool { return c.hasAccount() && c.Type != Root }

// isSession tells the callers that session policies bind.
func (c *Caller) isSession() bool { return c.Type == AssumedRole || c.Type == FederatedUser }

// grants tells how the entry names the caller.
func (p principal) grants(c *Caller) grant {
	switch {
	case p.kind == everyone:
		return grantAny
	case p.text == "":
		return grantNone
	case p.kind == service:
		return self(c.Type == Service && p.text == c.Provider)
	case p.kind == federated:
		return self((c.Type == WebIdentity || c.Type == SAML) && p.text == c.Provider)
	case !c.hasAccount():
		return grantNone
	}
	switch p.kind {
	case byARN:
		return p.grantsName(c, c.ARN, c.ParentARN)
	case byID:
		return p.grantsName(c, c.ID, c.ParentID)
	case account:
		if p.text == c.Account {
			return ofAccount(c)
		}
	case canonicalUser:
		if p.text == c.CanonicalID {
			return ofAccount(c)
		}
	}
	return grantNone
}

func self(yes bool) grant {
	if yes {
		return grantSelf
	}
	return grantNone
}

// grantsName compares an ARN or id with the caller's own and its parent's. The
// id of a session is its parent's, whichever field holds it.
func (p principal) grantsName(c *Caller, own, parent string) grant {
	switch {
	case p.text == own && (p.kind == byARN || !c.isSession()):
		return grantSelf
	case c.isSession() && p.text == parent:
		return grantParent
	}
	return grantNone
}

// ofAccount is what an account's entry is to a caller of that account: to the
// root user it is the user itself.
func ofAccount(c *Caller) grant {
	if c.Type == Root {
		return grantSelf
	}
	return grantAccount
}

// strongest is the strongest way in which a list names the caller.
func strongest(list []principal, c *Caller) grant {
	best := grantNone
	for _, p := range list {
		best = max(best, p.grants(c))
	}
	return best
}

// exempt tells whether NotPrincipal spares the caller. Its whole chain must be
// listed: the account, and the user or role. Nothing spares a principal with a
// permissions boundary.
func exempt(list []principal, c *Caller) bool {
	var own, ofAccount bool
	for _, p := range list {
		switch g := p.grants(c); {
		case g == grantAny:
			own, ofAccount = true, true
		case p.kind == account || p.kind == canonicalUser:
			ofAccount = ofAccount || g != grantNone
		case c.Type == AssumedRole:
			own = own || g == grantParent // the role: naming the session is optional
		default:
			own = own || g != grantNone
		}
	}
	switch {
	case c.hasPolicies():
		return c.Boundary == nil && own && ofAccount
	case c.Type == Root:
		return ofAccount
	default:
		return own
	}
}
