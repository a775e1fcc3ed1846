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

// keptSAML are what the session of a SAML provider's user keeps.
var keptSAML = []string{"saml:sub", "saml:sub_type", "saml:namequalifier"}

func (b *builder) newCallerKeys() *callerKeys {
	k := &callerKeys{sessions: slices.Clone(principalKeys), claims: map[string]keyNames{}}
	sources := b.sessions()
	if sources.any() {
		k.sessions = append(k.sessions, "aws:tokenissuetime", "aws:sourceidentity")
	}
	if sources.keys || sources.certificates {
		k.sessions = append(k.sessions, "aws:multifactorauthpresent")
	}
	if sources.keys {
		k.sessions = append(k.sessions, "aws:multifactorauthage")
	}
	if !sources.keys && !sources.bearer {
		return k
	}
	if len(b.providers) > 0 {
		k.sessions = append(k.sessions, "aws:federatedprovider")
	}
	if sources.keys && len(b.saml) > 0 {
		k.sessions = append(k.sessions, keptSAML...)
		for _, id := range keysOf(b.saml) {
			k.claims[b.saml[id].account] = append(k.claims[b.saml[id].account], "saml:")
		}
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
	if d.kind != policy.Trust {
		return k.sessions
	}
	return append(k.sessions[:len(k.sessions):len(k.sessions)], k.claims[accountOf(d)]...)
}

// accountOf is the account in whose directory a document stands.
func accountOf(d *document) string { return strings.Split(d.file, "/")[1] }

// directKeys are the condition keys of the use of a bearer token or of a client's
// certificate by itself, besides the request's own.
var directKeys = keyNames{
	"aws:resourceaccount", "aws:requesttag/", "aws:tagkeys", "aws:resourcetag/", "iam:resourcetag/",
	"sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
}

// certificateKey is one more for a certificate: the account of the role.
const certificateKey = "aws:sourceaccount"

// asked are the ways in which a statement comes to be asked.
type asked struct {
	// routes: by actions of routes.
	routes bool
	// bearer, certificate: by the use of a token or of a certificate by itself, on
	// any route.
	bearer, certificate bool
}

// askedBy tells how a statement comes to be asked. Of the services that trust
// policies name, only the one that stands for certificates ever calls here; of the
// providers those that the account declares.
func (b *builder) askedBy(d *document, s *policy.Statement) asked {
	if d.kind != policy.Trust {
		return asked{routes: true}
	}
	sources := b.sessions()
	account := accountOf(d)
	var a asked
	for _, p := range s.Principals {
		everyone := isEveryone(p)
		service := p.Type == policy.Service
		if p.Type == policy.Federated && !b.declares(account, p.Value) {
			continue
		}
		a.routes = a.routes || !service
		a.bearer = a.bearer || sources.bearer && (everyone || p.Type == policy.Federated)
		a.certificate = a.certificate || sources.certificates && (everyone || service && p.Value == certificateService)
	}
	return a
}

// routesTo are the routes with the actions by which a statement is asked.
func (b *builder) routesTo(a asked) []Route {
	if !a.bearer && !a.certificate {
		return b.opts.Routes
	}
	if known := b.routes[a]; known != nil {
		return known
	}
	direct := []string{"sts:TagSession", "sts:SetSourceIdentity"}
	if a.bearer {
		direct = append(direct, webIdentityAction)
	}
	if a.certificate {
		direct = append(direct, assumeRoleAction)
	}
	routes := make([]Route, len(b.opts.Routes))
	for i, r := range b.opts.Routes {
		routes[i] = r
		routes[i].Actions = direct
		if a.routes {
			routes[i].Actions = append(r.Actions[:len(r.Actions):len(r.Actions)], direct...)
		}
		routes[i].Fills = func(action, key string) bool {
			return slices.Contains(direct, action) && (directKeys.has(key) || a.certificate && key == certificateKey) || r.Fills != nil && r.Fills(action, key)
		}
	}
	if b.routes == nil {
		b.routes = map[asked][]Route{}
	}
	b.routes[a] = routes
	return routes
}
