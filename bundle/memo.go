package bundle

// memo keeps what builds make, so that the next one need not make it again. Its keys
// are all that the things follow from, beside the options: what is made from the same
// is the same. What a build does not ask for is forgotten with its end.
type memo[K comparable, T any] struct {
	now, last map[K]T
}

// of is what follows from a key: as it is known, or made.
func (m *memo[K, T]) of(key K, make func() T) T {
	if known, ok := m.now[key]; ok {
		return known
	}
	known, ok := m.last[key]
	if !ok {
		known = make()
	}
	m.keep(key, known)
	return known
}

func (m *memo[K, T]) keep(key K, known T) {
	if m.now == nil {
		m.now = make(map[K]T, len(m.last))
	}
	m.now[key] = known
}

// turn ends a build.
func (m *memo[K, T]) turn() { m.now, m.last = nil, m.now }

func (m *memo[K, T]) size() int { return len(m.now) + len(m.last) }
