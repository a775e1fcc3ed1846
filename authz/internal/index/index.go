// Package index finds, among many statements, those whose action and resource
// elements can match an access, without looking at the others.
//
// A pattern is known by its literal beginning. The beginnings of actions stand
// in a tree of prefixes; each leads to another tree, of the beginnings of
// resources. To find all that can match, one walks down the first tree along
// the action, and down each second one along the resource: the steps follow
// from the lengths of the two, and not from the number of statements.
package index

import (
	"strings"
	"unsafe"

	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
)

// Key is the literal beginning of a pattern: the text before its first wildcard
// or variable.
type Key struct {
	Prefix string
	// Exact is set if there is nothing behind the prefix: only the prefix
	// itself matches.
	Exact bool
}

// Any is the key of patterns that have no literal beginning.
var Any = Key{}

// What an Entry says about an element in place of the number of a pattern.
const (
	// Matched: whatever leads to the entry matches the element.
	Matched = -1
	// Untested: the element as a whole is to be tested.
	Untested = -2
)

// Entry is a pattern of a statement that can match.
type Entry struct {
	// Statement is the number of the statement.
	Statement int32
	// Action and Resource are the numbers of the patterns that led here, which
	// are to be tested in full; or Matched, or Untested.
	Action, Resource int32
	// Sieve tells of the pattern of the resource what it takes to match it; zero
	// nothing.
	Sieve pattern.Sieve
}

// Index maps an action and a resource to entries. The zero value has none. It
// is made by a Builder. Its parts hold no pointers: a collection of garbage looks at
// none of the nodes, of which there are many.
type Index struct {
	nodes []node
	// text begins with the first byte of the label of each node, so that those of
	// siblings stand side by side. The labels follow.
	text    string
	entries []Entry
}

// node is a node of a tree, of actions or of resources. The first node of the
// Index is the root of the tree of actions.
type node struct {
	// label is what stands between the parent and the node: a range of the text.
	label span
	// children are nodes one behind the other.
	children uint32
	count    uint16 // of children
	// prefix is what belongs to the patterns that begin with the path to the
	// node, exact to those that end there as well. In the tree of resources
	// these are ranges of entries, in the tree of actions roots of trees.
	prefix, exact span
}

// span is a range of entries or of the text; or in from the number of a node, if
// there is one.
type span struct{ from, to uint32 }

// Len is the number of entries.
func (x *Index) Len() int { return len(x.entries) }

// Bytes is about how much memory the index takes.
func (x *Index) Bytes() int {
	return len(x.nodes)*int(unsafe.Sizeof(node{})) + len(x.text) + len(x.entries)*int(unsafe.Sizeof(Entry{}))
}

// none is the number of a node that is not there. The root of the tree of
// actions is nobody's child and no tree of resources.
const none = 0

// beyond stands for the end of the tree of actions.
const beyond = 1<<32 - 1

// Cursor walks over the entries for one action and one resource.
type Cursor struct {
	index    *Index
	action   []byte
	resource string
	// at is the node in the tree of actions, beyond behind the last one, and
	// passed how much of the action is above it.
	at     uint32
	passed int
	// node is the node in a tree of resources, none between two trees, and
	// entered how much of the resource is above it. seen is set if the patterns
	// that begin at the node are behind us.
	node    uint32
	entered int
	seen    bool
	// exact is the tree of resources that comes next, before another node of
	// the tree of actions; none if there is none.
	exact uint32
}

// Find begins a walk. The action is in lower case.
func (x *Index) Find(action []byte, resource string) Cursor {
	c := Cursor{index: x, action: action, resource: resource, at: beyond}
	if len(x.nodes) > 0 {
		c.reach(0)
	}
	return c
}

// reach comes to a node of the tree of actions.
func (c *Cursor) reach(at uint32) {
	c.at = at
	n := &c.index.nodes[at]
	c.enter(n.prefix.from)
	if c.exact = none; c.passed == len(c.action) {
		c.exact = n.exact.from
	}
}

// enter begins with a tree of resources.
func (c *Cursor) enter(root uint32) { c.node, c.entered, c.seen = root, 0, false }

// Next are the next entries, in rising order; empty at the end.
func (c *Cursor) Next() []Entry {
	for c.node != none || c.nextTree() {
		n := &c.index.nodes[c.node]
		if !c.seen {
			if c.seen = true; n.prefix.to > n.prefix.from {
				return c.index.entries[n.prefix.from:n.prefix.to]
			}
		}
		if c.entered < len(c.resource) {
			var length int
			c.node, length = child(c.index, n, c.resource[c.entered:])
			c.entered += length
			c.seen = false
			continue
		}
		if c.node = none; n.exact.to > n.exact.from {
			return c.index.entries[n.exact.from:n.exact.to]
		}
	}
	return nil
}

// nextTree comes to the next tree of resources.
func (c *Cursor) nextTree() bool {
	if c.exact != none {
		c.enter(c.exact)
		c.exact = none
		return true
	}
	for c.at != beyond && c.node == none {
		at, length := child(c.index, &c.index.nodes[c.at], c.action[c.passed:])
		if at == none {
			c.at = beyond
			break
		}
		c.passed += length
		if c.reach(at); c.node == none && c.exact != none {
			c.enter(c.exact)
			c.exact = none
		}
	}
	return c.node != none
}

// child is the child of a node that a text leads to, and the length of its label.
func child[T string | []byte](x *Index, n *node, text T) (at uint32, length int) {
	if len(text) == 0 || n.count == 0 {
		return none, 0
	}
	at = n.children
	if n.count > 1 {
		i := strings.IndexByte(x.text[at:at+uint32(n.count)], text[0])
		if i < 0 {
			return none, 0
		}
		at += uint32(i)
	}
	l := x.nodes[at].label
	label := x.text[l.from:l.to]
	if len(text) < len(label) || string(text[:len(label)]) != label {
		return none, 0
	}
	return at, len(label)
}
