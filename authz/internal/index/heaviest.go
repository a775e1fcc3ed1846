package index

// Heaviest is about the most that the entries together weigh that one action and
// one resource lead to. It is never less. It looks at every node once.
func (x *Index) Heaviest(weight func(Entry) int) int {
	if len(x.nodes) == 0 {
		return 0
	}
	return x.heaviest(0, func(root span) int {
		if root.from == none {
			return 0
		}
		return x.heaviest(root.from, func(s span) int {
			sum := 0
			for _, e := range x.entries[s.from:s.to] {
				sum += weight(e)
			}
			return sum
		})
	})
}

// heaviest is the heaviest way down from a node. What ends at a node is not on
// the way to those below.
func (x *Index) heaviest(at uint32, weight func(span) int) int {
	n := &x.nodes[at]
	below := weight(n.exact)
	for i := range uint32(n.count) {
		below = max(below, x.heaviest(n.children+i, weight))
	}
	return weight(n.prefix) + below
}
