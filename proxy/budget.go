package proxy

import "sync/atomic"

// Budget bounds the memory, in bytes, of all bodies that are read before they
// are decided. Requests that anybody can send get small shares of it: those of
// anonymous callers one, and those whose caller is established from the body another,
// so that who sends the former keeps nobody from being known. It is safe for
// concurrent use.
type Budget struct{ all, anonymous, unverified account }

// Share is whose requests a budget is asked for.
type Share uint8

// The shares.
const (
	// Known is of callers that are known: as much as there is.
	Known Share = iota
	// Anonymous is of callers without credentials.
	Anonymous
	// Unverified is of callers that are not known before their body was read.
	Unverified
)

// smallShare is the part of a budget that requests may use which anybody can send:
// one in so many bytes.
const smallShare = 8

// NewBudget makes a budget of limit bytes.
func NewBudget(limit int64) *Budget {
	small := limit / smallShare
	return &Budget{all: account{limit: limit}, anonymous: account{limit: small}, unverified: account{limit: small}}
}

// Reserve takes n bytes for a request of a share, if they are left.
func (b *Budget) Reserve(n int64, s Share) bool {
	small := b.small(s)
	if small != nil && !small.take(n) {
		return false
	}
	if !b.all.take(n) {
		if small != nil {
			small.give(n)
		}
		return false
	}
	return true
}

// Release gives n reserved bytes back; the share is as it was for Reserve.
func (b *Budget) Release(n int64, s Share) {
	b.all.give(n)
	if small := b.small(s); small != nil {
		small.give(n)
	}
}

// small is the account of a share; nil of one that has none of its own.
func (b *Budget) small(s Share) *account {
	switch s {
	case Anonymous:
		return &b.anonymous
	case Unverified:
		return &b.unverified
	}
	return nil
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
