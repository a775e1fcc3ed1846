package upstream

import "time"

// phase is how far an exchange with an upstream has come.
type phase uint8

const (
	connecting phase = iota
	sending
	awaiting
	receiving
)

// stall is that the upstream did nothing in a phase. Time that a client takes
// does not count: what is bounded is the time without progress, so that a slow
// transfer lives.
type stall struct {
	phase phase
	limit time.Duration
}

func (s *stall) Error() string {
	what := [...]string{
		connecting: "no connection could be used for ",
		sending:    "it took no byte of the request for ",
		awaiting:   "it did not answer for ",
		receiving:  "it sent no byte of the answer for ",
	}
	return what[s.phase] + s.limit.String()
}
