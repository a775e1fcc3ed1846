package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// maxGroups is AWS's quota of the groups a user is in.
const maxGroups = 10

// maxSuggestions bounds the names for which the nearest one is looked for.
const maxSuggestions = 20

// link resolves what entities refer to and makes the callers and roles of it.
func (b *builder) link() *Snapshot {
	users, roles := len(b.made.users.last), len(b.made.roles.last) // about
	s := &Snapshot{
		revision:         b.in.tree.revision(b.pace),
		accounts:         keysOf(b.settings.accounts),
		roles:            make(map[string]*Role, roles),
		rolesByID:        make(map[string]*Role, roles),
		users:            make(map[string]*User, users),
		usersByID:        make(map[string]*User, users),
		managed:          b.compiled(),
		revokeWithParent: b.settings.revokeWithParent,
		buckets:          make(map[string]*Bucket, len(b.buckets)),
		owners:           owners{},
	}
	for _, r := range b.settings.rules {
		s.owners.add(r.route.value, r.name.value, r.account.value)
	}
	for name, bucket := range b.buckets {
		_ = b.pace.step()
		s.buckets[name] = b.asRequested(name, bucket)
	}
	for _, p := range b.ordered {
		if b.pace.step() != nil {
			return s
		}
		b.linkEntity(s, p)
	}
	s.counts.Accounts = len(s.accounts)
	s.counts.Policies = len(b.documents)
	for _, d := range b.documents {
		s.counts.Statements += d.statements
	}
	return s
}

// linkEntity adds one entity to a snapshot.
func (b *builder) linkEntity(s *Snapshot, p *principal) {
	switch p.class {
	case users:
		p.user = b.user(p)
		b.checkCost(p.file, "attached to the user", p.name, p.user.Caller.Identity, p.user.Caller.Boundary)
		s.addUser(p.user)
		s.counts.Users++
	case groups:
		b.own(p)
		s.counts.Groups++
	case roles:
		r := b.role(p)
		b.checkCost(p.file, "attached to the role", p.name, r.Identity, r.Boundary)
		if p.trust != nil {
			b.checkCost(p.trust.file, "in the trust policy of the role", p.name, r.Trust)
		}
		s.addRole(r)
		s.counts.Roles++
	}
}

// own are the inline and managed policies of an entity itself. The result is shared.
func (b *builder) own(p *principal) []*document {
	if p.linked {
		return p.documents
	}
	p.linked = true
	attached := p.entity.attached
	p.documents = append(make([]*document, 0, len(p.inline)+len(attached)), p.inline...)
	if most := p.class.attached; len(attached) > most {
		b.quota(p.file, attached[most].at, fmt.Sprintf("the %s has %d managed policies attached, and AWS's quota is %d", p.class.singular, len(attached), most), "merge some of them")
	}
	for _, arn := range attached {
		if d := b.managedPolicy(p, arn); d != nil {
			p.documents = append(p.documents, d)
		}
	}
	return p.documents
}

// managedPolicy finds a managed policy by its ARN.
func (b *builder) managedPolicy(p *principal, arn text) *document {
	if m := b.managed[arn.value]; m != nil && (m.account == p.account || m.account == awsAccount) {
		return m.documents[0]
	}
	message := fmt.Sprintf("there is no managed policy %q", arn.value)
	remedy := "add its document under accounts/" + p.account + "/policies"
	rest, isARN := strings.CutPrefix(arn.value, "arn:aws:iam::")
	account, _, _ := strings.Cut(rest, ":")
	switch {
	case b.managed[arn.value] != nil:
		message = fmt.Sprintf("the managed policy %q belongs to another account", arn.value)
		remedy = "attach one of account " + p.account + ", or of AWS"
	case !isARN:
		message = fmt.Sprintf("%q is not the ARN of a managed policy", arn.value)
		remedy = fmt.Sprintf("write arn:aws:iam::%s:policy/NAME", p.account)
	case account == awsAccount:
		remedy = "add its document under accounts/aws/policies, with its path, if it has one, in NAME.yaml"
	}
	if near := b.nearestPolicy(p, arn.value); near != "" {
		remedy = fmt.Sprintf("write %q, or %s", near, remedy)
	}
	b.error(p.file, arn.at, "UNKNOWN_POLICY", message, remedy)
	return nil
}

// compiled are the managed policies that are whole, by ARN.
func (b *builder) compiled() map[string]*authz.Document {
	all := make(map[string]*authz.Document, len(b.managed))
	for arn, m := range b.managed {
		if d := m.documents[0].compiled; d != nil {
			all[arn] = d
		}
	}
	return all
}

// nearestPolicy is the ARN of the policy that an entity could attach whose name is
// most like that in another ARN.
func (b *builder) nearestPolicy(p *principal, arn string) string {
	if !b.suggest() {
		return ""
	}
	byName := map[string]string{}
	for _, known := range keysOf(b.managed) {
		if m := b.managed[known]; m.account == p.account || m.account == awsAccount {
			byName[m.name] = known
		}
	}
	return byName[nearest(arn[strings.LastIndexByte(arn, '/')+1:], keysOf(byName))]
}

// suggest tells whether the nearest name may be looked for once more.
func (b *builder) suggest() bool {
	b.suggested++
	return b.suggested <= maxSuggestions
}

// groups are the groups that a user is in.
func (b *builder) groups(p *principal) []*principal {
	var in []*principal
	for _, name := range p.entity.groups {
		g := b.principals[identify(groups, p.account, name.value)]
		if g != nil && g.name == name.value {
			in = append(in, g)
			continue
		}
		remedy := fmt.Sprintf("add accounts/%s/groups/%s.yaml", p.account, name.value)
		if g != nil {
			remedy = fmt.Sprintf("write %q, as its file does", g.name)
		} else if b.suggest() {
			remedy = didYouMean(name.value, b.names(groups, p.account), remedy)
		}
		b.error(p.file, name.at, "UNKNOWN_GROUP", fmt.Sprintf("there is no group %q in account %s", name.value, p.account), remedy)
	}
	if n := len(p.entity.groups); n > maxGroups {
		b.quota(p.file, p.entity.groups[maxGroups].at, fmt.Sprintf("the user is in %d groups, and AWS's quota is %d", n, maxGroups), "merge some of them")
	}
	return in
}

// names are the names of a class of entities in an account.
func (b *builder) names(c *class, account string) []string {
	var names []string
	for _, p := range b.ordered {
		if p.class == c && p.account == account {
			names = append(names, p.name)
		}
	}
	return names
}

// checkCost reports policies that are evaluated together, and whose cost no index
// bounds. Where says in words where they are, and name of what.
func (b *builder) checkCost(file, where, name string, sets ...*authz.Policies) {
	unindexed, searches := cost(sets)
	if unindexed > maxUnindexed {
		b.report(file, policy.Position{}, b.quotaSeverity(), "UNINDEXED_STATEMENTS",
			fmt.Sprintf("%d statements %s %q can match any action on any resource, so that every decision looks at all of them; more than %d make decisions slow", unindexed, where, name, maxUnindexed),
			"name services in Action or Resource, or merge statements")
	}
	if searches > maxSearches {
		b.report(file, policy.Position{}, b.quotaSeverity(), "COSTLY_PATTERNS",
			fmt.Sprintf("the patterns %s %q count %d words, variables and wildcards, which a decision may have to search for one by one; more than %d make decisions slow", where, name, searches, maxSearches),
			"write what names begin with in front of the first wildcard, and fewer wildcards behind it")
	}
}

// boundary is the permissions boundary of an entity.
func (b *builder) boundary(p *principal) *authz.Policies {
	if p.entity.boundary.value == "" {
		return nil
	}
	if d := b.managedPolicy(p, p.entity.boundary); d != nil {
		return b.policies(d)
	}
	return nil
}

// policies attaches documents, in the order of their files.
func (b *builder) policies(documents ...*document) *authz.Policies {
	attached := make([]*document, 0, len(documents))
	for _, d := range documents {
		if d != nil && d.compiled != nil {
			attached = append(attached, d)
		}
	}
	slices.SortFunc(attached, func(x, y *document) int { return strings.Compare(x.file, y.file) })
	attached = slices.Compact(attached)
	if len(attached) == 0 {
		return nil
	}
	compiled := make([]*authz.Document, 0, len(attached))
	for _, d := range attached {
		compiled = append(compiled, d.compiled)
	}
	return b.made.library.Policies(compiled...)
}
