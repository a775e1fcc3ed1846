package fleet

// Sharing is how clients share the machine with what they ask, once they are Apart.
type Sharing struct {
	// Apart tells that clients have a processor for themselves.
	Apart bool
	// Foremost tells that whatever runs besides waits for what is asked, too, and that
	// a proxy waits for its store.
	Foremost bool
}

// String tells it in a report, after what that tells of clients.
func (s Sharing) String() string {
	text := "; they share the processors with what they ask"
	if s.Apart {
		text = "; they have a processor of their own"
	}
	if s.Foremost {
		return text + ", and what they ask is real time (`SCHED_RR`), stores before proxies"
	}
	return text + ", and what they ask has no precedence: it was not permitted"
}
