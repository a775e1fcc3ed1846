//go:build poison

package s3

import (
	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
)

// poison makes a request that was given back one that nobody can mistake for theirs:
// what still refers to it shows in tests that are built with the tag poison.
func (r *request) poison() {
	const poison = "poisoned: the operation was given back"
	r.bucket, r.key = poison, poison
	m := &r.mapping
	m.addressed = resource{poison, poison, poison, poison}
	m.disclosure = authz.Access{Action: poison, Resource: poison}
	m.one[0] = authz.Access{Action: poison, Resource: poison}
	m.oneObject[0] = action.Object{Bucket: poison, Key: poison}
	for i := range m.rooms {
		var keys authz.Context
		for keys.Use(&m.rooms[i]); keys.Len() < 5; {
			keys.Set(poison+string(rune('0'+keys.Len())), poison)
		}
	}
}

// cleanse makes what is poisoned as new.
func (r *request) cleanse() { *r = request{} }
