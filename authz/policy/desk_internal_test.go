package policy

import (
	"fmt"
	"slices"
	"testing"
)

// TestStack checks that values come back as they were put, whatever pieces they lie
// in, and that nothing of them is left.
func TestStack(t *testing.T) {
	t.Parallel()
	var s stack[int]
	var closed [][]int
	for size := range 60 {
		s.open = append(s.open, -1) // of what is around
		first := len(s.open)
		for i := range size {
			s.open = append(s.open, size*100+i)
		}
		closed = append(closed, s.close(first))
		if len(s.open) != size+1 {
			t.Fatalf("%d are open", len(s.open))
		}
	}
	for size, list := range closed {
		if len(list) != size || cap(list) != size {
			t.Errorf("%d of %d, room for %d", len(list), size, cap(list))
		}
		for i, n := range list {
			if n != size*100+i {
				t.Errorf("%d of %d is %d", i, size, n)
			}
		}
	}
	if !s.clean() || len(s.open)+len(s.closed) > 0 {
		t.Errorf("%d and %d are left", len(s.open), len(s.closed))
	}
	left := slices.Concat(s.open[:cap(s.open)], s.closed[:cap(s.closed)])
	if i := slices.IndexFunc(left, func(n int) bool { return n != 0 }); i >= 0 {
		t.Errorf("left: %d", left[i])
	}
	for _, s := range []stack[int]{{open: make([]int, 0, mostRoom+1)}, {closed: make([]int, 0, mostRoom+1)}} {
		if s.clean() {
			t.Error("a desk of any size is kept")
		}
	}
	// The outermost of many is handed out as it lies.
	s.open = make([]int, mostRoom+1)
	if list := s.close(0); len(list) != mostRoom+1 || s.open != nil || len(s.closed) > 0 {
		t.Errorf("%d, and %d beside it", len(list), len(s.closed))
	}
}

// TestNames finds each name that there is, at any number of members, and no other.
func TestNames(t *testing.T) {
	t.Parallel()
	var n names
	var members []member
	for i := range 3 * few {
		name := fmt.Sprint("m", i)
		if n.find(members, name) != nil {
			t.Errorf("%s is found before it is there", name)
		}
		members = append(members, member{name: name, Position: Position{i, i}})
		for k := range members {
			if found := n.find(members, members[k].name); found == nil || found.Line != k {
				t.Errorf("%s of %d: %v", members[k].name, len(members), found)
			}
		}
	}
	if len(n) == 0 {
		t.Error("many are looked at one after the other")
	}
}
