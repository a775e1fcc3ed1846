package proxy

import (
	"context"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// Check decides a request: route, authenticate, map, decide. The caller must
// call Finish once the answer's status is known, and may call Verdict.Release
// after that. Check reads the body only where the operation is decided from it. A
// request that is cancelled, or on which something panics, is refused.
func (e *Enforcer) Check(ctx context.Context, door *Door, req *wire.Request, id string) *Verdict {
	v := newVerdict()
	e.checkInto(ctx, v, door, req, id)
	return v
}

// checkInto is Check into a Verdict that is as new.
func (e *Enforcer) checkInto(ctx context.Context, v *Verdict, door *Door, req *wire.Request, id string) {
	v.evaluate, v.door, v.id, v.now, v.received, v.Request = e.Decide, door, id, e.Now(), req, req
	defer func() {
		if p := recover(); p != nil {
			e.Logger.Error("a panic denied a request", zap.String("request_id", id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			v.panicked, v.Refusal = true, wire.Unavailable("panic while the request was checked")
		}
	}()
	v.Refusal = e.check(ctx, v)
	e.learn(v)
	if v.Refusal == nil && ctx.Err() != nil {
		v.Refusal = wire.Unavailable("the request was cancelled before it was decided: " + ctx.Err().Error())
	}
}

func (e *Enforcer) check(ctx context.Context, v *Verdict) (r *wire.Refusal) {
	if v.snapshot = e.Snapshot(); v.snapshot == nil {
		return wire.Unavailable("no bundle has been activated yet")
	}
	var bucket string
	if v.Route, bucket, r = v.door.Routes.Match(v.Request); r != nil {
		if limited := e.limit(v); limited != nil {
			return limited
		}
		return r
	}
	if answer, r, ok := v.Route.Preflight(v.Request); ok {
		v.Operation.Name, v.answer = PreflightName, answer
		if r == nil && !v.door.Can.Answer {
			return needs(v, toAnswer)
		}
		return r
	}
	if r = e.limit(v); r != nil {
		return r
	}
	buckets := e.bucketsOf(v.snapshot)
	v.hostNames = bucket != ""
	place := action.Place{
		Route:     v.Route.Name,
		Bucket:    bucket,
		Partition: v.Route.Partition,
		Region:    v.Route.Regions[0],
		Account:   v.Route.Account,
		Owner:     buckets.owner,
		Policy:    buckets.policy,
		Now:       v.now,
	}
	if v.Operation, r = v.Route.Mapper.Recognise(v.Request, place); r != nil {
		// Who sends what cannot be mapped is worth knowing, but AWS answers
		// malformed requests before it looks at credentials.
		return r
	}
	body, r := e.identify(ctx, v, &place)
	if r != nil {
		return r
	}
	if v.mapped, r = v.Route.Mapper.Map(v.Request, &v.Operation, place, body); r != nil {
		return r
	}
	if r = v.mayServe(); r != nil {
		return r
	}
	v.fillRequest()
	v.fillAuthentication()
	if ctx.Err() != nil {
		return wire.Unavailable("the request was cancelled before it was decided: " + ctx.Err().Error())
	}
	// Not before: a place in the queue is not for who has shown nothing yet, nor
	// for the time that a body takes.
	if v.admitted = e.Audit.Admit(); !v.admitted {
		return slowDown("the queue of audit records is full")
	}
	switch {
	case v.mapped.Assume != nil:
		r = e.decideAssumption(v)
	case v.mapped.Undecided:
		v.exempt()
	default:
		r = v.decide(ctx)
	}
	if r != nil || v.Route.Answers != nil {
		return r
	}
	return e.prepare(v, body)
}

// mayServe refuses what the route or the door cannot serve, whoever asks.
func (v *Verdict) mayServe() *wire.Refusal {
	switch m := &v.mapped; {
	case len(m.Accesses) == 0:
		return wire.Unavailable("the mapper found no access in " + v.Operation.Name)
	case (m.Undecided || m.Assume != nil) && v.Route.Answers == nil, v.rarely().federated != nil && m.Assume == nil:
		return wire.Unavailable("the mapper decides " + v.Operation.Name + " in a way that is for services in this process, or for callers of their own")
	case m.Withholds && !v.door.Can.Response && !v.ownsEverything():
		return needs(v, "to take out of the upstream's answer what is not the caller's")
	case (m.Answer != nil || v.Route.Answers != nil) && !v.door.Can.Answer:
		return needs(v, toAnswer)
	case v.passesThrough() && upstream.HasHoisted(v.Request):
		return &wire.Refusal{
			Status: 501, Code: "NotImplemented",
			Message: "x-amz-* parameters of the query, which stand for headers, are not supported by this endpoint: send them as signed headers.",
			Cause:   "the upstream gets requests as they are, and stores overlook such parameters",
		}
	}
	return nil
}

// buckets are what a snapshot tells mappers of buckets, as functions that are made
// once.
type buckets struct {
	snapshot *bundle.Snapshot
	owner    func(route, bucket string) (account string, ok bool)
	policy   func(bucket string) (text string, public, ok bool)
}

func (e *Enforcer) bucketsOf(s *bundle.Snapshot) *buckets {
	b := e.buckets.Load()
	if b == nil || b.snapshot != s {
		b = &buckets{s, s.Owner, s.BucketPolicy}
		e.buckets.Store(b)
	}
	return b
}

// source is the client's address in words.
func (v *Verdict) source() string {
	if v.sourceIP == "" {
		v.sourceIP = v.received.Peer.Addr().Unmap().WithZone("").String()
	}
	return v.sourceIP
}

// ownsEverything tells whether there is no bucket on the route but those of the
// caller's account: there is no other account, and the rules leave none out.
func (v *Verdict) ownsEverything() bool {
	accounts := v.snapshot.Accounts()
	const nameless = "" // only a rule for all buckets fits it
	owner, ok := v.snapshot.Owner(v.Route.Name, nameless)
	return ok && len(accounts) == 1 && owner == v.caller.Account && (v.Route.Account == "" || v.Route.Account == owner)
}

// slowDown is the refusal for what there is no room for at the moment.
func slowDown(cause string) *wire.Refusal {
	return &wire.Refusal{
		Status: 503, Code: "SlowDown", Message: "Please reduce your request rate.", Retryable: true, Close: true, Cause: cause,
	}
}

// toAnswer is what an operation needs that is answered here.
const toAnswer = "to answer in the upstream's place"

func needs(v *Verdict, what string) *wire.Refusal {
	return &wire.Refusal{
		Status: 403, Code: "AccessDenied", Message: "Access Denied",
		Cause: v.Operation.Name + " needs " + what + ", which the door " + quote(v.door.Name) + " does not have",
	}
}
