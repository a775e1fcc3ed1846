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

// CertificateRule says which principal a client's certificate stands for.
type CertificateRule struct {
	// Account is that of the principal.
	Account string
	// URI is a URI of the certificate, such as a SPIFFE id, exact or ending in "*"
	// after a "/"; DNS one of its DNS names, exact. One of them is set.
	URI, DNS string
	// UserARN or RoleARN is the principal. A role's trust policy must let it in:
	// its principal is the service rolesanywhere.amazonaws.com.
	UserARN, RoleARN string
}

// MFADevice is a virtual MFA device (TOTP, RFC 6238: SHA-1, 30 s, 6 digits) of a
// user.
type MFADevice struct {
	// Serial is the device's ARN.
	Serial string
	// Account and User are whose it is.
	Account, User string
	// Seed is the shared secret, decoded.
	Seed []byte
}
