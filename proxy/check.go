package proxy

import (
	"context"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// Verdict is what the enforcement point made of a request. It belongs to the
// one goroutine that serves the request.
type Verdict struct {
	// Refusal is why the request is not let through; nil if it is.
	Refusal *wire.Refusal
	// Route is where the request goes; nil if it found none.
	Route *Route
	// Operation is what it asks for.
	Operation action.Operation
	// Request is what goes on to the upstream: what was received, or what a
	// rewrite made of it.
	Request *wire.Request
	// Body verifies a body that streams as it passes; nil otherwise.
	Body *sigv4.Body
	// Payload is the payload line for the next hop where Body is nil.
	Payload string

	evaluate Decide
	// received is the request as it came. What is recorded and answered is about
	// it.
	received *wire.Request
	door     *Door
	id       string
	now      time.Time
	snapshot *bundle.Snapshot
	keys     snapshotKeys
	caller   *authz.Caller
	verified *sigv4.Verified
	// method is how the caller was or is to be established; empty if that is not
	// known.
	method string
	// session is that of temporary credentials; nil for long-term ones.
	session *session.Session
	// rare is what few requests have; nil if this has nothing of it.
	rare *rare
	// sourceIP is the client's address; empty until it is asked for.
	sourceIP string
	request  authz.Request
	mapped   action.Mapped
	accesses []audit.Access
	one      [1]audit.Access // room for most
	// form is the form that Request was made of, and answerForm the answer that
	// it asks for; nil if there is none.
	form       *sigv4.PostForm
	answerForm func(*wire.Response) *wire.Response
	held       int64
	peer       uint64 // whom the limiter counts failures of; 0 until it is asked for
	admitted   bool
	limited    bool // refused for what the peer has failed in before
	filled     bool // the keys that all accesses share
	hostNames  bool // the host names the bucket
	// unread tells that the body goes on past the door, without being verified.
	unread bool
	// refused holds, for an operation that is answered item by item, the
	// refusal of each item; kept tells whether any item goes on.
	kept    bool
	refused []*wire.Refusal
	// answer is what is answered here in place of the upstream; nil if nothing
	// is.
	answer *wire.Response
	// tags are those of the objects that were read for the decision.
	tags []objectTags
	// upstreamRequestID is the id the upstream answered with.
	upstreamRequestID string
}

// rare is what only those requests have that come with a token or a certificate, that
// ask for temporary credentials, or whose body is read before they are authenticated.
// It is apart for the size of all others.
type rare struct {
	// federated is the holder of a credential in the body.
	federated *session.Federated
	// bodyHash is the SHA-256 of a body that was read before authentication, in hex.
	bodyHash string
	// grant is what the caller may become, if it asks for that.
	grant *session.Grant
	// trust are the accesses by which a token or a certificate became a session.
	trust []audit.Access
	// issued is what the service issued; nil if it did not.
	issued *audit.Issued
}

// rarely is to read what is rare.
func (v *Verdict) rarely() rare {
	if v.rare == nil {
		return rare{}
	}
	return *v.rare
}

// noteRare is to write what is rare.
func (v *Verdict) noteRare() *rare {
	if v.rare == nil {
		v.rare = new(rare)
	}
	return v.rare
}

// Revision is that of the snapshot that decided; empty if there was none.
func (v *Verdict) Revision() string {
	if v.snapshot == nil {
		return ""
	}
	return v.snapshot.Revision()
}

// Check decides a request: route, authenticate, map, decide. The caller must
// call Verdict.Finish once the answer's status is known. Check reads the body
// only where the operation is decided from it. A request that is cancelled, or
// on which something panics, is refused.
func (e *Enforcer) Check(ctx context.Context, door *Door, req *wire.Request, id string) *Verdict {
	v := new(Verdict)
	e.checkInto(ctx, v, door, req, id)
	return v
}

// checkInto is Check into a Verdict that is as new.
func (e *Enforcer) checkInto(ctx context.Context, v *Verdict, door *Door, req *wire.Request, id string) {
	v.evaluate, v.door, v.id, v.now, v.received, v.Request = e.Decide, door, id, e.Now(), req, req
	defer func() {
		if p := recover(); p != nil {
			e.Logger.Error("a panic denied a request", zap.String("request_id", id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			v.Refusal = wire.Unavailable("panic while the request was checked")
		}
	}()
	v.Refusal = e.check(ctx, v)
	e.learn(v)
	if v.Refusal == nil && ctx.Err() != nil {
		v.Refusal = wire.Unavailable("the request was cancelled before it was decided: " + ctx.Err().Error())
	}
}

// reset makes a Verdict as new, and keeps the memory for the keys of a request.
func (v *Verdict) reset() {
	v.Operation.Release()
	keys := v.request.Keys
	keys.Reset()
	*v = Verdict{request: authz.Request{Keys: keys}}
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
