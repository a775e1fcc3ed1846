package proxy

import (
	"io"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// takeForm reads an upload by a form up to its file, establishes the caller from
// it, and puts the request that it stands for in its place: what follows decides
// that request, as if it had come. The file is not touched.
func (e *Enforcer) takeForm(v *Verdict, place action.Place) *wire.Refusal {
	switch can := v.door.Can; {
	case !can.Body:
		return needs(v, "the request's body")
	case !can.RewriteBody:
		return needs(v, "another body than the request's")
	case !can.Response:
		return needs(v, "the upstream's answer")
	case v.passesThrough():
		return &wire.Refusal{
			Status: 501, Code: "NotImplemented", Message: "Uploads by forms are not supported by this endpoint.", Close: true,
			Cause: "the upstream gets requests as they are, and a form would have to become a PUT",
		}
	}
	// Until it is verified, a form is one that anybody can send.
	if r := e.hold(v, sigv4.FormMemory); r != nil {
		return r
	}
	req, fields := *v.Request, &hurried{ReadCloser: v.Request.Body, now: e.Now, until: v.now.Add(unverifiedPatience)}
	if req.Body != nil {
		req.Body = fields
	}
	form, r := sigv4.ReadForm(&req, v.Operation.Bucket)
	if r != nil {
		return r
	}
	fields.until = time.Time{} // the file may take its time
	if r := e.authenticateForm(v, form); r != nil {
		return r
	}
	upload, r := v.Operation.FromForm(v.Request, place, form.Bucket, form.Fields)
	if r != nil {
		return r
	}
	operation, r := v.Route.Mapper.Recognise(upload.Request, place)
	if r != nil {
		return r
	}
	if operation.Bucket != form.Bucket || operation.Key != form.Key() || operation.Body != action.BodyStreams {
		return wire.Unavailable("the request made of a form is not the upload of its object")
	}
	operation.Name = v.Operation.Name
	v.form, v.answerForm = form, upload.Answer
	v.Request, v.Operation = upload.Request, operation
	return nil
}

// authenticateForm establishes the caller of a form. One without credentials is
// the anonymous caller's.
func (e *Enforcer) authenticateForm(v *Verdict, form *sigv4.PostForm) *wire.Refusal {
	if !form.Signed() {
		v.caller, v.method = anonymous, authAnonymous
		return nil
	}
	verified, r := e.Verifier.VerifyForm(form, v.params(e.keysFor(v)))
	if r != nil {
		return r
	}
	return e.signedBy(v, verified)
}

// hurried is a body that must come until a time, if that is not zero.
type hurried struct {
	io.ReadCloser
	now   func() time.Time
	until time.Time
}

// Read reads from the body.
func (h *hurried) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if !h.until.IsZero() && h.now().After(h.until) {
		return 0, tooSlow()
	}
	return n, err
}
