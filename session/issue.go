package session

import (
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/wire"
)

// Credentials are what a client gets.
type Credentials struct {
	AccessKeyID  string
	Secret       secret.Value
	SessionToken secret.Value
	Expires      time.Time
	// ARN and ID are the principal's: of a role's session the assumed role's ARN
	// and AROA…:NAME, of a federated user ACCOUNT:NAME.
	ARN, ID string
	// SourceIdentity is that of the session; empty if none is set.
	SourceIdentity string
	// PackedSize is the percentage of the room for policies and tags that is used;
	// 0 if there are none.
	PackedSize int
}

// Issue makes credentials of what was granted.
func (s *Sessions) Issue(snap *bundle.Snapshot, g *Grant, now time.Time) (*Credentials, *wire.Refusal) {
	return nil, unsupported()
}

// TokenQuestion is what GetSessionToken asks for.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
type TokenQuestion struct {
	// Duration is the life asked for; 0 is the operation's default.
	Duration time.Duration
	// SerialNumber and TokenCode are as sent; empty if they were not.
	SerialNumber, TokenCode string
}

// IssueSessionToken makes credentials of the caller itself, who holds a long-term
// access key.
func (s *Sessions) IssueSessionToken(snap *bundle.Snapshot, caller *authz.Caller, accessKeyID string, q *TokenQuestion, now time.Time) (*Credentials, *wire.Refusal) {
	return nil, unsupported()
}

// FederationQuestion is what GetFederationToken asks for.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
type FederationQuestion struct {
	// Name is the federated user's.
	Name string
	// Duration is the life asked for; 0 is the operation's default.
	Duration time.Duration
	// Policy is an inline session policy, PolicyARNs are managed ones; empty if
	// there are none.
	Policy     string
	PolicyARNs []string
	Tags       []action.Tag
}

// IssueFederation makes credentials of a federated user of the caller, who holds a
// long-term access key.
func (s *Sessions) IssueFederation(snap *bundle.Snapshot, caller *authz.Caller, accessKeyID string, q *FederationQuestion, now time.Time) (*Credentials, *wire.Refusal) {
	return nil, unsupported()
}
