package authz

import "strings"

// Context holds condition keys and their values. Names are in lower case, as
// "aws:sourceip" or "aws:requesttag/team". The zero value is empty and ready to
// use. A Context may be read by several goroutines as long as none writes.
type Context struct {
	entries []entry
}

type entry struct {
	key   string
	value Value
}

// Value is what a condition key holds: one string, or a list of them. The
// zero value is the empty string.
type Value struct {
	text     string
	list     []string
	multiple bool
	unusable bool
}

// Single is the value of a key that has one; ok is false for a list and for a
// value that is not usable.
func (v Value) Single() (text string, ok bool) { return v.text, !v.multiple && !v.unusable }

// List is the values of a key that has a list; ok is false for a single value.
func (v Value) List() (values []string, ok bool) { return v.list, v.multiple }

// Usable is false if the request gave the key values between which nothing
// decides: two tags whose keys differ in case alone.
func (v Value) Usable() bool { return !v.unusable }

// Set gives a key one value, and takes the place of what it held.
func (c *Context) Set(key, value string) { c.set(key, Value{text: value}) }

// SetList gives a key a list of values, and takes the place of what it held.
// The list is not copied. An empty list is as good as no key.
func (c *Context) SetList(key string, values []string) {
	c.set(key, Value{list: values, multiple: true})
}

// SetTag adds a tag to a namespace such as "aws:requesttag". If the namespace
// has a tag already whose key differs in case alone, neither value can be used:
// the key counts as present, and no condition on it lets anybody in.
func (c *Context) SetTag(namespace, tag, value string) {
	key := strings.ToLower(namespace + "/" + tag)
	if _, ok := c.Lookup(key); ok {
		c.set(key, Value{unusable: true})
		return
	}
	c.set(key, Value{text: value})
}

func (c *Context) set(key string, value Value) {
	// A key in another case would never be found, and a Deny on it never apply.
	key = strings.ToLower(key)
	for i := range c.entries {
		if c.entries[i].key == key {
			c.entries[i].value = value
			return
		}
	}
	c.entries = append(c.entries, entry{key, value})
}

// Lookup finds a key, which is in lower case.
func (c *Context) Lookup(key string) (Value, bool) {
	for i := range c.entries {
		if c.entries[i].key == key {
			return c.entries[i].value, true
		}
	}
	return Value{}, false
}

// Len is the number of keys.
func (c *Context) Len() int { return len(c.entries) }

// Reset forgets all keys and keeps the memory for the next ones.
func (c *Context) Reset() {
	clear(c.entries)
	c.entries = c.entries[:0]
}
