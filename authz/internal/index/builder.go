package index

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"
)

// Builder collects what an Index is made of. It may be used again for another one,
// and keeps its room.
type Builder struct {
	items []item
	// What follows belongs to Build: the parts of the Index, of whose text labels are
	// all but the beginning.
	nodes   []node
	firsts  []byte
	labels  []byte
	entries []Entry
	// whole tells where in labels a prefix stands of which labels are parts.
	whole map[place]uint32
}

// place is a string, as it stands in memory.
type place struct {
	at     *byte
	length int
}

// Labels are copied as long as they are not longer than shortLabel, and all together
// than mostLabels. Of others there may be many of one prefix, one for each action:
// they are parts of one copy of it.
const (
	shortLabel = 64
	mostLabels = 1 << 30
)

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
	x, _ := Build(b, &Builder{})
	return x
}

// Build makes two indexes, each of whose parts are one piece of memory for both, and
// leaves the Builders empty.
func Build(a, b *Builder) (x, y Index) {
	a.build()
	b.build()
	nodes, entries := slices.Concat(a.nodes, b.nodes), slices.Concat(a.entries, b.entries)
	n, m, l := len(a.nodes), len(a.entries), len(a.firsts)+len(a.labels)
	var text strings.Builder
	text.Grow(l + len(b.firsts) + len(b.labels))
	for _, part := range [][]byte{a.firsts, a.labels, b.firsts, b.labels} {
		text.Write(part)
	}
	a.reset()
	b.reset()
	return Index{nodes[:n:n], text.String()[:l], entries[:m:m]}, Index{nodes[n:], text.String()[l:], entries[m:]}
}

// build makes the parts of the index.
func (b *Builder) build() {
	if len(b.items) == 0 {
		return
	}
	slices.SortFunc(b.items, func(x, y item) int {
		return cmp.Or(
			compareKeys(x.keys[0], y.keys[0]), compareKeys(x.keys[1], y.keys[1]),
			cmp.Compare(x.entry.Statement, y.entry.Statement), cmp.Compare(x.entry.Action, y.entry.Action), cmp.Compare(x.entry.Resource, y.entry.Resource),
		)
	})
	b.entries = slices.Grow(b.entries, len(b.items))
	for i := range b.items {
		b.entries = append(b.entries, b.items[i].entry)
	}
	b.add(span{})
	b.grow(0, span{0, uint32(len(b.items))}, actions, 0)
	// The labels come to stand behind their first bytes.
	before := uint32(len(b.nodes))
	for i := range b.nodes {
		n, first := &b.nodes[i], byte(0)
		if n.label.from < n.label.to {
			first = b.labels[n.label.from]
		}
		n.label.from += before
		n.label.to += before
		b.firsts = append(b.firsts, first)
	}
}

// mostRoom is for how many entries a Builder keeps room.
const mostRoom = 1 << 10

// reset empties the Builder, and keeps its room unless that is much.
func (b *Builder) reset() {
	if cap(b.items) > mostRoom || cap(b.nodes) > 4*mostRoom || cap(b.labels) > shortLabel*mostRoom {
		*b = Builder{}
		return
	}
	clear(b.items)
	clear(b.whole)
	b.items, b.nodes, b.firsts, b.labels, b.entries = b.items[:0], b.nodes[:0], b.firsts[:0], b.labels[:0], b.entries[:0]
}

// label is a part of a prefix, as a range of labels.
func (b *Builder) label(prefix string, from, to int) span {
	n := uint32(len(b.labels))
	if to-from <= shortLabel && n < mostLabels {
		b.labels = append(b.labels, prefix[from:to]...)
		return span{n, n + uint32(to-from)}
	}
	key := place{unsafe.StringData(prefix), len(prefix)} //nolint:gosec // compared alone
	begin, known := b.whole[key]
	if !known {
		if b.whole == nil {
			b.whole = map[place]uint32{}
		}
		begin, b.whole[key] = n, n
		b.labels = append(b.labels, prefix...)
	}
	return span{begin + uint32(from), begin + uint32(to)}
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

func (b *Builder) add(label span) uint32 {
	b.nodes = append(b.nodes, node{label: label})
	return uint32(len(b.nodes) - 1)
}

// grow makes what is below a node of one of the trees, of a range of sorted
// items. Their keys have the first depth bytes in common, which are the path to
// the node.
func (b *Builder) grow(at uint32, s span, tree, depth int) {
	key := func(i uint32) Key { return b.items[i].keys[tree] }
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
			root := b.add(span{})
			b.grow(root, group, resources, 0)
			group = span{from: root}
		}
		if exact {
			b.nodes[at].exact = group
		} else {
			b.nodes[at].prefix = group
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
	children := uint32(len(b.nodes))
	b.nodes[at].children, b.nodes[at].count = children, uint16(len(groups))
	depths := make([]int, len(groups))
	for i, group := range groups {
		first, last := key(group.from).Prefix, key(group.to-1).Prefix
		depths[i] = depth + 1
		for depths[i] < len(first) && depths[i] < len(last) && first[depths[i]] == last[depths[i]] {
			depths[i]++
		}
		b.add(b.label(first, depth, depths[i]))
	}
	for i, group := range groups {
		b.grow(children+uint32(i), group, tree, depths[i])
	}
}
