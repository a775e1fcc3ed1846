// Package key knows condition keys by number, so that to find one among many
// takes no comparison of texts but the last.
package key

import (
	"hash/maphash"
	"unique"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Key is the name of a condition key, in lower case, and what is known of it.
type Key struct {
	Name string
	// Hash is that of the name, for as long as the process lives.
	Hash uint32
	// Multivalued keys have a list of values, as AWS declares them.
	Multivalued bool
}

// New looks a name up. All keys of a name share its text: it is what every
// comparison ends with, and stays in the processor's caches if it is one.
func New(name string) Key {
	return Key{Name: unique.Make(name).Value(), Hash: Hash(name), Multivalued: policy.KeyCardinality(name) == policy.Multivalued}
}

// The seed is random, so that no request can be made of keys that collide.
var seed = maphash.MakeSeed()

// Hash is the number of a name. Others may have the same.
func Hash(name string) uint32 { return uint32(maphash.String(seed, name)) }
