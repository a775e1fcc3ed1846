package upstream

import (
	"errors"
	"fmt"
	"os"

	"github.com/sallyport-iam/sallyport/wire"
)

// failed is the refusal for a request that got no answer.
func (e *exchange) failed(err error) *wire.Refusal {
	if e.body != nil {
		if refusal := e.body.failure.Load(); refusal != nil {
			e.report.Outcome = BodyRefused
			return refusal
		}
	}
	if cause := e.caller.Err(); cause != nil {
		e.report.Outcome = Canceled
		return e.unavailable("the client did not wait: " + cause.Error())
	}
	err = e.why(err)
	switch _, stalled := errors.AsType[*stall](err); {
	case stalled:
		e.report.Outcome = TimedOut
	case e.conn == nil:
		e.report.Outcome = Unreachable
	default:
		e.report.Outcome = Broken
	}
	return e.unavailable(shorten(err.Error()))
}

// shorten keeps what an upstream sent from filling the log.
func shorten(text string) string {
	const most = 300
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// cut tells of an answer that broke off.
func (e *exchange) cut(err error) error {
	err = fmt.Errorf("upstream %q: %w", e.upstream.options.Name, e.why(err))
	if observe := e.upstream.options.Observer.Cut; observe != nil {
		observe(e.report.RequestID, err)
	}
	return err
}

// why is the reason for an error: that the request could not be sent before
// that there was no answer to it.
func (e *exchange) why(err error) error {
	if e.body != nil {
		if unsent := e.body.unsent.Load(); unsent != nil {
			return *unsent
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &stall{receiving, e.upstream.options.ProgressTimeout}
	}
	return err
}

func (e *exchange) unavailable(cause string) *wire.Refusal {
	return wire.Unavailable(fmt.Sprintf("upstream %q: %s", e.upstream.options.Name, cause))
}
