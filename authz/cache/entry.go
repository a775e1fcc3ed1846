package cache

import (
	"sync/atomic"
	"unsafe"

	"github.com/sallyport-iam/sallyport/authz"
)

// entry is a decision and what it is found by. It has a copy of the statement, and all
// texts, in one piece of memory: of a decision that was not asked for lately none is in
// the processor's caches, and the statement is read for the record of every request.
// So it keeps nothing of the documents, either.
type entry struct {
	key      string
	decision authz.Decision
	// hash is that of the key, asked that by which a front has it.
	hash, asked uint64

	statement authz.Statement
	// gone is set when the entry is remembered no more.
	gone atomic.Bool
}

// The sizes of pieces of memory for entries with their texts: whole lines of a
// processor's cache, in which the allocator has them as well.
type (
	small struct {
		entry
		text [256 - unsafe.Sizeof(entry{})]byte
	}
	usual struct {
		entry
		text [320 - unsafe.Sizeof(entry{})]byte
	}
	large struct {
		entry
		text [512 - unsafe.Sizeof(entry{})]byte
	}
)

// newEntry makes an entry. size is the memory that it takes, in bytes.
func newEntry(key []byte, d authz.Decision) (e *entry, size int64) {
	s := d.Statement
	n := len(key)
	if s != nil {
		n += len(s.Policy) + len(s.Sid) + len(s.File)
	}
	var text []byte
	switch {
	case n <= len(small{}.text):
		m := new(small)
		e, text, size = &m.entry, m.text[:0], int64(unsafe.Sizeof(*m))
	case n <= len(usual{}.text):
		m := new(usual)
		e, text, size = &m.entry, m.text[:0], int64(unsafe.Sizeof(*m))
	case n <= len(large{}.text):
		m := new(large)
		e, text, size = &m.entry, m.text[:0], int64(unsafe.Sizeof(*m))
	default:
		e, text = new(entry), make([]byte, 0, n)
		size = int64(unsafe.Sizeof(*e)) + int64(n+n/8) // which the allocator rounds up
	}
	add := func(s string) string {
		at := len(text)
		text = append(text, s...)
		return unsafe.String(unsafe.SliceData(text[at:]), len(s)) //nolint:gosec // nothing writes there again
	}
	e.key, e.decision = add(string(key)), d
	if s != nil {
		e.statement = *s
		e.statement.Policy, e.statement.Sid, e.statement.File = add(s.Policy), add(s.Sid), add(s.File)
		e.decision.Statement = &e.statement
	}
	return e, size
}
