package bundle

import (
	"github.com/sallyport-iam/sallyport/oidc"
)

// Provider is an OpenID Connect provider that an account trusts.
type Provider struct {
	// Account is the account that declares it, ARN
	// arn:aws:iam::ACCOUNT:oidc-provider/HOST[/PATH].
	Account, ARN string
	// Key is HOST[/PATH]: what its condition keys begin with.
	Key string
	// OIDC is how its tokens are verified.
	OIDC *oidc.Provider
	// Shared tells that strangers can get tokens of it, too: a trust policy must
	// tell whose are meant.
	Shared bool
	// Bearer says what role a token stands for that is used by itself, in an
	// Authorization field; nil if it cannot be.
	Bearer *BearerRule
}

// BearerRule says what a bearer token stands for.
type BearerRule struct {
	// RoleARN is the role, or RoleClaim the claim that holds the role's ARN; one
	// of them is set.
	RoleARN, RoleClaim string
	// SessionNameClaim is the claim that names the session; "sub" if none is
	// given.
	SessionNameClaim string
}

// providers are the providers of a snapshot, by what they are looked up with.
type providers struct {
	all      []*Provider // sorted by ARN
	byARN    map[string]*Provider
	byIssuer map[string][]*Provider
}
