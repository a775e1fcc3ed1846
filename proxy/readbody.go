package proxy

import (
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// readDeciding reads and verifies the body of an operation that is decided
// from it, within the budget. Other operations' bodies are not touched.
func (e *Enforcer) readDeciding(v *Verdict) ([]byte, *wire.Refusal) {
	req, op := v.Request, &v.Operation
	if r := CheckBodySize(op, req.BodySize); r != nil {
		return nil, r
	}
	switch op.Body {
	case action.BodyNone:
		return nil, nil
	case action.BodyStreams:
		if !v.door.Can.Body && !v.door.Can.BodyPassesBy {
			return nil, needs(v, "the request's body")
		}
		return nil, nil
	}
	if r := v.lacksBody(); r != nil {
		return nil, r
	}
	verifying, r := sigv4.NewBody(req, v.verified, op.BodyLimit)
	if r != nil {
		return nil, r
	}
	defer verifying.Close()
	var until time.Time
	if v.isAnonymous() {
		until = v.now.Add(unverifiedPatience)
	}
	return e.readBody(v, verifying, until)
}

// lacksBody is the refusal of an operation that is decided from its body, at a
// door that does not have the body whole or could not forward what was read.
func (v *Verdict) lacksBody() *wire.Refusal {
	can, req := &v.door.Can, v.Request
	switch {
	case can.Body, req.BodySize == 0:
		return nil
	case can.BodyLimit == 0:
		return needs(v, "the request's body")
	case req.Body == nil:
		return needs(v, "the whole body of the request (this one did not come with it, or not whole)")
	case req.BodySize > can.BodyLimit:
		return needs(v, "a body of over "+strconv.FormatInt(can.BodyLimit, 10)+" bytes")
	case strings.HasPrefix(req.Fields.Get("x-amz-content-sha256"), "STREAMING-"):
		return needs(v, "to forward another body than the one that came in chunks")
	}
	return nil
}

// prepareUnread makes what goes on of a request whose body passes the door by.
func (v *Verdict) prepareUnread() *wire.Refusal {
	payload, r := sigv4.UnreadPayload(v.Request, v.verified, v.Operation.BodyLimit, !v.passesThrough())
	if r != nil {
		return r
	}
	if v.Request.BodySize == 0 {
		// All of it is known: that there is nothing.
		empty, r := sigv4.NewBody(v.Request, v.verified, v.Operation.BodyLimit)
		if r != nil {
			return r
		}
		_ = empty.Close()
	}
	if v.Request.BodySize < 0 && !strings.HasPrefix(payload, "STREAMING-") {
		return &wire.Refusal{
			Status: 411, Code: "MissingContentLength", Message: "You must provide the Content-Length HTTP header.",
			Cause: "nothing else bounds a body that does not pass the door " + quote(v.door.Name),
		}
	}
	if v.Route.Upstream.SignsPayloads() && len(payload) != hex.EncodedLen(hashSize) {
		return needs(v, "to sign the request's body, of which the client sent no hash")
	}
	v.Payload, v.unread = payload, v.Request.BodySize != 0
	if !v.passesThrough() {
		v.Request = v.Request.Clone()
		sigv4.RemoveChunkedCoding(&v.Request.Fields) // as where the body is read
	}
	return nil
}

// hashWhole reads a body within the budget, for an upstream that is to verify
// it, where the client did not hash it and the operation takes no signed chunks.
func (e *Enforcer) hashWhole(v *Verdict, verifying *sigv4.Body) *wire.Refusal {
	defer verifying.Close()
	body, r := e.readBody(v, verifying, time.Time{})
	if r != nil {
		return r
	}
	v.Request = buffered(v.Request, body)
	v.Payload = hashOf(v.Request)
	return nil
}

// firstBuffer is what the first bytes of a body are read into.
const firstBuffer = 4 << 10

// readBody reads a body into a buffer that grows as bytes arrive: what counts
// against the budget is what was sent, not what was announced. What comes after
// until, if that is not zero, is refused.
func (e *Enforcer) readBody(v *Verdict, body *sigv4.Body, until time.Time) ([]byte, *wire.Refusal) {
	most := v.Operation.BodyLimit
	if v.Request.BodySize >= 0 {
		most = v.Request.BodySize
	}
	var buffer []byte
	for next := min(firstBuffer, most+1); ; {
		if len(buffer) == cap(buffer) {
			if int64(len(buffer)) > most {
				return nil, tooLarge(&v.Operation)
			}
			if r := e.hold(v, next); r != nil {
				return nil, r
			}
			grown := make([]byte, len(buffer), next)
			copy(grown, buffer)
			e.giveBack(v, int64(cap(buffer)))
			buffer = grown
			if next *= 2; next > most {
				next = most + 1 // room to see that there is no more
			}
		}
		n, err := body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if err == io.EOF {
			return buffer, nil
		}
		if err != nil {
			return nil, bodyRefusal(body, err)
		}
		if !until.IsZero() && e.Now().After(until) {
			return nil, tooSlow()
		}
	}
}

// hold takes n bytes from the budget. Finish gives back what is held.
func (e *Enforcer) hold(v *Verdict, n int64) *wire.Refusal {
	if !e.Budget.Reserve(n, v.share()) {
		return slowDown("the budget for bodies that are read before they are decided is spent")
	}
	v.held += n
	return nil
}

func (e *Enforcer) giveBack(v *Verdict, n int64) {
	if n > 0 {
		e.Budget.Release(n, v.share())
		v.held -= n
	}
}

// share is the share of the budget that what a request holds counts against.
func (v *Verdict) share() Share {
	switch {
	case !v.isAnonymous():
		return Known
	case v.Operation.Body == action.BodyAuthenticates:
		return Unverified
	default:
		return Anonymous
	}
}

func (v *Verdict) isAnonymous() bool { return v.caller == nil || v.caller.Type == authz.Anonymous }

// bodyRefusal is the verdict on a body that could not be read whole.
func bodyRefusal(b *sigv4.Body, err error) *wire.Refusal {
	if r := b.Refusal(); r != nil {
		return r
	}
	return &wire.Refusal{
		Status: 400, Code: "IncompleteBody", Message: "The request body terminated unexpectedly", Close: true,
		Cause: "reading the request's body: " + err.Error(),
	}
}

func tooLarge(op *action.Operation) *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "MaxMessageLengthExceeded", Message: "Your request was too big.", Close: true,
		Detail: []wire.Element{{Name: "MaxMessageLengthBytes", Value: strconv.FormatInt(op.BodyLimit, 10)}},
	}
}

func tooSlow() *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "RequestTimeout", Message: "The body of this request took too long to come.", Close: true,
		Cause: "what is read of the body of somebody unknown before it is decided must be there within " + unverifiedPatience.String(),
	}
}

// CheckBodySize refuses a body where the operation has none, and one that is
// longer than what the operation is decided from may be. size is in bytes; -1 if
// it is not known yet. What streams is measured as it passes.
func CheckBodySize(op *action.Operation, size int64) *wire.Refusal {
	switch {
	case op.Body == action.BodyNone && size != 0:
		return &wire.Refusal{Status: 400, Code: "UnexpectedContent", Message: "This request contains unsupported content.", Close: true}
	case (op.Body == action.BodyDecides || op.Body == action.BodyAuthenticates) && size > op.BodyLimit:
		return tooLarge(op)
	}
	return nil
}
