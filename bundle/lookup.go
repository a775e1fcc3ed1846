package bundle

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// RoleByID looks up a role by its unique id; nil if no role has it now.
func (s *Snapshot) RoleByID(id string) *Role { return s.rolesByID[id] }

// UserByID looks up a user by its unique id; nil if no user has it now.
func (s *Snapshot) UserByID(id string) *User { return s.usersByID[id] }

// UserByARN looks up a user; nil if there is none.
func (s *Snapshot) UserByARN(arn string) *User { return s.users[arn] }

// ManagedPolicy looks up a managed policy that principals of an account can have:
// one of that account, or of AWS. It is nil if there is none.
func (s *Snapshot) ManagedPolicy(account, arn string) *authz.Document {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::")
	if owner, _, _ := strings.Cut(rest, ":"); !ok || owner != account && owner != awsAccount {
		return nil
	}
	return s.managed[arn]
}

// Provider looks up an OpenID Connect provider by its ARN; nil if there is none.
func (s *Snapshot) Provider(arn string) *Provider { return s.providers.byARN[arn] }

// ProvidersOf are the providers with an issuer, one of an account at most. The
// result is shared: do not change it.
func (s *Snapshot) ProvidersOf(issuer string) []*Provider { return s.providers.byIssuer[issuer] }

// Providers are all providers, sorted by ARN. While the files of one stay as they
// are, every snapshot of a Manager has the same pointers. The result is shared:
// do not change it.
func (s *Snapshot) Providers() []*Provider { return s.providers.all }

// SAMLProvider looks up a SAML provider by its ARN; nil if there is none.
func (s *Snapshot) SAMLProvider(arn string) *SAMLProvider { return s.saml[arn] }

// SessionKeys are the keys of temporary credentials; nil if there are none, and so
// no temporary credentials.
func (s *Snapshot) SessionKeys() *SessionKeys { return s.sessionKeys }

// RevokeWithParent tells whether a session ends when the access key that it began
// with is no longer active.
func (s *Snapshot) RevokeWithParent() bool { return s.revokeWithParent }

// AccountOfKey tells whose an access key is: active or not, and whether or not
// Options.Principals leave it out.
func (s *Snapshot) AccountOfKey(accessKeyID string) (account string, ok bool) {
	k, ok := s.keys[accessKeyID]
	return k.account, ok
}

// KeyIsActive tells whether an access key is in force somewhere: Options.Principals
// do not matter. It is what RevokeWithParent asks about.
func (s *Snapshot) KeyIsActive(accessKeyID string) bool { return s.keys[accessKeyID].active }

// MFADevice looks up a device by its serial number, which is its ARN; nil if there
// is none.
func (s *Snapshot) MFADevice(serial string) *MFADevice { return s.devices[serial] }

// CertificateRules are the rules for clients' certificates, as bundle.yaml has
// them. The result is shared: do not change it.
func (s *Snapshot) CertificateRules() []*CertificateRule { return s.certificates.rules }

// Certificate finds the rule of a client's certificate: that of an exact name, else
// that of the longest prefix. It is nil if none matches. A certificate of which
// names stand for different principals is ambiguous: it must be refused.
func (s *Snapshot) Certificate(cert *wire.Certificate) (rule *CertificateRule, ambiguous bool) {
	return s.certificates.match(cert)
}

func (s *Snapshot) addUser(u *User) {
	s.users[u.ARN], s.usersByID[u.ID] = u, u
}

func (s *Snapshot) addRole(r *Role) {
	s.roles[r.ARN], s.rolesByID[r.ID] = r, r
}
