package standalone

import (
	"sync"
	"time"
)

// sessions are the connections that are open, but those over to HTTP/2.
type sessions struct {
	permits chan struct{} // one for each connection; nil: no bound
	ended   chan struct{} // closed when the door stops listening

	mu   sync.Mutex
	live map[*session]struct{}
	// none is closed when there is none left and the door stops; nil before.
	none chan struct{}
}

func (l *sessions) open(most int) {
	l.ended, l.live = make(chan struct{}), map[*session]struct{}{}
	if most > 0 {
		l.permits = make(chan struct{}, most)
	}
}

// enter waits until there may be one connection more; false if there will be
// none.
func (l *sessions) enter() bool {
	if l.permits == nil {
		return true
	}
	select {
	case l.permits <- struct{}{}:
		return true
	case <-l.ended:
		return false
	}
}

// leave gives back what enter took.
func (l *sessions) leave() {
	if l.permits != nil {
		<-l.permits
	}
}

func (l *sessions) add(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live[s] = struct{}{}
}

func (l *sessions) remove(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.live, s)
	if l.none != nil && len(l.live) == 0 {
		close(l.none)
		l.none = nil
	}
}

// drained is closed once no session is left.
func (l *sessions) drained() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	none := make(chan struct{})
	if len(l.live) == 0 {
		close(none)
		return none
	}
	if l.none == nil {
		l.none = none
	}
	return l.none
}

func (l *sessions) all() []*session {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*session, 0, len(l.live))
	for s := range l.live {
		all = append(all, s)
	}
	return all
}

// closeIdle closes the connections that wait for a request.
func (l *sessions) closeIdle() {
	for _, s := range l.all() {
		if s.state.CompareAndSwap(waiting, over) {
			_ = s.below.Close()
		}
	}
}

// closeAll closes them all, and cancels their requests.
func (l *sessions) closeAll() {
	for _, s := range l.all() {
		s.state.Store(over)
		s.client.end()
		s.abort()
	}
}

// glance is how often requests under way are looked after.
const glance = time.Second

// watch cancels the requests whose clients have gone, until the door stops and
// no session is left. A request that is answered sooner than that is not looked
// at, which spares it a goroutine.
func (l *sessions) watch() {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	ended := l.ended
	for {
		select {
		case <-ticker.C:
			for _, s := range l.all() {
				s.glance()
			}
		case <-ended:
			ended = nil
		}
		if ended == nil && len(l.all()) == 0 {
			return
		}
	}
}
