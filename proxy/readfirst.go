package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// readFirst reads a body that the caller is established from, for which there is a
// share of the budget, completes the operation from it, and authenticates.
func (e *Enforcer) readFirst(ctx context.Context, v *Verdict) ([]byte, *wire.Refusal) {
	body, r := e.readUnverified(v)
	if r != nil {
		return nil, r
	}
	credential, r := v.Operation.FromBody(v.Request, &v.Operation, body)
	if r != nil {
		return nil, r
	}
	sum := sha256.Sum256(body)
	v.noteRare().bodyHash = hex.EncodeToString(sum[:])
	if credential.Kind == action.NoCredential {
		return body, e.authenticate(ctx, v)
	}
	return body, e.authenticateBody(ctx, v, &credential)
}

// unverifiedPatience is how long a body may take, or the fields of a form, that is
// read before it is decided of somebody who is not known, or not yet. Any other may
// take as long as it makes progress; but with a byte now and then, nobodies could hold
// the memory for such bodies as long as they like, and keep everybody from being known.
const unverifiedPatience = 30 * time.Second

// readUnverified reads a body that nothing is known of yet. It is read as it is on
// the wire: what has to be decoded first could be decoded to something else by
// whoever computes its hash.
func (e *Enforcer) readUnverified(v *Verdict) ([]byte, *wire.Refusal) {
	req, op := v.Request, &v.Operation
	if r := CheckBodySize(op, req.BodySize); r != nil {
		return nil, r
	}
	if r := v.lacksBody(); r != nil {
		return nil, r
	}
	if _, coded := req.Fields.Lookup("content-encoding"); coded || strings.HasPrefix(req.Fields.Get("x-amz-content-sha256"), "STREAMING-") {
		return nil, &wire.Refusal{
			Status: 400, Code: "InvalidRequest", Message: "The body of this request must be sent as it is, without a content encoding and not in signed chunks.", Close: true,
		}
	}
	if req.BodySize == 0 {
		return nil, nil
	}
	verifying, r := sigv4.NewBody(req, nil, op.BodyLimit)
	if r != nil {
		return nil, r
	}
	defer verifying.Close()
	return e.readBody(v, verifying, v.now.Add(unverifiedPatience))
}
