package bundle

import (
	"github.com/sallyport-iam/sallyport/authz"
)

// Users, roles and buckets as requests find them. Each follows from nothing but its
// key: what a file says, and the policies that were found for it. So one whose key is
// that of the last build is the one of the last build.

// userKey is what a user follows from. The place of the entity's file tells its
// account and its name.
type userKey struct {
	entity             *entity
	identity, boundary *authz.Policies
}

// user is a user with the policies of its own and of its groups.
func (b *builder) user(p *principal) *User {
	documents := b.own(p)
	if in := b.groups(p); len(in) > 0 {
		documents = documents[:len(documents):len(documents)]
		for _, g := range in {
			documents = append(documents, b.own(g)...)
		}
	}
	key := userKey{p.entity, b.policies(documents...), b.boundary(p)}
	return b.made.users.of(key, func() *User { return newUser(p, key) })
}

func newUser(p *principal, of userKey) *User {
	c := newCaller(p)
	c.Identity, c.Boundary = of.identity, of.boundary
	c.Prepare()
	return &User{Account: c.Account, Name: p.name, Path: p.entity.path, ID: c.ID, ARN: c.ARN, Tags: p.entity.tags, Caller: c}
}

// roleKey is what a role follows from.
type roleKey struct {
	entity                    *entity
	trust, identity, boundary *authz.Policies
}

func (b *builder) role(p *principal) *Role {
	key := roleKey{p.entity, b.policies(p.trust), b.policies(b.own(p)...), b.boundary(p)}
	return b.made.roles.of(key, func() *Role {
		return &Role{
			Account:    p.account,
			Name:       p.name,
			Path:       p.entity.path,
			ID:         p.entity.id.value,
			ARN:        p.arn(),
			Tags:       p.entity.tags,
			MaxSession: p.entity.maxSession,
			Trust:      key.trust,
			Identity:   key.identity,
			Boundary:   key.boundary,
		}
	})
}

// bucketKey is what a bucket follows from; any may be nil.
type bucketKey struct {
	document *document
	policy   *authz.Policies
	tags     *parsedTags
}

// asRequested is a bucket as requests find it.
func (b *builder) asRequested(name string, from *bucket) *Bucket {
	key := bucketKey{from.document, b.policies(from.document), from.tags}
	if from.document != nil {
		b.checkCost(from.document.file, "in the policy of the bucket", name, key.policy)
	}
	return b.made.buckets.of(key, func() *Bucket {
		out := &Bucket{Policy: key.policy}
		if key.document != nil {
			out.PolicyText, out.public = key.document.text, key.document.public
		}
		if key.tags != nil {
			for _, name := range keysOf(key.tags.tags) {
				out.Tags = append(out.Tags, Tag{Key: name, Value: key.tags.tags[name]})
			}
		}
		return out
	})
}
