// Package saml answers whether a SAML response is genuine, and what it asserts.
// It verifies the responses that identity providers make for Amazon Web Services,
// with the certificates of the provider's metadata, and fetches nothing.
//
// github.com/crewjam/saml carries XML and its signatures: it reads what a
// signature covers from the very bytes that were digested, so that nothing around
// them counts. This package allows less than it can: one assertion, in the clear,
// signed by itself or with its response, no SHA-1, no comments, processing
// instructions or document types.
package saml

import (
	"fmt"
	"time"
)

// The limits.
const (
	// MaxResponse is the size of an encoded response, in bytes: AWS's.
	MaxResponse = 100_000
	// MaxMetadata is the size of a provider's metadata, in bytes: AWS's.
	MaxMetadata = 10_000_000
	// Redeemable is how long after it was issued a response can be used, as AWS
	// has it; the clocks may differ by Leeway.
	Redeemable = 5 * time.Minute
	// Leeway is how far clocks may disagree.
	Leeway = 3 * time.Minute

	maxDepth    = 64   // nesting of XML
	maxPieces   = 64   // attributes of one element of XML
	maxElements = 2000 // elements of a response: what they cost, anybody can ask for
	maxValues   = 500  // attribute values of an assertion
)

// Claims are what a genuine response asserts.
type Claims struct {
	// Issuer is the provider's entity id.
	Issuer string
	// Subject is the name, SubjectType its format: "persistent", "transient" or
	// what follows the prefix of SAML 2.0's formats, or a whole URI.
	Subject, SubjectType string
	// Recipient is whom the response is for: the URL of a sign-in endpoint.
	Recipient string
	// Issued is when the assertion was issued; Expires is when a session from it
	// ends at the latest (SessionNotOnOrAfter), zero if the provider does not say.
	Issued, Expires time.Time
	// Roles are the roles that the holder may ask for.
	Roles []Role
	// SessionName names the session. It is never empty.
	SessionName string
	// Duration is the life of the session; 0 if the provider does not say.
	Duration time.Duration
	// Tags are the session's tags, TransitiveTagKeys the keys of those that go on.
	Tags              []Tag
	TransitiveTagKeys []string
	// SourceIdentity is empty if the provider gives none.
	SourceIdentity string
	// Keys are the attributes that are condition keys, by name.
	Keys []Key
}

// Role is a pair of the Role attribute.
type Role struct{ RoleARN, ProviderARN string }

// Tag is a tag of a session.
type Tag struct{ Key, Value string }

// Key is a condition key that an attribute fills.
type Key struct {
	// Name is in lower case and begins with "saml:".
	Name   string
	Values []string
	// List tells a list from a single value.
	List bool
}

// Error is why a response is not accepted.
type Error struct {
	// Kind is the class of it.
	Kind Kind
	// Cause is for the operator; it holds nothing of the response but names.
	Cause string
}

func (e *Error) Error() string { return e.Cause }

// Kind is a class of errors, for the answer in AWS's words.
type Kind uint8

// The classes.
const (
	// Malformed: no SAML response, or one without what it must have.
	Malformed Kind = iota
	// Untrusted: the signature, issuer, recipient or audience is wrong.
	Untrusted
	// Expired: it is over.
	Expired
	// NotYet: it is not valid yet.
	NotYet
)

var kindNames = [...]string{Malformed: "malformed", Untrusted: "untrusted", Expired: "expired", NotYet: "not_yet_valid"}

// String is the kind's name as a label.
func (k Kind) String() string { return kindNames[k] }

func malformed(format string, args ...any) error {
	return &Error{Kind: Malformed, Cause: fmt.Sprintf(format, args...)}
}

func untrusted(format string, args ...any) error {
	return &Error{Kind: Untrusted, Cause: fmt.Sprintf(format, args...)}
}

// name makes a name from outside fit for a message: quoted and short.
func name(text string) string {
	const most = 100
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
