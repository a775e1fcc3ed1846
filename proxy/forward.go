package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// Forward sends a request that Check allowed to its upstream and returns the
// answer for the client, or the refusal. The answer passes as it is but for
// the closed list of response rewrites: 404 to 403 for who may not know, the
// merged answer of an operation decided item by item, the one that a form asks
// for, and the operation's own.
func (e *Enforcer) Forward(ctx context.Context, v *Verdict) (*wire.Response, *wire.Refusal) {
	switch {
	case v.answer != nil:
		return v.answer, nil
	case v.mapped.Answer != nil:
		return answer(v.mapped.Answer)
	case v.Route.Answers != nil:
		return v.serve(ctx)
	case v.refused != nil && !v.kept:
		return v.mergeItems(nil)
	}
	resp, r := v.Route.Upstream.Do(ctx, &upstream.Call{
		Request:    v.Request,
		Caller:     v.caller,
		Bucket:     v.Operation.Bucket,
		HostBucket: v.hostNames,
		Body:       v.Body,
		Payload:    v.Payload,
		Now:        v.now,
		RequestID:  v.id,
	})
	if r != nil {
		return nil, r
	}
	passed := false
	defer func() {
		if !passed { // a panic passes by: the connection is not to be lost with it
			discard(resp)
		}
	}()
	out, r := v.respond(resp)
	passed = true
	return out, r
}

// respond makes the answer for the client of that of the upstream, which it closes
// if it is not a part of it.
func (v *Verdict) respond(resp *wire.Response) (*wire.Response, *wire.Refusal) {
	v.upstreamRequestID = resp.Fields.Get("x-amz-request-id")
	switch {
	case resp.Status == 404 && v.mapped.Disclosure != nil && !v.observes() && !v.ask(v.mapped.Disclosure).Allowed():
		discard(resp)
		return nil, &wire.Refusal{
			Status: 403, Code: "AccessDenied", Message: "Access Denied",
			Cause: "the upstream does not have it, and the caller may not learn that without " + v.mapped.Disclosure.Action,
		}
	case resp.Status/100 != 2:
		return resp, nil
	case v.refused != nil && anyRefused(v.refused):
		return v.mergeItems(resp)
	case v.answerForm != nil:
		return v.answerForm(resp), nil
	case v.mapped.Response != nil:
		return rewriteResponse(resp, v.mapped.Response)
	}
	return resp, nil
}

// answer is what is answered in place of the upstream.
func answer(a *action.Answer) (*wire.Response, *wire.Refusal) {
	if a.Refusal != nil {
		return nil, a.Refusal
	}
	return inMemory(&wire.Response{Status: 200, Fields: wire.Fields{{Name: "content-type", Value: a.ContentType}}}, a.Body), nil
}

// mergeItems is the answer of an operation of which some items were refused;
// resp is nil if all were and nothing was sent.
func (v *Verdict) mergeItems(resp *wire.Response) (*wire.Response, *wire.Refusal) {
	merge := func(body []byte) ([]byte, error) { return v.mapped.PerItem.Response(body, v.refused) }
	if resp != nil {
		return rewriteResponse(resp, merge)
	}
	body, err := merge(nil)
	if err != nil {
		return nil, wire.Unavailable("writing the answer of " + v.Operation.Name + ": " + err.Error())
	}
	return inMemory(&wire.Response{Status: 200, Fields: wire.Fields{{Name: "content-type", Value: "application/xml"}}}, body), nil
}

// rewriteResponse puts the body that rewrite makes of the upstream's in its
// place. An answer that cannot be rewritten is not passed on: what the rewrite
// hides would show.
func rewriteResponse(resp *wire.Response, rewrite func([]byte) ([]byte, error)) (*wire.Response, *wire.Refusal) {
	defer discard(resp)
	var body []byte
	if resp.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(resp.Body, action.ResponseLimit+1)); err != nil {
			return nil, wire.Unavailable("reading the upstream's answer: " + err.Error())
		}
	}
	if len(body) > action.ResponseLimit {
		return nil, wire.Unavailable(fmt.Sprintf("the upstream's answer, which has to be rewritten, is over %d bytes", action.ResponseLimit))
	}
	out, err := rewrite(body)
	if err != nil {
		return nil, wire.Unavailable("rewriting the upstream's answer: " + err.Error())
	}
	return inMemory(&wire.Response{Status: resp.Status, Fields: resp.Fields.Clone()}, out), nil
}

func inMemory(resp *wire.Response, body []byte) *wire.Response {
	resp.Body, resp.BodySize = readCloser{bytes.NewReader(body)}, int64(len(body))
	resp.Fields.Set("content-length", strconv.Itoa(len(body)))
	return resp
}

func discard(resp *wire.Response) {
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
}
