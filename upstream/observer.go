package upstream

import "time"

// Observer is told what becomes of the requests to an upstream. Its functions
// may be nil; they are called on the request's path, by many goroutines.
type Observer struct {
	// Exchanged is called once for each request that Do was called for, when
	// the header of the answer has come or it is clear that none will.
	Exchanged func(Exchange)
	// Cut is called when the body of an answer that was passed on broke off.
	Cut func(requestID string, err error)
}

// Exchange is what became of one request.
type Exchange struct {
	// RequestID is that of the call.
	RequestID string
	Outcome   Outcome
	// Status is the upstream's; 0 if it did not answer.
	Status int
	// Elapsed is the time from the call of Do.
	Elapsed time.Duration
	// Reused tells that the connection had served before, Retried that one
	// turned out to be stale and the request was sent again over another.
	Reused, Retried bool
}

// Outcome is a kind of exchange, for labels.
type Outcome uint8

// The outcomes.
const (
	// Answered: the upstream's answer was passed on, whatever its status.
	Answered Outcome = iota
	// NotSent: the request could not be signed or written down.
	NotSent
	// Unreachable: no connection could be made.
	Unreachable
	// TimedOut: the upstream made no progress.
	TimedOut
	// Broken: the connection failed, or what came was not HTTP.
	Broken
	// Rejected: the answer was one that is never passed on: a redirect, an
	// error about our signature, or success before the whole request was there.
	Rejected
	// BodyRefused: the request's body did not hold, or did not come whole.
	BodyRefused
	// Canceled: the client went away.
	Canceled
)

var outcomes = [...]string{
	Answered:    "answered",
	NotSent:     "not_sent",
	Unreachable: "unreachable",
	TimedOut:    "timed_out",
	Broken:      "broken",
	Rejected:    "rejected",
	BodyRefused: "body_refused",
	Canceled:    "canceled",
}

// String is the outcome's name as a label.
func (o Outcome) String() string { return outcomes[o] }
