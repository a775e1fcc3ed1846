package policy

import "sync"

// desk is where the tree of a text lies while it is read. It is used for one after
// the other: a document of ten statements has more of it than of anything that stays.
type desk struct {
	items   stack[node]
	members stack[member]
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// mostRoom is how many things of a kind there is room for on a desk that is kept.
const mostRoom = 1 << 10

// clean ends the use of the desk. Nothing on it may be used any more.
func (d *desk) clean() {
	if d.items.clean() && d.members.clean() {
		desks.Put(d)
	}
}

// stack holds the values of arrays or objects, which end in the order opposite to
// that in which they begin.
type stack[T any] struct {
	open   []T // of those that have not ended, the inner ones above
	closed []T // of the others
}

// close ends the innermost, which begins at first, and returns its values.
func (s *stack[T]) close(first int) []T {
	n, need := len(s.closed), len(s.open)-first
	if first == 0 && need > mostRoom {
		list := s.open[:need:need]
		s.open = nil // it is not worth keeping: no copy beside it
		return list
	}
	if cap(s.closed)-n < need {
		// What has been cut from the old piece stays in it.
		s.closed, n = make([]T, 0, max(2*cap(s.closed), need, 16)), 0
	}
	s.closed = append(s.closed, s.open[first:]...)
	clear(s.open[first:])
	s.open = s.open[:first]
	return s.closed[n:len(s.closed):len(s.closed)]
}

// clean lets go of all values, and tells whether the room is worth keeping.
func (s *stack[T]) clean() bool {
	clear(s.open)
	clear(s.closed)
	s.open, s.closed = s.open[:0], s.closed[:0]
	return cap(s.open) <= mostRoom && cap(s.closed) <= mostRoom
}

// names finds members of an object by name.
type names map[string]int

// few is up to how many members are looked at one after the other.
const few = 16

// find finds one among those that there are so far; nil if there is none. There is
// one more each time.
func (n *names) find(members []member, name string) *member {
	if len(members) <= few {
		return find(members, name)
	}
	if *n == nil {
		*n = make(names, 2*len(members))
	}
	for i := len(*n); i < len(members); i++ {
		(*n)[members[i].name] = i
	}
	if i, ok := (*n)[name]; ok {
		return &members[i]
	}
	return nil
}
