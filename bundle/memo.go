package bundle

import (
	"crypto/sha256"

	"github.com/sallyport-iam/sallyport/authz"
)

// loader turns readings into snapshots. It remembers what it made of the last one, so
// that a change costs what changed: every part of a snapshot that follows from the
// same files is the same, down to its address. What remains is to look at each file
// and each entity once, and to find nothing new.
//
// Errors and warnings about what refers to something else are not among it, but for
// those about condition keys: they are found anew each time.
type loader struct {
	opts *Options
	made made
}

// made is what builds have made, each by all that it follows from.
type made struct {
	// files are what files say: policy documents are compiled, too.
	files memo[fileKey, any]
	lists memo[listKey, *parsedKeys]
	// library has the sets of documents that are attached.
	library authz.Library
	users   memo[userKey, *User]
	roles   memo[roleKey, *Role]
	buckets memo[bucketKey, *Bucket]
	// judged are the findings about condition keys.
	judged memo[judgedKey, *judgement]
	// under is what the last findings about condition keys follow from.
	under *circumstances
}

// turn ends a build that has come to its end: see memo.
func (m *made) turn() {
	m.files.turn()
	m.lists.turn()
	m.library.Turn()
	m.users.turn()
	m.roles.turn()
	m.buckets.turn()
	m.judged.turn()
}

// fileKey is everything that what a file says follows from. The name is of a policy.
type fileKey struct {
	path, name string
	digest     [sha256.Size]byte
}

// memo keeps what builds make, so that the next one need not make it again. Its keys
// are all that the things follow from, beside the options: what is made from the same
// is the same. What a build does not ask for is forgotten with its end.
type memo[K comparable, T any] struct {
	now, last map[K]T
}

// of is what follows from a key: as it is known, or made now.
func (m *memo[K, T]) of(key K, fresh func() T) T {
	if known, ok := m.now[key]; ok {
		return known
	}
	known, ok := m.last[key]
	if !ok {
		known = fresh()
	}
	if m.now == nil {
		m.now = make(map[K]T, len(m.last))
	}
	m.now[key] = known
	return known
}

// turn ends a build.
func (m *memo[K, T]) turn() { m.now, m.last = nil, m.now }

func (m *memo[K, T]) size() int { return len(m.now) + len(m.last) }

// remember parses a file, or finds what it said last time. The text is let go: of a
// large bundle all of them together are as large as what is made of them.
func remember[T any](b *builder, f *file, name string, parse func() T) T {
	known := b.made.files.of(fileKey{f.path, name, f.digest}, func() any {
		b.unread = b.unread || f.omitted
		return parse()
	})
	f.text = nil
	return known.(T)
}
