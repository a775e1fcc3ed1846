package bundle

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"unsafe"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/secret"
)

// tagNamespace is the condition key of the tags of a principal.
const tagNamespace = "aws:principaltag"

// PrincipalKeys are the condition keys that follow from the principal and stand
// in the Keys of a Caller, in lower case. One that ends in "/" stands for all
// keys that begin with it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func PrincipalKeys() []string { return slices.Clone(principalKeys) }

var principalKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalisawsservice",
	tagNamespace + "/", "aws:principaltype", "aws:userid", "aws:username",
}

// namedCaller is a caller with the text of its names, which are read together: most
// callers of many are in none of the processor's caches when their turn comes. It is as
// large as a whole number of lines of these, and so begins with one.
type namedCaller struct {
	authz.Caller
	text [384 - unsafe.Sizeof(authz.Caller{})]byte
}

// named is a caller whose names follow each other in a text.
func named(names ...string) (c *authz.Caller, text string) {
	n := new(namedCaller)
	all := n.text[:0]
	for _, name := range names {
		all = append(all, name...) // elsewhere, if it is longer
	}
	return &n.Caller, unsafe.String(unsafe.SliceData(all), len(all)) //nolint:gosec // nothing writes there again
}

// newCaller makes the caller that a user is, but for its policies.
func newCaller(p *principal) *authz.Caller {
	arn := p.arn()
	c, name := named(arn, p.entity.id.value)
	*c = authz.Caller{
		Type:    authz.User,
		Account: name[len("arn:aws:iam::"):][:len(p.account)],
		ARN:     name[:len(arn)],
		ID:      name[len(arn):],
	}
	k := &c.Keys
	k.Grow(6 + len(p.entity.tags))
	k.Set("aws:principalaccount", c.Account)
	k.Set("aws:principalarn", c.ARN)
	k.Set("aws:principalisawsservice", "false")
	k.Set("aws:principaltype", "User")
	k.Set("aws:userid", c.ID)
	k.Set("aws:username", p.name)
	for _, tag := range keysOf(p.entity.tags) {
		k.SetTag(tagNamespace, tag, p.entity.tags[tag])
	}
	return c
}

// versionSeed keeps versions of secrets from telling anything about them.
var versionSeed = sync.OnceValue(func() []byte {
	seed := make([]byte, sha256.Size)
	_, _ = rand.Read(seed)
	return seed
})

// secretVersion is a number that changes when the secret of a key does.
func secretVersion(accessKeyID string, s secret.Value) uint64 {
	h := hmac.New(sha256.New, versionSeed())
	_, _ = h.Write([]byte(accessKeyID + "\x00" + s.Reveal()))
	return binary.BigEndian.Uint64(h.Sum(nil))
}
