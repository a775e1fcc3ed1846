package bundle

import (
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/secret"
)

// Snapshot is everything that follows from one state of the bundle and the
// keys. It is immutable; a request uses one to its end.
type Snapshot struct {
	revision    string
	generation  uint64
	activatedAt time.Time
	accounts    []string
	credentials credentials
	// keys are all access keys, active or not, of whatever principal.
	keys        map[string]keyState
	roles       map[string]*Role
	rolesByID   map[string]*Role
	users       map[string]*User
	usersByID   map[string]*User
	managed     map[string]*authz.Document
	providers   providers
	saml        map[string]*SAMLProvider
	devices     map[string]*MFADevice
	sessionKeys *SessionKeys
	// revokeWithParent ends sessions with the key that they began with.
	revokeWithParent bool
	certificates     certificates
	buckets          map[string]*Bucket
	owners           owners
	counts           Counts
}

// Credential is an access key in force.
type Credential struct {
	Secret secret.Value
	// Version changes when the secret of the key does, and with nothing else
	// while the process runs.
	Version uint64
	// Caller is the principal the key belongs to; shared by its keys.
	Caller *authz.Caller
}

// keyState is what is known of any access key.
type keyState struct {
	account string
	active  bool
}

// User is a user of the bundle.
type User struct {
	Account, Name, Path string
	// ID is the unique id (AIDA…).
	ID, ARN string
	Tags    map[string]string
	// Caller is who the user's access keys stand for.
	Caller *authz.Caller
}

// Role is a role of the bundle.
type Role struct {
	Account, Name, Path string
	// ID is the unique id (AROA…).
	ID, ARN string
	Tags    map[string]string
	// MaxSession is the longest session that may be asked for.
	MaxSession time.Duration
	// Trust says who may assume the role.
	Trust *authz.Policies
	// Identity are the policies of the role, Boundary its permissions
	// boundary; nil if there are none.
	Identity, Boundary *authz.Policies
}

// Bucket is a bucket of which the bundle has the policy, the tags or both.
type Bucket struct {
	// Policy is the bucket policy, PolicyText the document as it is written;
	// nil and empty if there is none.
	Policy     *authz.Policies
	PolicyText string
	// public tells whether the policy is, by AWS's meaning.
	public bool
	// Tags are the bucket's, sorted by key.
	Tags []Tag
}

// Tag is a tag of a bucket.
type Tag struct{ Key, Value string }

// Counts tell how much a snapshot holds.
type Counts struct {
	Accounts, Users, Groups, Roles int
	// Policies are the documents of all kinds, Statements what they hold.
	Policies, Statements int
	// Providers are the OpenID Connect providers, SAMLProviders those of SAML.
	Providers, SAMLProviders int
	// Keys are the access keys that are active, of the principals that are served.
	Keys int
	// MFADevices are the devices of the users that are served.
	MFADevices int
}

// Credential looks up an access key: one that is active and belongs to a user
// of the bundle.
func (s *Snapshot) Credential(accessKeyID string) (Credential, bool) {
	return s.credentials.of(accessKeyID)
}

// Role looks up a role by its ARN.
func (s *Snapshot) Role(arn string) (*Role, bool) {
	r, ok := s.roles[arn]
	return r, ok
}

// Owner tells the account that owns a bucket on a route. ok is false if no rule
// gives it one: nobody has access to it then. A rule that names the route beats
// one that does not; among each, the exact name beats the longest prefix.
func (s *Snapshot) Owner(route, bucket string) (account string, ok bool) {
	return s.owners.of(route, bucket)
}

// BucketPolicy is the policy of a bucket as it is written, and whether it is
// public by AWS's meaning; ok is false if the bucket has none.
func (s *Snapshot) BucketPolicy(name string) (text string, public, ok bool) {
	b := s.buckets[name]
	if b == nil || b.Policy == nil {
		return "", false, false
	}
	return b.PolicyText, b.public, true
}

// Bucket is what the bundle says of a bucket; nil if it says nothing.
func (s *Snapshot) Bucket(name string) *Bucket { return s.buckets[name] }

// Revision identifies the content of the bundle, without the keys.
func (s *Snapshot) Revision() string { return s.revision }

// Generation is the number of the swap that brought the snapshot into force.
func (s *Snapshot) Generation() uint64 { return s.generation }

// ActivatedAt is the time of that swap.
func (s *Snapshot) ActivatedAt() time.Time { return s.activatedAt }

// Accounts are the account ids, sorted. The result is shared: do not change it.
func (s *Snapshot) Accounts() []string { return s.accounts }

// Counts tell how much the snapshot holds.
func (s *Snapshot) Counts() Counts { return s.counts }
