package session

import (
	"crypto/subtle"
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
)

// Open is the session of a token, if it is the one of an access key and what it is
// of is in force still: else ErrInvalid or ErrExpired.
func (s *Sessions) Open(snap *bundle.Snapshot, accessKeyID, token string, now time.Time) (*Session, error) {
	generation := snap.Generation()
	opened, ok := s.opened.find(accessKeyID, token, generation)
	if !ok {
		g, genuine := openToken(snap.SessionKeys(), token, now)
		if !genuine || subtle.ConstantTimeCompare([]byte(g.payload.accessKeyID), []byte(accessKeyID)) != 1 {
			return nil, ErrInvalid
		}
		if opened, ok = sessionOf(snap, g.payload); !ok {
			return nil, ErrInvalid
		}
		opened.AccessKeyID, opened.Secret, opened.Version = g.payload.accessKeyID, g.secret, g.version
		opened.keysUntil = g.until
		s.opened.add(accessKeyID, token, generation, opened, g.payload.bytes()+int64(opened.Caller.Session.OwnBytes()))
	}
	if isOver(opened.keysUntil, now) {
		return nil, ErrInvalid
	}
	if !now.Before(opened.Expires) {
		return nil, ErrExpired
	}
	return opened, nil
}

// sessionOf is the session of a payload as a snapshot has it; ok is false if what
// it is of is not there any more.
func sessionOf(snap *bundle.Snapshot, p *payload) (s *Session, ok bool) {
	if snap.RevokeWithParent() && p.parentKeyID != "" && (!snap.KeyIsActive(p.parentKeyID) || snap.UserByID(p.parentID) == nil) {
		return nil, false
	}
	s = &Session{
		Kind: p.kind, Issued: time.Unix(p.issued, 0).UTC(), Expires: p.expiresAt(), MFAKnown: p.kind.knowsMFA(),
		Provider: p.provider, ParentKeyID: p.parentKeyID, SourceIdentity: p.sourceIdentity, parentID: p.parentID,
	}
	if p.mfa != 0 {
		s.MFA = time.Unix(p.mfa, 0).UTC()
	}
	inline, refusal := compileInline(p.policy)
	if refusal != nil {
		return nil, false
	}
	policies, refusal := sessionPolicies(snap, p.account, inline, p.policyARNs)
	if refusal != nil {
		return nil, false
	}
	if p.kind == User || p.kind == FederatedUser {
		user := snap.UserByID(p.id)
		if user == nil || user.Account != p.account {
			return nil, false
		}
		if p.kind == User {
			s.Caller = userCaller(user, p)
		} else {
			s.Caller, s.IssuerName = federatedCaller(user, p, policies), user.Name
		}
	} else {
		role := snap.RoleByID(p.id)
		if role == nil || role.Account != p.account || !providerLives(snap, p) {
			return nil, false
		}
		s.Caller, s.IssuerName = roleCaller(role, p, policies), role.Name
	}
	s.Transitive = p.inheritable()
	return s, checkCost(policies) == nil
}

// providerLives tells whether the provider is there still whose token a session is
// of.
func providerLives(snap *bundle.Snapshot, p *payload) bool {
	if p.kind == SAML {
		return snap.SAMLProvider(p.provider) != nil
	}
	return p.provider == "" || snap.Provider(p.provider) != nil
}

// inheritable are the tags that go on.
func (p *payload) inheritable() map[string]string {
	if len(p.transitive) == 0 {
		return nil
	}
	tags := make(map[string]string, len(p.transitive))
	for _, t := range p.tags {
		for _, key := range p.transitive {
			if key == t.Key {
				tags[key] = t.Value
			}
		}
	}
	return tags
}

// bytes is about how much memory a session takes: compiled policies take more than
// their text.
func (p *payload) bytes() int64 {
	n := 2048 + 16*len(p.policy) + 64*len(p.policyARNs) + 128*len(p.tags)
	for _, t := range p.tags {
		n += 2 * (len(t.Key) + len(t.Value))
	}
	for _, k := range p.kept {
		n += 128 + len(k.Name)
		for _, v := range k.Values {
			n += 16 + len(v)
		}
	}
	return int64(n)
}

// FillRequest sets the condition keys that move with the clock:
// aws:MultiFactorAuthAge.
func (s *Session) FillRequest(k *authz.Context, now time.Time) {
	if !s.MFA.IsZero() {
		k.SetName(nameMFAAge, mfaAge(s.MFA, now))
	}
}

var nameMFAAge = authz.NewName(keyMFAAge)

// mfaAge counts whole seconds; a clock that goes back counts none.
func mfaAge(shown, now time.Time) string {
	return strconv.FormatInt(max(0, int64(now.Sub(shown)/time.Second)), 10)
}
