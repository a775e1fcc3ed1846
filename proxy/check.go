package proxy

import (
	"context"
	"encoding/hex"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// anonymous is the caller without credentials, which nothing allows by default.
var anonymous = func() *authz.Caller {
	c := &authz.Caller{Type: authz.Anonymous, ARN: "anonymous"}
	c.Keys.Set("aws:principaltype", "Anonymous")
	c.Keys.Set("aws:userid", "anonymous")
	c.Keys.Set("aws:principalaccount", "anonymous")
	return c
}()

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
	place    action.Place
	snapshot *bundle.Snapshot
	caller   *authz.Caller
	verified *sigv4.Verified
	request  authz.Request
	mapped   action.Mapped
	accesses []audit.Access
	// form is the form that Request was made of, and answerForm the answer that
	// it asks for; nil if there is none.
	form       *sigv4.PostForm
	answerForm func(*wire.Response) *wire.Response
	held       int64
	admitted   bool
	// unread tells that the body goes on past the door, without being verified.
	unread bool
	// refused holds, for an operation that is answered item by item, the
	// refusal of each item; kept tells whether any item goes on.
	refused []*wire.Refusal
	kept    bool
	// answer is what is answered here in place of the upstream; nil if nothing
	// is.
	answer *wire.Response
	// tags are those of the objects that were read for the decision.
	tags []objectTags
	// upstreamRequestID is the id the upstream answered with.
	upstreamRequestID string
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
func (e *Enforcer) Check(ctx context.Context, door *Door, req *wire.Request, id string) (v *Verdict) {
	v = &Verdict{evaluate: e.Decide, door: door, id: id, now: e.Now(), received: req, Request: req}
	defer func() {
		if p := recover(); p != nil {
			e.Logger.Error("a panic denied a request", zap.String("request_id", id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			v.Refusal = wire.Unavailable("panic while the request was checked")
		}
	}()
	v.Refusal = e.check(ctx, v)
	if v.Refusal == nil && ctx.Err() != nil {
		v.Refusal = wire.Unavailable("the request was cancelled before it was decided: " + ctx.Err().Error())
	}
	return v
}

func (e *Enforcer) check(ctx context.Context, v *Verdict) (r *wire.Refusal) {
	if v.snapshot = e.Snapshot(); v.snapshot == nil {
		return wire.Unavailable("no bundle has been activated yet")
	}
	var bucket string
	if v.Route, bucket, r = v.door.Routes.Match(v.Request); r != nil {
		return r
	}
	if answer, r, ok := v.Route.Preflight(v.Request); ok {
		v.Operation.Name, v.answer = PreflightName, answer
		return r
	}
	v.place = action.Place{
		Route:     v.Route.Name,
		Bucket:    bucket,
		Partition: v.Route.Partition,
		Region:    v.Route.Regions[0],
		Account:   v.Route.Account,
		Owner:     v.snapshot.Owner,
		Policy:    v.snapshot.BucketPolicy,
		Now:       v.now,
	}
	if v.Operation, r = v.Route.Mapper.Recognise(v.Request, v.place); r != nil {
		// Who sends what cannot be mapped is worth knowing, but AWS answers
		// malformed requests before it looks at credentials.
		return r
	}
	if v.Operation.Body == action.BodyForm {
		r = e.takeForm(v)
	} else {
		r = e.authenticate(v)
	}
	if r != nil {
		return r
	}
	v.place.Caller = v.caller.Account
	body, r := e.readDeciding(v)
	if r != nil {
		return r
	}
	if v.mapped, r = v.Route.Mapper.Map(v.Request, &v.Operation, v.place, body); r != nil {
		return r
	}
	if len(v.mapped.Accesses) == 0 {
		return wire.Unavailable("the mapper found no access in " + v.Operation.Name)
	}
	if v.mapped.Withholds && !v.door.Can.Response && !v.ownsEverything() {
		return needs(v, "to take out of the upstream's answer what is not the caller's")
	}
	if v.passesThrough() && upstream.HasHoisted(v.Request) {
		return &wire.Refusal{
			Status: 501, Code: "NotImplemented",
			Message: "x-amz-* parameters of the query, which stand for headers, are not supported by this endpoint: send them as signed headers.",
			Cause:   "the upstream gets requests as they are, and stores overlook such parameters",
		}
	}
	fillRequest(&v.request, v.Request, v.Route, v.now)
	fillAuthentication(&v.request, v.Request, v.verified, v.now)
	if ctx.Err() != nil {
		return wire.Unavailable("the request was cancelled before it was decided: " + ctx.Err().Error())
	}
	// Not before: a place in the queue is not for who has shown nothing yet, nor
	// for the time that a body takes.
	if v.admitted = e.Audit.Admit(); !v.admitted {
		return slowDown("the queue of audit records is full")
	}
	if r = v.decide(ctx); r != nil {
		return r
	}
	return e.prepare(v, body)
}

// ownsEverything tells whether there is no bucket on the route but those of the
// caller's account: there is no other account, and the rules leave none out.
func (v *Verdict) ownsEverything() bool {
	accounts := v.snapshot.Accounts()
	const nameless = "" // only a rule for all buckets fits it
	owner, ok := v.snapshot.Owner(v.Route.Name, nameless)
	return ok && len(accounts) == 1 && owner == v.caller.Account && (v.Route.Account == "" || v.Route.Account == owner)
}

// authenticate establishes the caller from the header alone. Exactly one
// scheme is recognised; none is the anonymous caller.
func (e *Enforcer) authenticate(v *Verdict) *wire.Refusal {
	scheme, r := sigv4.Recognise(v.Request)
	if r != nil {
		return r
	}
	keys := &snapshotKeys{snapshot: v.snapshot}
	params := v.params(keys)
	if scheme == sigv4.None {
		v.caller = anonymous
		return params.Payload.CheckAnonymous(v.Request)
	}
	verified, r := e.Verifier.Verify(v.Request, params)
	if r != nil {
		return r
	}
	v.verified, v.caller = verified, keys.credential.Caller
	return nil
}

// params are what the verification of a signature depends on.
func (v *Verdict) params(keys *snapshotKeys) sigv4.Params {
	return sigv4.Params{
		Now:     v.now,
		Service: v.Route.Service,
		Regions: v.Route.Regions,
		Keys:    keys,
		Payload: sigv4.PayloadRule{Chunked: v.Operation.Chunked},
	}
}

// snapshotKeys looks keys up in one snapshot and keeps the credential found,
// so that the secret verified and the caller decided are of one entry.
type snapshotKeys struct {
	snapshot   *bundle.Snapshot
	credential bundle.Credential
}

func (k *snapshotKeys) Key(accessKeyID, token string) (sigv4.Key, error) {
	credential, ok := k.snapshot.Credential(accessKeyID)
	if !ok {
		if token != "" {
			return sigv4.Key{}, sigv4.ErrInvalidToken
		}
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	if token != "" {
		// A long-term key has no session.
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	k.credential = credential
	return sigv4.Key{Secret: credential.Secret, Version: credential.Version}, nil
}

// slowDown is the refusal for what there is no room for at the moment.
func slowDown(cause string) *wire.Refusal {
	return &wire.Refusal{
		Status: 503, Code: "SlowDown", Message: "Please reduce your request rate.", Retryable: true, Close: true, Cause: cause,
	}
}

func needs(v *Verdict, what string) *wire.Refusal {
	return &wire.Refusal{
		Status: 403, Code: "AccessDenied", Message: "Access Denied",
		Cause: v.Operation.Name + " needs " + what + ", which the door " + quote(v.door.Name) + " does not have",
	}
}

// decide asks for each access. All must be allowed, except where the protocol
// answers item by item and the door can take items out.
func (v *Verdict) decide(ctx context.Context) *wire.Refusal {
	items := v.mapped.PerItem
	if items != nil {
		v.refused = make([]*wire.Refusal, items.Items())
	}
	v.accesses = make([]audit.Access, len(v.mapped.Accesses))
	var first *wire.Refusal
	for i := range v.mapped.Accesses {
		a := &v.mapped.Accesses[i]
		d, unread := v.decideAccess(ctx, i)
		v.accesses[i] = audit.Access{Action: a.Action, Resource: a.Resource, Account: a.Account, Decision: d}
		if d.Allowed() {
			continue
		}
		if v.observes() {
			v.accesses[i].Observed = true
			continue
		}
		r := unread
		if r == nil {
			r = v.denied(a, d)
		}
		if first == nil {
			first = r
		}
		if items == nil {
			// The rest is not decided: the record shows what was.
			v.accesses = v.accesses[:i+1]
			return r
		}
		if item := items.Item(i); v.refused[item] == nil {
			v.refused[item] = r
		}
	}
	if items == nil || first == nil {
		v.kept = true
		return nil
	}
	if !v.door.Can.RewriteBody || !v.door.Can.Response || v.passesThrough() {
		return first
	}
	for _, r := range v.refused {
		v.kept = v.kept || r == nil
	}
	return nil
}

// observes tells whether what policies deny to the caller passes. What is
// answered here and not by the upstream was never open to anybody.
func (v *Verdict) observes() bool {
	return v.Route.Observe && !v.isAnonymous() && v.mapped.Answer == nil
}

// ask decides one access with everything the snapshot attaches to it.
func (v *Verdict) ask(a *authz.Access) authz.Decision {
	FillBucket(a, v.snapshot)
	return v.evaluate(v.snapshot.Generation(), v.caller, &v.request, a)
}

// bucketOf is the bucket of an S3 bucket's or object's ARN.
func bucketOf(arn string) (string, bool) {
	_, rest, ok := strings.Cut(arn, ":s3:::")
	if !ok {
		return "", false
	}
	bucket, _, _ := strings.Cut(rest, "/")
	return bucket, true
}

// denied is AWS's answer to a denial: the sentence with its reason for a
// caller who may know it, the bare one otherwise.
func (v *Verdict) denied(a *authz.Access, d authz.Decision) *wire.Refusal {
	r := &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
	if v.caller.Type != authz.Anonymous {
		r.Message = d.Sentence(v.caller, a)
	}
	return r
}

// prepare makes what goes on to the upstream of an allowed request.
func (e *Enforcer) prepare(v *Verdict, body []byte) *wire.Refusal {
	switch v.Operation.Body {
	case action.BodyNone:
		v.Payload = sigv4.EmptyPayload
		return nil
	case action.BodyDecides:
		if v.refused != nil && v.kept && anyRefused(v.refused) {
			if r := e.hold(v, int64(len(body))); r != nil { // of the copy
				return r
			}
			v.Request = KeepItems(v.Request, v.mapped.PerItem, v.refused)
		} else {
			v.Request = buffered(v.Request, body)
		}
		v.Payload = v.Request.Fields.Get("x-amz-content-sha256")
		if len(v.Payload) != hex.EncodedLen(hashSize) {
			v.Payload = hashOf(v.Request)
		}
		return nil
	}
	if !v.door.Can.Body {
		return v.prepareUnread()
	}
	verifying, r := v.newBody()
	if r != nil {
		return r
	}
	if v.Route.Upstream.SignsPayloads() && !v.Operation.Chunked && len(verifying.Payload()) != hex.EncodedLen(hashSize) {
		return e.hashWhole(v, verifying)
	}
	v.Body = verifying
	return nil
}

// newBody is the body that verifies what streams.
func (v *Verdict) newBody() (*sigv4.Body, *wire.Refusal) {
	switch {
	case v.form != nil:
		return v.form.Body(v.Operation.BodyLimit)
	case v.passesThrough():
		return sigv4.NewOriginalBody(v.Request, v.verified, v.Operation.BodyLimit)
	default:
		return sigv4.NewBody(v.Request, v.verified, v.Operation.BodyLimit)
	}
}

// passesThrough tells whether the request goes on with the client's own
// signature, and can therefore not be rewritten.
func (v *Verdict) passesThrough() bool {
	return v.Route.Upstream != nil && v.Route.Upstream.PassesThrough()
}

func anyRefused(refused []*wire.Refusal) bool {
	for _, r := range refused {
		if r != nil {
			return true
		}
	}
	return false
}
