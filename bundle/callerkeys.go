package bundle

import (
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// keyNames are condition keys in lower case. One that ends in "/" or ":" stands for
// all that begin with it.
type keyNames []string

func (k keyNames) has(key string) bool {
	return slices.ContainsFunc(k, func(known string) bool {
		return known == key || strings.HasPrefix(key, known) && (strings.HasSuffix(known, "/") || strings.HasSuffix(known, ":"))
	})
}

// callerKeys are the condition keys that follow from who calls: from the principal,
// and from its session where there can be one.
type callerKeys struct {
	// sessions are those that any document can read.
	sessions keyNames
	// claims are, by account, those that trust policies can read as well: every
	// claim of a token.
	claims map[string]keyNames
}

// keptClaims are the claims of a token that its session keeps.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
var keptClaims = []string{"aud", "sub", "amr"}

func (b *builder) newCallerKeys() *callerKeys {
	k := &callerKeys{sessions: slices.Clone(principalKeys), claims: map[string]keyNames{}}
	sources := b.sessions()
	if sources.any() {
		k.sessions = append(k.sessions, "aws:tokenissuetime", "aws:sourceidentity")
	}
	if sources.keys {
		k.sessions = append(k.sessions, "aws:multifactorauthpresent", "aws:multifactorauthage")
	}
	if !sources.keys && !sources.bearer {
		return k
	}
	if len(b.providers) > 0 {
		k.sessions = append(k.sessions, "aws:federatedprovider")
	}
	for _, id := range keysOf(b.providers) {
		p := b.providers[id]
		prefix := strings.ToLower(p.entity.key()) + ":"
		for _, claim := range keptClaims {
			k.sessions = append(k.sessions, prefix+claim)
		}
		k.claims[p.account] = append(k.claims[p.account], prefix)
	}
	return k
}

// of are the keys for one document.
func (k *callerKeys) of(d *document) keyNames {
	if d.doc.Kind != policy.Trust {
		return k.sessions
	}
	account := strings.Split(d.file, "/")[1]
	return append(k.sessions[:len(k.sessions):len(k.sessions)], k.claims[account]...)
}

// directActions are the actions that the use of a bearer token or of a client's
// certificate stands for, by itself: on any route, and decided by a trust policy.
func (s sessionSources) directActions() []string {
	var actions []string
	if s.bearer {
		actions = append(actions, webIdentityAction)
	}
	if s.certificates {
		actions = append(actions, assumeRoleAction)
	}
	if len(actions) > 0 {
		actions = append(actions, "sts:TagSession", "sts:SetSourceIdentity")
	}
	return actions
}

// directKeys are the condition keys of those actions, besides the request's own.
var directKeys = keyNames{
	"aws:resourceaccount", "aws:requesttag/", "aws:tagkeys", "aws:resourcetag/", "iam:resourcetag/",
	"sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
}

// routesTo are the routes as the documents of a kind see them: trust policies are
// asked on all of them, where a token or a certificate is a credential by itself.
func (b *builder) routesTo(trust bool) []Route {
	direct := b.sessions().directActions()
	if !trust || len(direct) == 0 {
		return b.opts.Routes
	}
	if b.direct == nil {
		for _, r := range b.opts.Routes {
			fills := r.Fills
			r.Actions = append(r.Actions[:len(r.Actions):len(r.Actions)], direct...)
			r.Fills = func(action, key string) bool {
				return slices.Contains(direct, action) && directKeys.has(key) || fills != nil && fills(action, key)
			}
			b.direct = append(b.direct, r)
		}
	}
	return b.direct
}
