package proxy

import "sync/atomic"

// Budget bounds the memory, in bytes, of all bodies that are read before they
// are decided. Anonymous requests, which anybody can send, get a small share of
// it. It is safe for concurrent use.
type Budget struct{ all, anonymous account }

// anonymousShare is the part of a budget that anonymous requests may use: one
// in so many bytes.
const anonymousShare = 8

// NewBudget makes a budget of limit bytes.
func NewBudget(limit int64) *Budget {
	return &Budget{all: account{limit: limit}, anonymous: account{limit: limit / anonymousShare}}
}

// Reserve takes n bytes, for an anonymous request or another, if they are left.
func (b *Budget) Reserve(n int64, anonymous bool) bool {
	if anonymous && !b.anonymous.take(n) {
		return false
	}
	if !b.all.take(n) {
		if anonymous {
			b.anonymous.give(n)
		}
		return false
	}
	return true
}

// Release gives n reserved bytes back; anonymous is as it was for Reserve.
func (b *Budget) Release(n int64, anonymous bool) {
	b.all.give(n)
	if anonymous {
		b.anonymous.give(n)
	}
}

// Used is the number of bytes reserved now.
func (b *Budget) Used() int64 { return b.all.used.Load() }

// account is an amount with a limit.
type account struct {
	limit int64
	used  atomic.Int64
}

func (a *account) take(n int64) bool {
	if a.used.Add(n) > a.limit {
		a.used.Add(-n)
		return false
	}
	return true
}

func (a *account) give(n int64) { a.used.Add(-n) }
