package bundle

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// maxGroups is AWS's quota of the groups a user is in.
const maxGroups = 10

// linkBucket is a bucket as requests find it.
func (b *builder) linkBucket(name string, from *bucket) *Bucket {
	out := &Bucket{PolicyText: from.text}
	if from.document != nil {
		out.Policy = b.policies(from.document)
		b.checkCost(from.document.file, fmt.Sprintf("in the policy of the bucket %q", name), out.Policy)
	}
	for _, key := range keysOf(from.tags) {
		out.Tags = append(out.Tags, Tag{Key: key, Value: from.tags[key]})
	}
	return out
}

// maxSuggestions bounds the names for which the nearest one is looked for.
const maxSuggestions = 20

// link resolves what entities refer to and makes the callers and roles of it.
func (b *builder) link() *Snapshot {
	s := &Snapshot{
		revision:         b.in.tree.revision(),
		accounts:         keysOf(b.settings.accounts),
		roles:            map[string]*Role{},
		rolesByID:        map[string]*Role{},
		users:            map[string]*User{},
		usersByID:        map[string]*User{},
		managed:          b.compiled(),
		revokeWithParent: b.settings.revokeWithParent,
		buckets:          map[string]*Bucket{},
		owners:           owners{},
	}
	for _, r := range b.settings.rules {
		s.owners.add(r.route.value, r.name.value, r.account.value)
	}
	for name, bucket := range b.buckets {
		s.buckets[name] = b.linkBucket(name, bucket)
	}
	for _, p := range b.inOrder() {
		switch p.class {
		case users:
			documents := b.own(p)
			for _, g := range b.groups(p) {
				documents = append(documents, b.own(g)...)
			}
			c := b.caller(p, documents)
			b.checkCost(p.file, fmt.Sprintf("attached to the user %q", p.name), c.Identity, c.Boundary)
			b.callers[identity(users, p.account, p.name)] = c
			s.addUser(&User{Account: p.account, Name: p.name, Path: p.entity.path, ID: c.ID, ARN: c.ARN, Tags: p.entity.tags, Caller: c})
			s.counts.Users++
		case groups:
			b.own(p)
			s.counts.Groups++
		case roles:
			r := b.role(p)
			b.checkCost(p.file, fmt.Sprintf("attached to the role %q", p.name), r.Identity, r.Boundary)
			if p.trust != nil {
				b.checkCost(p.trust.file, fmt.Sprintf("in the trust policy of the role %q", p.name), r.Trust)
			}
			s.addRole(r)
			s.counts.Roles++
		}
	}
	s.counts.Accounts = len(s.accounts)
	s.counts.Policies = len(b.documents)
	for _, d := range b.documents {
		if d.doc != nil {
			s.counts.Statements += len(d.doc.Statements)
		}
	}
	return s
}

// own are the inline and managed policies of an entity itself.
func (b *builder) own(p *principal) []*document {
	if p.linked {
		return slices.Clone(p.documents)
	}
	p.linked = true
	p.documents = slices.Clone(p.inline)
	attached := p.entity.attached
	if most := p.class.attached; len(attached) > most {
		b.quota(p.file, attached[most].at, fmt.Sprintf("the %s has %d managed policies attached, and AWS's quota is %d", p.class.singular, len(attached), most), "merge some of them")
	}
	for _, arn := range attached {
		if d := b.managedPolicy(p, arn); d != nil {
			p.documents = append(p.documents, d)
		}
	}
	return slices.Clone(p.documents)
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
		g := b.principals[identity(groups, p.account, name.value)]
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
	for _, p := range b.inOrder() {
		if p.class == c && p.account == account {
			names = append(names, p.name)
		}
	}
	return names
}

// checkCost reports policies that are evaluated together, and whose cost no index
// bounds. Where says in words where they are.
func (b *builder) checkCost(file, where string, sets ...*authz.Policies) {
	unindexed, searches := cost(sets)
	if unindexed > maxUnindexed {
		b.report(file, policy.Position{}, b.quotaSeverity(), "UNINDEXED_STATEMENTS",
			fmt.Sprintf("%d statements %s can match any action on any resource, so that every decision looks at all of them; more than %d make decisions slow", unindexed, where, maxUnindexed),
			"name services in Action or Resource, or merge statements")
	}
	if searches > maxSearches {
		b.report(file, policy.Position{}, b.quotaSeverity(), "COSTLY_PATTERNS",
			fmt.Sprintf("the patterns %s count %d words, variables and wildcards, which a decision may have to search for one by one; more than %d make decisions slow", where, searches, maxSearches),
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

// policies attaches documents. Whoever has the same ones shares the result.
func (b *builder) policies(documents ...*document) *authz.Policies {
	indices := make([]int, 0, len(documents))
	for _, d := range documents {
		if d != nil && d.compiled != nil {
			indices = append(indices, d.index)
		}
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	if len(indices) == 0 {
		return nil
	}
	key := make([]byte, 0, 4*len(indices))
	for _, i := range indices {
		key = binary.BigEndian.AppendUint32(key, uint32(i))
	}
	set := b.sets[string(key)]
	if set == nil {
		compiled := make([]*authz.Document, len(indices))
		for i, index := range indices {
			compiled[i] = b.documents[index].compiled
		}
		set = b.library.Policies(compiled...)
		b.sets[string(key)] = set
	}
	return set
}

// role makes a role of the snapshot.
func (b *builder) role(p *principal) *Role {
	return &Role{
		Account:    p.account,
		Name:       p.name,
		Path:       p.entity.path,
		ID:         p.entity.id.value,
		ARN:        p.arn(),
		Tags:       p.entity.tags,
		MaxSession: p.entity.maxSession,
		Trust:      b.policies(p.trust),
		Identity:   b.policies(b.own(p)...),
		Boundary:   b.boundary(p),
	}
}
