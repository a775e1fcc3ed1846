package proxy

import (
	"io"
	"strconv"

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
	switch {
	case op.Body == action.BodyNone:
		return nil, nil
	case !v.door.Can.Body:
		return nil, needs(v, "the request's body")
	case op.Body == action.BodyStreams:
		return nil, nil
	}
	verifying, r := sigv4.NewBody(req, v.verified, op.BodyLimit)
	if r != nil {
		return nil, r
	}
	defer verifying.Close()
	return e.readBody(v, verifying)
}

// hashWhole reads a body within the budget, for an upstream that is to verify
// it, where the client did not hash it and the operation takes no signed chunks.
func (e *Enforcer) hashWhole(v *Verdict, verifying *sigv4.Body) *wire.Refusal {
	defer verifying.Close()
	body, r := e.readBody(v, verifying)
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
// against the budget is what was sent, not what was announced.
func (e *Enforcer) readBody(v *Verdict, body *sigv4.Body) ([]byte, *wire.Refusal) {
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
	}
}

// hold takes n bytes from the budget. Finish gives back what is held.
func (e *Enforcer) hold(v *Verdict, n int64) *wire.Refusal {
	if !e.Budget.Reserve(n, v.isAnonymous()) {
		return slowDown("the budget for bodies that are read before they are decided is spent")
	}
	v.held += n
	return nil
}

func (e *Enforcer) giveBack(v *Verdict, n int64) {
	if n > 0 {
		e.Budget.Release(n, v.isAnonymous())
		v.held -= n
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

// CheckBodySize refuses a body where the operation has none, and one that is
// longer than what the operation is decided from may be. size is in bytes; -1 if
// it is not known yet. What streams is measured as it passes.
func CheckBodySize(op *action.Operation, size int64) *wire.Refusal {
	switch {
	case op.Body == action.BodyNone && size != 0:
		return &wire.Refusal{Status: 400, Code: "UnexpectedContent", Message: "This request contains unsupported content.", Close: true}
	case op.Body == action.BodyDecides && size > op.BodyLimit:
		return tooLarge(op)
	}
	return nil
}
