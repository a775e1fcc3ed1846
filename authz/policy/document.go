package policy

import "strings"

// Kind is the kind of a policy document: it decides which elements a document
// may and must hold.
type Kind uint8

// The kinds of policy document.
const (
	// Identity is a policy of a user, group or role, managed or inline.
	Identity Kind = iota
	// Boundary is a managed policy in its role of permissions boundary.
	Boundary
	// Session is a policy passed when a session is made.
	Session
	// Resource is a resource-based policy. Its statements may leave Resource
	// out, which then means the resource the policy is attached to.
	Resource
	// Trust is the trust policy of a role.
	Trust
	// SCP is a service control policy of an organization.
	SCP
	// RCP is a customer's resource control policy of an organization.
	RCP
	// Endpoint is a VPC endpoint policy.
	Endpoint
	// Bucket is an S3 bucket policy: a Resource policy that must name its
	// resources and is bound by S3's size.
	Bucket
)

var kindNames = [...]string{
	Identity: "identity-based policy",
	Boundary: "permissions boundary",
	Session:  "session policy",
	Resource: "resource-based policy",
	Trust:    "role trust policy",
	SCP:      "service control policy",
	RCP:      "resource control policy",
	Endpoint: "VPC endpoint policy",
	Bucket:   "bucket policy",
}

// String names the kind in AWS's words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "policy of unknown kind"
}

// HasPrincipals tells whether the statements of the kind say whom they bind.
// Where they do not, the document binds whoever it is attached to.
func (k Kind) HasPrincipals() bool {
	switch k {
	case Resource, Trust, RCP, Endpoint, Bucket:
		return true
	default:
		return false
	}
}

// CompletesARNs tells whether a Resource with fewer than six fields is read as
// if the missing ones were "*".
func (k Kind) CompletesARNs() bool { return k == Identity || k == Boundary }

// The versions of the policy language.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Position is a place in a text. Both numbers begin at 1; columns count
// characters.
type Position struct {
	Line, Column int
}

// Effect is what a statement does when it applies. The zero value denies.
type Effect uint8

// The effects.
const (
	Deny Effect = iota
	Allow
)

// String spells the effect as a document does.
func (e Effect) String() string {
	if e == Allow {
		return "Allow"
	}
	return "Deny"
}

// Document is one policy document.
type Document struct {
	// Kind is what the document was parsed as.
	Kind Kind
	// Name is the policy's name or ARN, for those who report decisions. Parse
	// leaves it empty; whoever loads the document sets it.
	Name string
	// File is where the text came from.
	File string
	// Version is the language version as written; empty if absent, which means
	// Version2008.
	Version string
	// ID is the Id element; empty if absent.
	ID string
	// Size is the number of characters of the text without white space, which
	// is what IAM's quotas count; Length is the number of all of them.
	Size, Length int
	// Statements are in the order of the text.
	Statements []Statement
}

// HasVariables tells whether ${…} is a policy variable in the document, and
// not literal text.
func (d *Document) HasVariables() bool { return d.Version == Version2012 }

// Statement is one statement of a document. Of the paired elements (Actions
// and NotActions, …) at most one is not nil. A list that is empty but not nil
// stands in the text as [], and gives the statement no effect.
type Statement struct {
	Position
	// Index is the statement's place in the document, from 0.
	Index  int
	Sid    string
	Effect Effect
	// Principals and NotPrincipals are nil in documents of a kind that has
	// none.
	Principals, NotPrincipals []Principal
	Actions, NotActions       []Value
	Resources, NotResources   []Value
	// Conditions must all hold. An operator with several keys gives as many
	// conditions.
	Conditions []Condition
}

// CanMatchAction tells whether the action elements of the statement match an
// action, whatever its other elements say.
func (s *Statement) CanMatchAction(action string) bool {
	if s.NotActions != nil {
		return len(s.NotActions) > 0 && !matchAnyAction(s.NotActions, action)
	}
	return matchAnyAction(s.Actions, action)
}

func matchAnyAction(patterns []Value, action string) bool {
	for _, p := range patterns {
		if MatchAction(p.Text, action) {
			return true
		}
	}
	return false
}

// Value is a string of a document and where it stands. Numbers and booleans
// are kept as they are written.
type Value struct {
	Text string
	Position
}

// PrincipalType is the key under which a principal stands in a Principal
// element.
type PrincipalType string

// The keys of a Principal element.
const (
	AWS           PrincipalType = "AWS"
	Federated     PrincipalType = "Federated"
	Service       PrincipalType = "Service"
	CanonicalUser PrincipalType = "CanonicalUser"
)

// Everyone is the value of a principal that stands for all of them. It occurs
// with the type AWS alone; "Principal": "*" is read as {"AWS": "*"}.
const Everyone = "*"

// Principal is one entry of a Principal or NotPrincipal element.
type Principal struct {
	Type  PrincipalType
	Value string
	Position
}

// Condition is one key under one operator.
type Condition struct {
	Operator         Operator
	OperatorPosition Position
	// Key is the condition key as written; Name gives the form to compare.
	Key         string
	KeyPosition Position
	// Values are OR-ed, or NOR-ed by a negated operator. Empty if the text
	// has [].
	Values []Value
}

// Name is the condition key in lower case, the form that request contexts
// hold.
func (c *Condition) Name() string { return strings.ToLower(c.Key) }
