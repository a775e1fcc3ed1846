package bundle

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/oidc"
)

// providerSource is a provider as its files have it.
type providerSource struct {
	place
	file   *file
	entity *providerEntity
	// keySet holds the provider's keys; nil if they are fetched.
	keySet *file
	// whole tells that no file of it has errors.
	whole bool
}

type parsedProvider struct {
	entity   *providerEntity
	findings []policy.Finding
}

func providerIdentity(p place) string { return p.account + "/" + strings.ToLower(p.name) }

func (b *builder) readProvider(f *file, p place) {
	known := remember(b, f, "", func() *parsedProvider {
		e, findings := parseProvider(f.path, f.text)
		return &parsedProvider{e, findings}
	})
	b.findings = append(b.findings, known.findings...)
	id := providerIdentity(p)
	if other := b.providers[id]; other != nil {
		b.error(f.path, policy.Position{}, "DUPLICATE_NAME", fmt.Sprintf("the provider %q has the name of %s: names are compared without case", p.name, other.file.path), "rename one of them")
		return
	}
	b.providers[id] = &providerSource{place: p, file: f, entity: known.entity, whole: !policy.HasErrors(known.findings)}
}

// readKeySet reads the keys of a provider, after all providers.
func (b *builder) readKeySet(f *file, p place) {
	provider := b.providers[providerIdentity(p)]
	if provider == nil || provider.name != p.name {
		remedy := fmt.Sprintf("add %s.yaml beside it, or remove it", p.name)
		if provider != nil {
			remedy = "spell it as " + provider.file.path + " does"
		}
		b.error(f.path, policy.Position{}, "UNKNOWN_PROVIDER", fmt.Sprintf("there is no OIDC provider %q in account %s", p.name, p.account), remedy)
		return
	}
	if len(f.text) == 0 {
		b.error(f.path, policy.Position{}, "INVALID_KEY_SET", "the file is empty", keySetRemedy+"; without the file keys are fetched")
		provider.whole = false
	}
	provider.keySet = f
}

const keySetRemedy = `write {"keys": […]} as the provider's jwks_uri answers it, with public keys alone`

// linkProviders makes the providers of the snapshot. One whose files are as they
// were is the same as in the snapshot before.
func (b *builder) linkProviders(s *Snapshot) providers {
	linked := providers{byARN: map[string]*Provider{}, byIssuer: map[string][]*Provider{}}
	urls := map[string]*providerSource{}
	perAccount := map[string]int{}
	for _, id := range keysOf(b.providers) {
		source := b.providers[id]
		e := source.entity
		if e.url.value != "" {
			// Condition keys are compared without case, and so are these.
			url := source.account + " " + strings.ToLower(e.url.value)
			if first := urls[url]; first != nil {
				b.error(source.file.path, e.url.at, "DUPLICATE_PROVIDER", fmt.Sprintf("the account has a provider with this url already, in %s:%d", first.file.path, first.entity.url.at.Line), "keep one of them, with the audiences of both")
				continue
			}
			urls[url] = source
		}
		if perAccount[source.account]++; perAccount[source.account] == maxProviders+1 {
			b.quota(source.file.path, policy.Position{}, fmt.Sprintf("account %s has more than %d OIDC providers, which is AWS's quota", source.account, maxProviders), "remove those that are not used")
		}
		b.checkKeySource(source)
		b.checkBearer(source, s)
		if !source.whole {
			continue
		}
		p := b.provider(source)
		if p == nil {
			source.whole = false
			continue
		}
		linked.all = append(linked.all, p)
		linked.byARN[p.ARN] = p
		linked.byIssuer[p.OIDC.Issuer] = append(linked.byIssuer[p.OIDC.Issuer], p)
	}
	slices.SortFunc(linked.all, func(x, y *Provider) int { return strings.Compare(x.ARN, y.ARN) })
	s.counts.Providers = len(linked.all)
	return linked
}

// checkedProvider is a provider and what is found in what it is verified with.
type checkedProvider struct {
	provider *Provider
	problems []oidc.Problem
}

// provider is the provider of files without errors; nil if there are some after
// all.
func (b *builder) provider(source *providerSource) *Provider {
	var digest [sha256.Size]byte
	var keys []byte
	if source.keySet != nil {
		digest, keys = source.keySet.digest, source.keySet.text
	}
	known := remember(b, source.file, string(digest[:]), func() *checkedProvider {
		p := source.entity.provider(source.account, keys)
		return &checkedProvider{p, p.OIDC.Check()}
	})
	p := known.provider
	for _, problem := range known.problems {
		severity := policy.Error
		if problem.Note {
			severity = policy.Warning
		} else {
			p = nil
		}
		switch {
		case problem.Field == "JWKS" && problem.Note:
			b.report(source.keySet.path, policy.Position{}, severity, "UNUSABLE_KEY", problem.Text, "remove it from the file")
			continue
		case problem.Field == "JWKS":
			b.report(source.keySet.path, policy.Position{}, severity, "INVALID_KEY_SET", problem.Text, keySetRemedy)
			continue
		}
		b.report(source.file.path, source.entity.url.at, severity, "INVALID_PROVIDER", problem.Text, "correct it")
	}
	return p
}

// checkKeySource reports keys of a file that has no effect beside the key set.
func (b *builder) checkKeySource(source *providerSource) {
	if source.keySet == nil {
		return
	}
	e, path := source.entity, source.file.path
	if e.jwksURI.value != "" {
		source.whole = false
		b.error(path, e.jwksURI.at, "CONFLICTING_KEYS", "the provider has both a jwks_uri and a file of keys, "+source.keySet.path, "keep one: keys are fetched, or they stand in the file")
	}
	at, name := e.ca.at, "ca"
	if len(e.thumbprints) > 0 {
		at, name = e.thumbprints[0].at, "thumbprints"
	}
	if at.Line > 0 {
		b.report(path, at, policy.Warning, "UNUSED_KEY", fmt.Sprintf("%s has no effect: the provider is not asked for its keys, which stand in %s", name, source.keySet.path), "remove it, or the file of keys")
	}
}

// checkBearer looks for the role that a provider's tokens stand for.
func (b *builder) checkBearer(source *providerSource, s *Snapshot) {
	rule := source.entity.bearer
	if rule == nil || rule.role.value == "" {
		return
	}
	role := s.roles[rule.role.value]
	switch {
	case role != nil && role.Account == source.account:
		if source.entity.url.value != "" && !b.trusts(role, policy.Federated, source.entity.arn(source.account), webIdentityAction) {
			b.report(source.file.path, rule.role.at, policy.Warning, "ROLE_DOES_NOT_TRUST", fmt.Sprintf("the trust policy of the role %q does not name this provider, and so its tokens are refused", role.Name),
				fmt.Sprintf("allow %s there for the principal {\"Federated\": %q}", webIdentityAction, source.entity.arn(source.account)))
		}
	case role != nil:
		b.error(source.file.path, rule.role.at, "UNKNOWN_ROLE", fmt.Sprintf("the role %q is one of another account", rule.role.value), "name one of account "+source.account+", or declare the provider there")
	default:
		b.error(source.file.path, rule.role.at, "UNKNOWN_ROLE", fmt.Sprintf("there is no role %q", rule.role.value), b.nearestRole(rule.role.value, source.account, s))
	}
}

// nearestRole is the remedy for the ARN of a role that is none.
func (b *builder) nearestRole(arn, account string, s *Snapshot) string {
	otherwise := fmt.Sprintf("write the ARN of a role, such as arn:aws:iam::%s:role/NAME", account)
	if !b.suggest() {
		return otherwise
	}
	var known []string
	for _, r := range keysOf(s.roles) {
		if s.roles[r].Account == account {
			known = append(known, r)
		}
	}
	return didYouMean(arn, known, otherwise)
}
