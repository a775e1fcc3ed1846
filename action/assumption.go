package action

import "time"

// Assumption is what a caller asks to become: a session of a role. The parameters
// of AssumeRole and its kin say it, and the direct use of a bearer token or of a
// certificate stands for one.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
type Assumption struct {
	// Action is "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity" or
	// "sts:AssumeRoleWithSAML".
	Action string
	// RoleARN names the role and SessionName the session.
	RoleARN, SessionName string
	// Duration is the life asked for; 0 is the operation's default.
	Duration time.Duration
	// Policy is an inline session policy, PolicyARNs are managed ones; empty if
	// there are none.
	Policy     string
	PolicyARNs []string
	// Tags are session tags, TransitiveTagKeys those that go on to the sessions
	// which this one assumes.
	Tags              []Tag
	TransitiveTagKeys []string
	// ExternalID, SourceIdentity, SerialNumber and TokenCode are as sent; empty if
	// they were not.
	ExternalID, SourceIdentity, SerialNumber, TokenCode string
}

// Tag is a tag of a session.
type Tag struct{ Key, Value string }

// CredentialKind is what a request's body identifies its caller with.
type CredentialKind uint8

// The kinds of credentials in a body.
const (
	// NoCredential: the body holds none; the header does, or the caller is
	// anonymous.
	NoCredential CredentialKind = iota
	// WebIdentityToken: a token of an OpenID Connect provider.
	WebIdentityToken
	// SAMLAssertion: a SAML response.
	SAMLAssertion
)

// Credential is a credential that stands in a request's body. Token is a secret.
type Credential struct {
	Kind CredentialKind
	// Token is the token or the encoded response.
	Token string
	// RoleARN is the role asked for: its account's providers are the ones that
	// count. ProviderARN is the SAML provider's, as sent.
	RoleARN, ProviderARN string
}
