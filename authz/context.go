package authz

import (
	"iter"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
)

// Context holds condition keys and their values. Names are in lower case, as
// "aws:sourceip" or "aws:requesttag/team". The zero value is empty and ready to
// use. A Context may be read by several goroutines as long as none writes.
type Context struct {
	// hashes are those of the keys of the entries: to look through them is
	// faster than through the entries.
	hashes  []uint32
	entries []entry
	// unread are the families that nobody has read.
	unread []string
}

type entry struct {
	key   string
	value Value
}

// Room is memory for the first keys of a Context, as a part of what has the
// Context.
type Room struct {
	hashes  [roomFor]uint32
	entries [roomFor]entry
	unread  [1]string
}

// roomFor is how many keys there is room for in a Room.
const roomFor = 5

// Use makes an empty Context keep its first keys in a Room, which no other uses.
func (c *Context) Use(r *Room) {
	c.hashes, c.entries, c.unread = r.hashes[:0], r.entries[:0], r.unread[:0]
}

// Value is what a condition key holds: one string, or a list of them. The
// zero value is the empty string.
type Value struct {
	text string
	// other is what the key holds that has not one string; nil if it has. Most have,
	// and a request has many keys.
	other *other
}

// other is what is no single value: a list, or what is not usable.
type other struct {
	list     []string
	unusable bool
}

var unusable = &other{unusable: true}

func (v *Value) single() bool   { return v.other == nil }
func (v *Value) multiple() bool { return v.other != nil && !v.other.unusable }

// Single is the value of a key that has one; ok is false for a list and for a
// value that is not usable.
func (v Value) Single() (text string, ok bool) { return v.text, v.single() }

// List is the values of a key that has a list; ok is false for a single value.
func (v Value) List() (values []string, ok bool) {
	if !v.multiple() {
		return nil, false
	}
	return v.other.list, true
}

// Usable is false if the request gave the key values between which nothing
// decides: two tags whose keys differ in case alone.
func (v Value) Usable() bool { return v.other == nil || !v.other.unusable }

// Set gives a key one value, and takes the place of what it held.
func (c *Context) Set(key, value string) { c.set(key, Value{text: value}) }

// SetList gives a key a list of values, and takes the place of what it held.
// The list is not copied. An empty list is as good as no key.
func (c *Context) SetList(key string, values []string) {
	c.set(key, Value{other: &other{list: values}})
}

// SetTag adds a tag to a namespace such as "aws:requesttag". If the namespace
// has a tag already whose key differs in case alone, neither value can be used:
// the key counts as present, and no condition on it lets anybody in.
func (c *Context) SetTag(namespace, tag, value string) {
	name := strings.ToLower(namespace + "/" + tag)
	if _, ok := c.Lookup(name); ok {
		c.set(name, Value{other: unusable})
		return
	}
	c.set(name, Value{text: value})
}

// Name is the name of a key that most requests have: what has to be known of it is
// found out once.
type Name struct {
	text string
	hash uint32
}

// NewName makes a Name, which is in lower case.
func NewName(name string) Name {
	// A key in another case would never be found, and a Deny on it never apply.
	name = strings.ToLower(name)
	return Name{name, key.Hash(name)}
}

// SetName is Set for a Name.
func (c *Context) SetName(n Name, value string) { c.put(n, Value{text: value}) }

func (c *Context) set(name string, value Value) { c.put(NewName(name), value) }

func (c *Context) put(n Name, value Value) {
	if v := c.find(n.text, n.hash); v != nil {
		*v = value
		return
	}
	c.hashes = append(c.hashes, n.hash)
	c.entries = append(c.entries, entry{n.text, value})
}

// find is the value of a key; nil if there is none.
func (c *Context) find(name string, hash uint32) *Value {
	for i, h := range c.hashes {
		if h == hash && c.entries[i].key == name {
			return &c.entries[i].value
		}
	}
	return nil
}

// Lookup finds a key, which is in lower case.
func (c *Context) Lookup(name string) (Value, bool) {
	if v := c.find(name, key.Hash(name)); v != nil {
		return *v, true
	}
	return Value{}, false
}

// All are the keys, in the order in which they were set first, and their values.
func (c *Context) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, e := range c.entries {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

// SetUnread says of a family of keys that nobody has read them yet, but for
// those that are set: that they are not here does not mean that the request does
// not have them. The family is what the names begin with, such as
// "s3:existingobjecttag/". A decision that depends on one of them names the
// family as what it Needs.
func (c *Context) SetUnread(family string) {
	family = strings.ToLower(family)
	if !slices.Contains(c.unread, family) {
		c.unread = append(c.unread, family)
	}
}

// SetRead takes SetUnread back: keys of the family that are not set are absent.
func (c *Context) SetRead(family string) {
	family = strings.ToLower(family)
	c.unread = slices.DeleteFunc(c.unread, func(f string) bool { return f == family })
}

// Unread is the family by which a key, which is in lower case, is unread; empty
// if it is set, or absent.
func (c *Context) Unread(name string) (family string) {
	for _, f := range c.unread {
		if strings.HasPrefix(name, f) {
			family = earlier(family, f)
		}
	}
	if family == "" || c.find(name, key.Hash(name)) != nil {
		return ""
	}
	return family
}

// Len is the number of keys.
func (c *Context) Len() int { return len(c.entries) }

// Clone copies the keys, so that the copy can be changed. Lists are shared.
func (c *Context) Clone() Context {
	return Context{slices.Clone(c.hashes), slices.Clone(c.entries), slices.Clone(c.unread)}
}

// maxKept is how many keys a Context keeps memory for at most, 10 KiB.
const maxKept = 256

// Reset forgets all keys and keeps the memory for some of the next ones. Who
// still has a copy of the Context must not read it any more; values may be kept.
func (c *Context) Reset() {
	if cap(c.entries) > maxKept {
		*c = Context{}
		return
	}
	clear(c.entries)
	c.hashes, c.entries = c.hashes[:0], c.entries[:0]
	clear(c.unread)
	c.unread = c.unread[:0]
}

// Grow makes room for n more keys at once.
func (c *Context) Grow(n int) {
	c.hashes, c.entries = slices.Grow(c.hashes, n), slices.Grow(c.entries, n)
}
