// Package session is temporary credentials: who may become whom, what the token of
// a session carries, how it is sealed and opened again. Nothing is stored: a token
// holds all that a session is, and what it may do follows from the snapshot in
// force when it is used.
package session

import (
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/secret"
)

// Kind is the operation that made a session.
type Kind uint8

// The kinds of sessions.
const (
	// AssumedRole is of AssumeRole.
	AssumedRole Kind = iota + 1
	// WebIdentity is of AssumeRoleWithWebIdentity, or of a bearer token used by
	// itself.
	WebIdentity
	// SAML is of AssumeRoleWithSAML.
	SAML
	// User is of GetSessionToken: the user itself.
	User
	// FederatedUser is of GetFederationToken.
	FederatedUser
	// Certificate is of a client's certificate that stands for a role.
	Certificate
)

// Session is temporary credentials as one snapshot sees them. It is immutable.
type Session struct {
	Kind Kind
	// Caller is who they are of.
	Caller *authz.Caller
	// AccessKeyID and Secret are the credentials; empty where a bearer token or a
	// certificate is used by itself. Version changes with Secret.
	AccessKeyID string
	Secret      secret.Value
	Version     uint64
	// Issued and Expires bound them.
	Issued, Expires time.Time
	// MFA is when a second factor was shown; zero if none was. MFAKnown tells
	// whether aws:MultiFactorAuthPresent is there at all.
	MFA      time.Time
	MFAKnown bool
	// IssuerName is the name of the role or of the user that issued the session;
	// Caller has its ARN and id. It is empty for a session of the user itself.
	IssuerName string
	// Provider is the ARN of the provider whose token the session is of, or the
	// name of what stood for one; empty if there was none.
	Provider string
	// ParentKeyID is the long-term access key at the beginning of the chain; empty
	// if there is none.
	ParentKeyID string
	// parentID is the unique id of the user of ParentKeyID.
	parentID string
	// keysUntil is when a retired key that its token was made with is of no use any
	// more; zero if none is.
	keysUntil time.Time
	// SourceIdentity is that of the chain; empty if none was set.
	SourceIdentity string
	// Transitive are the tags that go on to sessions which this one assumes.
	Transitive map[string]string
}
