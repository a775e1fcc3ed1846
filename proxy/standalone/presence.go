package standalone

import (
	"context"
	"sync"
)

// presence is the context of a connection's requests, which ends with its client. It
// keeps one function to call then itself: an exchange with a store asks for one,
// which package context would make anew each time. It is safe for concurrent use.
type presence struct {
	context.Context
	cancel context.CancelFunc
	// forget is the method of that name, for AfterFunc.
	forget func() bool

	mu   sync.Mutex
	then func() // what AfterFunc was given; nil if nothing is kept
}

func newPresence() *presence {
	p := new(presence)
	p.Context, p.cancel = context.WithCancel(context.Background())
	p.forget = p.forgetThen
	return p
}

// AfterFunc is as that of package context, but that stop is to be called before the
// next function is given, and not after.
func (p *presence) AfterFunc(f func()) (stop func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.then != nil || p.Err() != nil {
		return context.AfterFunc(p.Context, f)
	}
	p.then = f
	return p.forget
}

func (p *presence) forgetThen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.then != nil
	p.then = nil
	return kept
}

// end ends the context.
func (p *presence) end() {
	p.cancel() // first: from here on AfterFunc keeps nothing
	p.mu.Lock()
	then := p.then
	p.then = nil
	p.mu.Unlock()
	if then != nil {
		go then()
	}
}
