package index

import (
	"cmp"
	"slices"
	"strings"
)

// Builder collects what an Index is made of.
type Builder struct {
	items []item
}

type item struct {
	keys  [2]Key // of the action, of the resource
	entry Entry
}

// Add adds an entry under the keys of an action, in lower case, and of a
// resource.
func (b *Builder) Add(action, resource Key, e Entry) {
	b.items = append(b.items, item{[2]Key{action, resource}, e})
}

// Build makes the index, and leaves the Builder empty.
func (b *Builder) Build() Index {
	if len(b.items) == 0 {
		return Index{}
	}
	slices.SortFunc(b.items, func(x, y item) int {
		return cmp.Or(
			compareKeys(x.keys[0], y.keys[0]), compareKeys(x.keys[1], y.keys[1]),
			cmp.Compare(x.entry.Statement, y.entry.Statement), cmp.Compare(x.entry.Action, y.entry.Action), cmp.Compare(x.entry.Resource, y.entry.Resource),
		)
	})
	x := Index{entries: make([]Entry, len(b.items))}
	for i := range b.items {
		x.entries[i] = b.items[i].entry
	}
	x.add("")
	x.grow(0, b.items, span{0, uint32(len(b.items))}, actions, 0)
	*b = Builder{}
	x.nodes, x.firsts = slices.Clone(x.nodes), slices.Clone(x.firsts) // without the room to grow
	return x
}

// compareKeys puts a key in front of those that it begins.
func compareKeys(a, b Key) int {
	if d := strings.Compare(a.Prefix, b.Prefix); d != 0 || a.Exact == b.Exact {
		return d
	}
	if b.Exact {
		return -1
	}
	return 1
}

// The trees.
const (
	actions = iota
	resources
)

func (x *Index) add(label string) uint32 {
	first := byte(0)
	if label != "" {
		first = label[0]
	}
	x.nodes = append(x.nodes, node{label: label})
	x.firsts = append(x.firsts, first)
	return uint32(len(x.nodes) - 1)
}

// grow makes what is below a node of one of the trees, of a range of sorted
// items. Their keys have the first depth bytes in common, which are the path to
// the node.
func (x *Index) grow(at uint32, items []item, s span, tree, depth int) {
	key := func(i uint32) Key { return items[i].keys[tree] }
	for _, exact := range []bool{false, true} {
		from := s.from
		for s.from < s.to && len(key(s.from).Prefix) == depth && key(s.from).Exact == exact {
			s.from++
		}
		if s.from == from {
			continue
		}
		group := span{from, s.from}
		if tree == actions {
			root := x.add("")
			x.grow(root, items, group, resources, 0)
			group = span{from: root}
		}
		if exact {
			x.nodes[at].exact = group
		} else {
			x.nodes[at].prefix = group
		}
	}
	var groups []span
	for s.from < s.to {
		group := span{s.from, s.from + 1}
		for group.to < s.to && key(group.to).Prefix[depth] == key(group.from).Prefix[depth] {
			group.to++
		}
		groups = append(groups, group)
		s.from = group.to
	}
	children := uint32(len(x.nodes))
	x.nodes[at].children, x.nodes[at].count = children, uint16(len(groups))
	depths := make([]int, len(groups))
	for i, group := range groups {
		first, last := key(group.from).Prefix, key(group.to-1).Prefix
		depths[i] = depth + 1
		for depths[i] < len(first) && depths[i] < len(last) && first[depths[i]] == last[depths[i]] {
			depths[i]++
		}
		x.add(first[depth:depths[i]])
	}
	for i, group := range groups {
		x.grow(children+uint32(i), items, group, tree, depths[i])
	}
}
