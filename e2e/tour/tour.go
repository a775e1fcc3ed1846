//go:build unix

// Package tour shows Sallyport at work: a list of calls by several principals
// through a running Sallyport to a real store, what each is expected to come
// to, and what it came to.
package tour

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Verdict is what became of a call, as its client saw it.
type Verdict string

// The verdicts.
const (
	Allowed Verdict = "allowed"
	Denied  Verdict = "denied"
	// Partly is a call of several items, some allowed and some denied.
	Partly Verdict = "partly"
	// Done is something done beside the calls.
	Done Verdict = "done"
	// Failed is neither: the call got no answer that says which.
	Failed Verdict = "failed"
)

// Answer is what the client got.
type Answer struct {
	Verdict Verdict
	// Code is AWS's error code of a denial.
	Code string
	// Reason is the message of a denial, or what an allowed call brought.
	Reason string
}

// Stop is one call of the tour, or one thing done beside the calls.
type Stop struct {
	// Who makes the call; empty if the stop is no call.
	Who string
	// Call is what they call.
	Call string
	// Want is the verdict expected, Code the error code, and Says a part of
	// the reason.
	Want       Verdict
	Code, Says string

	do func(context.Context, *Guide) (Answer, error)
}

// Result is a stop and what became of it.
type Result struct {
	Stop
	Answer
	Elapsed time.Duration
}

// Problem says how the result differs from what was expected; "" if it does
// not.
func (r *Result) Problem() string {
	var wrong []string
	if r.Verdict != r.Want {
		wrong = append(wrong, fmt.Sprintf("expected %s", r.Want))
	}
	if r.Answer.Code != r.Stop.Code {
		wrong = append(wrong, fmt.Sprintf("expected code %q, got %q", r.Stop.Code, r.Answer.Code))
	}
	if !strings.Contains(r.Reason, r.Says) {
		wrong = append(wrong, fmt.Sprintf("expected the words %q", r.Says))
	}
	return strings.Join(wrong, "; ")
}

// Run takes the tour from its first stop to its last and tells visit each
// result as it comes. An error means that the tour could not go on.
func (g *Guide) Run(ctx context.Context, visit func(Result)) error {
	for _, stop := range stops(g.BehindEnvoy) {
		began := time.Now()
		answer, err := stop.do(ctx, g)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", stop.Who, stop.Call, err)
		}
		visit(Result{Stop: stop, Answer: answer, Elapsed: time.Since(began)})
	}
	return nil
}
