package session

import (
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// Question is who asks to become what.
type Question struct {
	Snapshot *bundle.Snapshot
	// Caller is who signed, with AccessKeyID, and Session the session which that is
	// of; nil for a long-term key. Federated is the holder of a token or of a
	// certificate, in the place of all of them.
	Caller      *authz.Caller
	AccessKeyID string
	Session     *Session
	Federated   *Federated
	// Assumption is what is asked for.
	Assumption *action.Assumption
	Now        time.Time
}

// Assuming is a question whose parameters are sound. It is immutable, and can be
// decided again and again.
type Assuming struct {
	caller    *authz.Caller
	federated *Federated
	// accesses are all that must be allowed.
	accesses []authz.Access
	// grant is what is granted then; nil if there is something that the role does
	// not permit, or no such role, as late says.
	grant *Grant
	late  *wire.Refusal
}

// The actions of assuming a role.
const (
	assumeRole      = "sts:AssumeRole"
	withWebIdentity = "sts:AssumeRoleWithWebIdentity"
	withSAML        = "sts:AssumeRoleWithSAML"
	tagSession      = "sts:TagSession"
	setIdentity     = "sts:SetSourceIdentity"
)

// The bounds of sessions' lives.
const (
	minDuration     = 15 * time.Minute
	defaultDuration = time.Hour
	maxChained      = time.Hour
)

// Prepare checks all that follows from the parameters, the caller and the one-time
// code, which is used up by it. It does not tell whether the role exists.
func (s *Sessions) Prepare(question *Question) (*Assuming, *wire.Refusal) {
	own := *question
	q := &own
	account, ok := roleAccount(q.Assumption.RoleARN)
	if !ok {
		return nil, invalid(q.Assumption.RoleARN + " is invalid")
	}
	if r := q.checkCaller(account); r != nil {
		return nil, r
	}
	p, r := q.payload()
	if r != nil {
		return nil, r
	}
	duration, r := q.duration()
	if r != nil {
		return nil, r
	}
	inline, r := compileInline(q.Assumption.Policy)
	if r != nil {
		return nil, r
	}
	shown, r := s.codes.check(q.Snapshot, q.Caller, q.Assumption.SerialNumber, q.Assumption.TokenCode, q.Now)
	if r != nil {
		return nil, r
	}
	role, _ := q.Snapshot.Role(q.Assumption.RoleARN)
	a := &Assuming{caller: q.Caller, federated: q.Federated, accesses: q.accesses(p, role, account, shown)}
	if role == nil {
		a.late = denied("Not authorized to perform "+q.Assumption.Action, "there is no role "+q.Assumption.RoleARN)
		return a, nil
	}
	p.account, p.id = role.Account, role.ID
	a.grant, a.late = q.grant(role, p, inline, duration)
	return a, nil
}

// roleAccount is the account in the ARN of a role.
func roleAccount(arn string) (account string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::")
	account, resource, found := strings.Cut(rest, ":")
	name, isRole := strings.CutPrefix(resource, "role/")
	return account, ok && found && isRole && policy.IsAccountID(account) && name != "" && !strings.HasSuffix(name, "/") && len(arn) <= 2048
}

// checkCaller tells whether such a caller may ask in such a way at all. The holder
// of a token or a certificate becomes the Caller.
func (q *Question) checkCaller(account string) *wire.Refusal {
	asked := q.Assumption.Action
	notAuthorized := denied("Not authorized to perform "+asked, "")
	if f := q.Federated; f != nil {
		if q.Caller != nil || q.Session != nil {
			notAuthorized.Cause = "a signature stands beside a token or a certificate"
			return notAuthorized
		}
		if f.action() != asked || !q.Now.Before(f.Expires) {
			notAuthorized.Cause = "what was shown does not stand for " + asked + ", or is over"
			return notAuthorized
		}
		if f.account != "" && f.account != account {
			return invalidToken("No OpenIDConnect provider found in your account for "+f.Provider, "the provider belongs to account "+f.account+", and the role to "+account)
		}
		if f.Kind == SAML {
			if !slices.Contains(f.roles, q.Assumption.RoleARN) {
				notAuthorized.Cause = "the SAML response does not name the role with the provider " + f.ProviderARN
				return notAuthorized
			}
			asserted := *q.Assumption
			asserted.SessionName = f.SessionName
			q.Assumption = &asserted
		}
		q.Caller = f.Caller
		return nil
	}
	if q.Caller == nil || asked != assumeRole {
		return notAuthorized
	}
	switch q.Caller.Type {
	case authz.Root, authz.User, authz.AssumedRole, authz.FederatedUser:
		return MayCall(opAssumeRole, q.Caller, q.Session)
	default:
		return notAuthorized
	}
}

// isChained tells whether a role's session asks.
func (q *Question) isChained() bool { return q.Caller.Type == authz.AssumedRole }

// duration is the life of the session, but for what the role permits.
func (q *Question) duration() (time.Duration, *wire.Refusal) {
	d := q.Assumption.Duration
	switch {
	case d == 0:
		return defaultDuration, nil
	case d < minDuration:
		return 0, invalid("1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	case q.isChained() && d > maxChained:
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return d, nil
}

// payload is what the session will be, but for what follows from the role and from
// the time.
func (q *Question) payload() (*payload, *wire.Refusal) {
	asked := q.Assumption
	p := &payload{kind: AssumedRole, name: asked.SessionName, policy: asked.Policy, policyARNs: asked.PolicyARNs}
	if !isName(asked.SessionName, maxName) {
		return nil, invalid("1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*, and have 2 to 64 characters")
	}
	if asked.ExternalID != "" && !isExternalID(asked.ExternalID) {
		return nil, invalid("1 validation error detected: Value at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*, and have 2 to 1224 characters")
	}
	if r := checkARNs(asked.PolicyARNs); r != nil {
		return nil, r
	}
	if r := q.addIdentity(p); r != nil {
		return nil, r
	}
	if f := q.Federated; f != nil {
		p.kind, p.provider, p.kept = f.Kind, f.ProviderARN, f.Kept
		p.tags, p.transitive = f.Tags, canonicalKeys(f.Tags, f.Transitive)
		return p, nil
	}
	if r := checkTags(asked.Tags, asked.TransitiveTagKeys); r != nil {
		return nil, r
	}
	var inherited map[string]string
	if q.Session != nil {
		inherited = q.Session.Transitive
		p.parentKeyID, p.parentID = q.Session.ParentKeyID, q.Session.parentID
	} else {
		p.parentKeyID, p.parentID = q.AccessKeyID, q.Caller.ID
	}
	var r *wire.Refusal
	p.tags, p.transitive, r = inherit(inherited, asked.Tags, asked.TransitiveTagKeys)
	return p, r
}

// addIdentity adds the source identity, which is fixed in a chain.
func (q *Question) addIdentity(p *payload) *wire.Refusal {
	asked := q.Assumption.SourceIdentity
	if q.Federated != nil {
		if asked != "" {
			return invalid("The source identity is the token's own.")
		}
		asked = q.Federated.SourceIdentity
	}
	if asked != "" && (!isName(asked, maxName) || strings.HasPrefix(strings.ToLower(asked), "aws:")) {
		return invalid("1 validation error detected: Value at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*, and have 2 to 64 characters")
	}
	p.sourceIdentity = asked
	if q.Session == nil || q.Session.SourceIdentity == "" {
		return nil
	}
	if asked != "" && asked != q.Session.SourceIdentity {
		return denied("The source identity of the calling session cannot be changed.", "")
	}
	p.sourceIdentity = q.Session.SourceIdentity
	return nil
}

// grant is what a role permits of what is asked. Its refusals tell of the role, and
// are for those who may assume it alone.
func (q *Question) grant(role *bundle.Role, p *payload, inline *authz.Document, duration time.Duration) (*Grant, *wire.Refusal) {
	if duration > role.MaxSession {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	policies, r := sessionPolicies(q.Snapshot, role.Account, inline, p.policyARNs)
	if r != nil {
		return nil, r
	}
	if r := checkCost(policies); r != nil {
		return nil, r
	}
	g := &Grant{role: role, payload: p, federated: q.Federated, policies: policies, duration: duration, at: q.Now}
	if f := q.Federated; f != nil {
		g.from, g.until = f.Issued, f.Expires
	}
	return g, nil
}
