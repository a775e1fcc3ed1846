package session

import (
	"context"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/wire"
)

// Federated is the holder of a verified token or certificate: it may do nothing
// but assume a role. It is immutable.
type Federated struct {
	// Kind is that of the sessions it gets: WebIdentity, SAML or Certificate.
	Kind Kind
	// Caller is who asks, for the trust policy alone.
	Caller *authz.Caller
	// Issued and Expires bound what was shown.
	Issued, Expires time.Time
	// Subject, Audience and Provider are what the token says, and the provider as
	// AWS's answers and records name it.
	Subject, Audience, Provider string
	// ProviderARN is the provider in the bundle; empty for a certificate.
	ProviderARN string
	// Tags are the session tags that the token holds, Transitive the keys of those
	// that go on, SourceIdentity the source identity; empty if it holds none.
	Tags           []action.Tag
	Transitive     []string
	SourceIdentity string
	// Kept are the condition keys that stay in the session.
	Kept []Key
}

// Key is a condition key with one value, or with a list of them.
type Key struct {
	// Name is in lower case.
	Name   string
	Values []string
	// List tells a list, which may have one value, from a single one.
	List bool
}

// FromWebIdentity is the holder of a token of a provider, which was verified.
func FromWebIdentity(p *bundle.Provider, c *oidc.Claims) (*Federated, *wire.Refusal) {
	return nil, unsupported()
}

// FromCertificate is whom a client's certificate stands for by the rules of the
// bundle: a user, or one who asks to become a role. If no rule matches, all results
// are nil; if several do, it is refused.
func FromCertificate(snap *bundle.Snapshot, cert *wire.Certificate, now time.Time) (who *Federated, user *authz.Caller, a *action.Assumption, r *wire.Refusal) {
	return nil, nil, nil, unsupported()
}

// Bearer is who asks with a token in an Authorization field, and for what, by the
// rules of the token's provider. What follows from the token, the snapshot and the
// provider's keys alone is remembered.
func (s *Sessions) Bearer(ctx context.Context, v *oidc.Verifier, snap *bundle.Snapshot, token string, now time.Time) (*Assuming, *wire.Refusal) {
	return nil, unsupported()
}

func unsupported() *wire.Refusal {
	return &wire.Refusal{Status: 501, Code: "NotImplemented", Message: "This is not implemented."}
}
