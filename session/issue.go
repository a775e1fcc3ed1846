package session

import (
	"crypto/rand"
	"encoding/base32"
	"net/http"
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

// The bounds of the lives of sessions of users.
const (
	defaultUserDuration = 12 * time.Hour
	maxUserDuration     = 36 * time.Hour
)

// Issue makes credentials of what was granted.
func (s *Sessions) Issue(snap *bundle.Snapshot, g *Grant, now time.Time) (*Credentials, *wire.Refusal) {
	p, duration := *g.payload, g.duration
	if f := g.federated; f != nil && !f.SessionEnd.IsZero() {
		if duration = min(duration, f.SessionEnd.Sub(now)); duration < time.Second {
			return nil, &wire.Refusal{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: "The session of the SAML response is over"}
		}
	}
	c, r := issue(snap, &p, duration, now)
	if r != nil {
		return nil, r
	}
	c.ARN = "arn:aws:sts::" + g.role.Account + ":assumed-role/" + g.role.Name + "/" + p.name
	c.ID, c.SourceIdentity = g.role.ID+":"+p.name, p.sourceIdentity
	return c, nil
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
	p, r := userPayload(snap, caller, accessKeyID, opGetSessionToken)
	if r != nil {
		return nil, r
	}
	p.kind = User
	duration, r := userDuration(q.Duration)
	if r != nil {
		return nil, r
	}
	shown, r := s.codes.check(snap, caller, q.SerialNumber, q.TokenCode, now)
	if r != nil {
		return nil, r
	}
	if shown {
		p.mfa = now.Unix()
	}
	c, r := issue(snap, p, duration, now)
	if r != nil {
		return nil, r
	}
	c.ARN, c.ID = caller.ARN, caller.ID
	return c, nil
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
	p, r := userPayload(snap, caller, accessKeyID, opGetFederationToken)
	if r != nil {
		return nil, r
	}
	p.kind, p.name, p.policy, p.policyARNs, p.tags = FederatedUser, q.Name, q.Policy, q.PolicyARNs, q.Tags
	if !isName(q.Name, maxFederatedName) {
		return nil, invalid("1 validation error detected: Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*, and have 2 to 32 characters")
	}
	duration, r := userDuration(q.Duration)
	if r != nil {
		return nil, r
	}
	if r := checkTags(q.Tags, nil); r != nil {
		return nil, r
	}
	if r := checkARNs(q.PolicyARNs); r != nil {
		return nil, r
	}
	inline, r := compileInline(q.Policy)
	if r != nil {
		return nil, r
	}
	policies, r := sessionPolicies(snap, p.account, inline, q.PolicyARNs)
	if r != nil {
		return nil, r
	}
	if r := checkCost(policies); r != nil {
		return nil, r
	}
	c, r := issue(snap, p, duration, now)
	if r != nil {
		return nil, r
	}
	c.ARN, c.ID = federatedARN(p.account, q.Name), p.account+":"+q.Name
	return c, nil
}

// userPayload is what a session begins with that a user has of itself.
func userPayload(snap *bundle.Snapshot, caller *authz.Caller, accessKeyID, operation string) (*payload, *wire.Refusal) {
	held, ok := snap.Credential(accessKeyID)
	if !ok || held.Caller.ID != caller.ID {
		return nil, denied("Cannot call "+operation+" with session credentials", "")
	}
	user := snap.UserByID(caller.ID)
	if caller.Type != authz.User || user == nil {
		return nil, denied("Only users can call "+operation, "")
	}
	return &payload{account: user.Account, id: user.ID, parentKeyID: accessKeyID, parentID: user.ID}, nil
}

func userDuration(d time.Duration) (time.Duration, *wire.Refusal) {
	switch {
	case d == 0:
		return defaultUserDuration, nil
	case d < minDuration:
		return 0, invalid("1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	case d > maxUserDuration:
		return 0, invalid("1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600")
	}
	return d, nil
}

// issue makes the credentials of a payload.
func issue(snap *bundle.Snapshot, p *payload, duration time.Duration, now time.Time) (*Credentials, *wire.Refusal) {
	keys := snap.SessionKeys()
	if keys == nil || keys.Issuer == nil {
		return nil, notIssued("the session keys hold no issuer key")
	}
	p.accessKeyID = newAccessKeyID()
	p.issued = now.Unix()
	p.expires = p.issued + int64(duration/time.Second)
	token, secretKey, size, ok := newToken(keys, p)
	packed := packedSize(p, size)
	switch {
	case !ok && size > maxToken:
		return nil, packedTooLarge(max(packed, 101))
	case !ok:
		return nil, notIssued("the session keys cannot be used")
	}
	return &Credentials{
		AccessKeyID: p.accessKeyID, Secret: secretKey, SessionToken: secret.New(token), Expires: p.expiresAt(), PackedSize: packed,
	}, nil
}

// packedSize is the percentage that policies and tags take of the room which a token
// has for them.
func packedSize(p *payload, size int) int {
	if p.policy == "" && len(p.policyARNs) == 0 && len(p.tags) == 0 {
		return 0
	}
	bare := *p
	bare.policy, bare.policyARNs, bare.tags, bare.transitive = "", nil, nil, nil
	least := sealedSize(signedHeader + 1 + len(bare.append(nil)))
	if least >= maxToken {
		return 101
	}
	return max(1, (100*(size-least)+maxToken-least-1)/(maxToken-least))
}

// newAccessKeyID makes an id of the form of AWS's temporary ones.
func newAccessKeyID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return "ASIA" + base32.StdEncoding.EncodeToString(b[:])
}
