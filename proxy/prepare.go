package proxy

import (
	"encoding/hex"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

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
