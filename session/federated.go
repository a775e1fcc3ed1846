package session

import (
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
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
	// AWS's answers name it: the issuer of a token.
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
	// SessionName names the session where what was shown does, in the place of a
	// parameter; SessionEnd is when credentials end at the latest. Both are SAML's,
	// and may be empty.
	SessionName string
	SessionEnd  time.Time

	// account is the one whose roles it may ask for; empty if that is not limited.
	account string
	// roles are the roles that a SAML response names; nothing else may be asked for.
	roles []string
}

// Key is a condition key with one value, or with a list of them.
type Key struct {
	// Name is in lower case.
	Name   string
	Values []string
	// List tells a list, which may have one value, from a single one.
	List bool
}

// action is the one by which sessions of its kind come about.
func (f *Federated) action() string {
	switch f.Kind {
	case WebIdentity:
		return withWebIdentity
	case SAML:
		return withSAML
	case Certificate:
		return assumeRole
	default:
		return ""
	}
}

// fillUnsigned sets the keys of somebody whom no signature tells of.
func fillUnsigned(k *authz.Context) {
	k.Set("aws:principalaccount", "anonymous")
	k.Set("aws:principaltype", "Anonymous")
	k.Set("aws:userid", "anonymous")
}
