package session

import (
	"maps"
	"slices"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// AssumeKeys are the condition keys, in lower case, that the accesses of assuming a
// role have of their own; one that ends in "/" stands for all that begin with it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func AssumeKeys() []string {
	return []string{
		"aws:multifactorauthage", "aws:multifactorauthpresent", "aws:requesttag/", "aws:resourceaccount", "aws:resourcetag/", "aws:tagkeys",
		"iam:resourcetag/", "sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
	}
}

// accesses are what must be allowed on the role, by its trust policy and by the
// caller's own: to assume it, to give the session tags, and to give it a source
// identity. Tags and source identities that come from the caller's session need
// the same permissions as those that are passed. role is nil if there is none: then
// no trust policy allows.
func (q *Question) accesses(p *payload, role *bundle.Role, account string, mfa bool) []authz.Access {
	actions := append(make([]string, 0, 3), q.Assumption.Action)
	if len(p.tags) > 0 {
		actions = append(actions, tagSession)
	}
	if p.sourceIdentity != "" {
		actions = append(actions, setIdentity)
	}
	on := authz.Access{Resource: q.Assumption.RoleARN, Account: account, Kind: authz.RoleTrust}
	q.fill(&on.Keys, account, mfa)
	if role != nil {
		on.Policy = role.Trust
		for _, key := range slices.Sorted(maps.Keys(role.Tags)) {
			on.Keys.SetTag("aws:resourcetag", key, role.Tags[key])
			on.Keys.SetTag("iam:resourcetag", key, role.Tags[key])
		}
	}
	out := make([]authz.Access, len(actions))
	for i, action := range actions {
		out[i] = on
		out[i].Action = action
	}
	return out
}

// fill sets the keys of the question: what is passed, and not what is inherited,
// which the keys of the caller tell.
func (q *Question) fill(k *authz.Context, account string, mfa bool) {
	asked := q.Assumption
	k.Set("aws:resourceaccount", account)
	k.Set("sts:rolesessionname", asked.SessionName)
	if asked.ExternalID != "" {
		k.Set("sts:externalid", asked.ExternalID)
	}
	identity, tags, transitive := asked.SourceIdentity, asked.Tags, asked.TransitiveTagKeys
	if f := q.Federated; f != nil {
		identity, tags, transitive = f.SourceIdentity, f.Tags, f.Transitive
	}
	if identity != "" {
		k.Set("sts:sourceidentity", identity)
	}
	if len(transitive) > 0 {
		k.SetList("sts:transitivetagkeys", transitive)
	}
	if len(tags) > 0 {
		keys := make([]string, len(tags))
		for i, t := range tags {
			keys[i] = t.Key
			k.SetTag("aws:requesttag", t.Key, t.Value)
		}
		k.SetList("aws:tagkeys", keys)
	}
	if mfa {
		k.Set(keyMFAPresent, "true")
		k.Set(keyMFAAge, "0")
	}
}

// MayAssume decides who may become whom; nothing else does. ask decides one access
// for the Caller in the request that is served, record is told of each access and
// its decision; it may be nil. All are asked until one is denied. Both get accesses
// that are shared: they do not change them.
func (a *Assuming) MayAssume(ask func(*authz.Access) authz.Decision, record func(*authz.Access, authz.Decision)) (*Grant, *wire.Refusal) {
	for i := range a.accesses {
		access := &a.accesses[i]
		d := ask(access)
		if record != nil {
			record(access, d)
		}
		if !d.Allowed() || d.Needs != "" {
			return nil, refused(a.caller, a.federated != nil, access, d)
		}
	}
	if a.late != nil || a.grant == nil {
		return nil, a.late
	}
	return a.grant, nil
}

// Caller is who asks: what accesses are to be decided for, and what records name
// as long as nothing is granted.
func (a *Assuming) Caller() *authz.Caller { return a.caller }

// Federated is the holder of the token or certificate that asks; nil if somebody
// else does.
func (a *Assuming) Federated() *Federated { return a.federated }
