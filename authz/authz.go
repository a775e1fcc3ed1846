package authz

import "time"

// PrincipalType is the kind of principal that makes a request.
type PrincipalType uint8

// The kinds of principal. The zero value is the anonymous one, which nothing
// allows by default.
const (
	Anonymous PrincipalType = iota
	Root
	User
	AssumedRole
	FederatedUser
	WebIdentity
	SAML
	Service
)

// Caller is who asks: a principal and the policies that are attached to it.
// A Caller is immutable once it is in use, and shared by requests.
type Caller struct {
	Type PrincipalType
	prepared
	// Account is the 12-digit account of the principal; empty if anonymous.
	Account string
	// ARN names the caller in denials and records: the user's, the session's.
	ARN string
	// ParentARN is the role's ARN (with its path) of a role session and the
	// user's ARN of a federated session; empty otherwise.
	ParentARN string
	// ID is the unique id (AIDA…); ParentID the role's (AROA…) or the user's
	// of a session.
	ID, ParentID string
	// CanonicalID is the canonical user id of the principal's account; empty if
	// that is not known.
	CanonicalID string
	// Provider is the ARN or name a Federated principal element holds, for
	// WebIdentity and SAML, or the service's name, for Service.
	Provider string
	// Identity are the identity-based policies: of a user its own and its
	// groups'. nil holds none.
	Identity *Policies
	// Boundary is the permissions boundary; nil if there is none.
	Boundary *Policies
	// Session are the session policies; nil if there are none.
	Session *Policies
	// SCP are the service control policies, one element for each level of the
	// organization from the root down; nil where none bind.
	SCP []*Policies
	// Keys are the condition keys that follow from the principal.
	Keys Context
}

// Request is what all accesses of one request have in common.
type Request struct {
	// Now is the one clock reading of the request. aws:CurrentTime and
	// aws:EpochTime follow from it.
	Now time.Time
	// Keys are the condition keys of the request: network, protocol, client.
	Keys Context
	// Endpoint is the VPC endpoint policy; nil if there is none.
	Endpoint *Policies
}

// Access is one action on one resource in one context: the unit of decision.
type Access struct {
	// Action is prefix:Name as AWS spells it, e.g. "s3:GetObject".
	Action string
	// Resource is the ARN of the resource; "*" if the action has none.
	Resource string
	// Account is the 12-digit account that owns the resource.
	Account string
	// Policy is the resource-based policy; nil if the resource has none.
	Policy *Policies
	// RCP are the resource control policies, one element for each level.
	RCP []*Policies
	// Kind tells of resources whose own policy must always allow.
	Kind ResourceKind
	// Keys are the condition keys that this access alone has.
	Keys Context
}

// ResourceKind tells ordinary resources from those whose resource-based policy
// must allow even in the same account.
type ResourceKind uint8

// The kinds of resource.
const (
	Ordinary ResourceKind = iota
	RoleTrust
	KMSKey
)

// Effect is the outcome of a decision. The zero value denies.
type Effect uint8

// The outcomes.
const (
	ImplicitDeny Effect = iota
	ExplicitDeny
	Allow
)

// Layer is the kind of policy that decided.
type Layer uint8

// The layers of a decision. LayerNone is that of an allow that needed no
// policy: of the root user in its own account.
const (
	LayerNone Layer = iota
	LayerIdentity
	LayerResource
	LayerBoundary
	LayerSession
	LayerSCP
	LayerRCP
	LayerEndpoint
	LayerTrust
)
