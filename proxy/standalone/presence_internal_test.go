package standalone

import (
	"context"
	"testing"
)

func TestPresence(t *testing.T) {
	t.Parallel()
	called := make(chan string, 4)
	call := func(name string) func() { return func() { called <- name } }
	p := newPresence()
	if stop := p.AfterFunc(call("stopped")); !stop() || stop() {
		t.Error("a function is stopped once")
	}
	first, second := p.AfterFunc(call("kept")), p.AfterFunc(call("beside it"))
	child, cancel := context.WithCancel(p)
	defer cancel()
	p.end()
	<-child.Done()
	got := map[string]bool{<-called: true, <-called: true}
	if !got["kept"] || !got["beside it"] || first() || second() {
		t.Errorf("called are %v", got)
	}
	p.AfterFunc(call("late"))
	if name := <-called; name != "late" {
		t.Errorf("called is %s, behind the end", name)
	}
	p.end()
	if n := len(called); n > 0 {
		t.Errorf("%d are called twice", n)
	}
}

// TestPresenceEndsWhileAsked: whichever comes first, what is not stopped is called.
func TestPresenceEndsWhileAsked(t *testing.T) {
	t.Parallel()
	for range 1000 {
		p, called := newPresence(), make(chan struct{})
		go p.end()
		if stop := p.AfterFunc(func() { close(called) }); !stop() {
			<-called
		}
	}
}
