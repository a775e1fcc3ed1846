package cache

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
)

// TestFront_keep checks what is known of accesses whose hashes meet in one set, and
// that no entry stays which is gone, whichever comes first.
func TestFront_keep(t *testing.T) {
	t.Parallel()
	f := make(front, 2*ways)
	const hash, like, other = 1 << 32, 1<<32 | 2*ways, 2 << 32 // like is taken for hash
	e, gone := &entry{asked: hash}, &entry{asked: other}
	f.keep(e) // nothing is known of it
	if got, cost, dear := f.of(hash); got != nil || cost != 0 || dear {
		t.Errorf("of nothing: %v, %d, %t", got, cost, dear)
	}
	f.put(hash, 150, true)
	f.keep(e)
	for _, h := range []uint64{hash, like} {
		if got, cost, dear := f.of(h); got != e || cost != 150 || !dear {
			t.Errorf("of what was kept: %v, %d, %t", got, cost, dear)
		}
	}
	f.put(other, 170, true)
	gone.gone.Store(true)
	f.keep(gone)
	if got, cost, dear := f.of(other); got != nil || cost != 170 || !dear {
		t.Errorf("of what is gone already: %v, %d, %t", got, cost, dear)
	}
	f.drop(e)
	if got, _, dear := f.of(hash); got != nil || !dear {
		t.Errorf("of what was dropped: %v, %t", got, dear)
	}
	f.keep(e)
	f.forget()
	if got, _, dear := f.of(hash); got != nil || !dear {
		t.Errorf("of what was forgotten: %v, %t", got, dear)
	}
}

// TestFront_victim drives what is known out of a set: what comes in its place has not
// its entry.
func TestFront_victim(t *testing.T) {
	t.Parallel()
	f := make(front, 2*ways)
	for i := range uint64(ways) {
		hash := (i + 1) << 32
		f.put(hash, 150, true)
		f.keep(&entry{asked: hash})
	}
	const next = 99 << 32
	f.put(next, 150, false)
	if e, cost, dear := f.of(next); e != nil || cost != 150 || dear {
		t.Errorf("of what drove another out: %v, %d, %t", e, cost, dear)
	}
}

// TestNewEntry makes entries of all sizes.
func TestNewEntry(t *testing.T) {
	t.Parallel()
	s := authz.Statement{Policy: "own", Sid: "Sid1", File: "accounts/111122223333/users/u1/own.json", Index: 2, Line: 3, Column: 4}
	last := int64(0)
	for n := range 1200 {
		for _, statement := range []*authz.Statement{nil, {}, &s} {
			d := authz.Decision{Effect: authz.Allow, Layer: authz.LayerIdentity, Statement: statement}
			key := strings.Repeat("k", n)
			e, size := newEntry([]byte(key), d)
			if e.key != key || e.decision.Effect != d.Effect || e.decision.Layer != d.Layer || (e.decision.Statement == nil) != (statement == nil) {
				t.Fatalf("of %d bytes: %+v", n, e)
			}
			if statement != nil && (*e.decision.Statement != *statement || e.decision.Statement == statement) {
				t.Fatalf("of %d bytes: the statement is %+v, want a copy of %+v", n, e.decision.Statement, statement)
			}
			if statement == &s {
				if size < last || size < int64(n) {
					t.Fatalf("of %d bytes: takes %d", n, size)
				}
				last = size
			}
		}
	}
}
