package proxy

import (
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Verdict is what the enforcement point made of a request. It belongs to the
// one goroutine that serves the request, until its Release: nothing that outlives
// the request (an exchange with the upstream, a body, a record, a cache) refers to a
// Verdict. What those have are texts, and values of their own.
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
	verified *sigv4.Verified // nil if nothing was signed
	signed   sigv4.Verified  // room for that
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
	denial   wire.Refusal // room for that of the first access that is denied
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
	panicked   bool // what panicked may still refer to this
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

var verdicts = sync.Pool{New: func() any { return new(Verdict) }}

// newVerdict is a Verdict as new.
func newVerdict() *Verdict {
	v := verdicts.Get().(*Verdict)
	v.cleanse()
	return v
}

// Release gives back the memory of a Verdict of Check, after Finish, for other
// requests. Nothing of it may be used afterwards, but for texts, and what Body and
// Request point to. It need not be called, and must not be called twice.
func (v *Verdict) Release() {
	if v.panicked {
		return
	}
	v.reset()
	v.poison()
	verdicts.Put(v)
}

// reset makes a Verdict as new, and keeps the memory for the keys of a request
// unless something panicked that may still refer to it.
func (v *Verdict) reset() {
	var keys authz.Context
	if !v.panicked {
		v.Operation.Release()
		keys = v.request.Keys
		keys.Reset()
	}
	*v = Verdict{request: authz.Request{Keys: keys}}
}
