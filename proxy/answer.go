package proxy

import (
	"context"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/wire"
)

// serve has the service of the route answer what was let through.
func (v *Verdict) serve(ctx context.Context) (*wire.Response, *wire.Refusal) {
	call := &service.Call{
		Operation: &v.Operation, Caller: v.caller, AccessKeyID: v.accessKeyID(), Session: v.session, Grant: v.rarely().grant,
		Snapshot: v.snapshot, Now: v.now, RequestID: v.id,
	}
	resp, r := v.Route.Answers.Answer(ctx, call)
	if call.Issued.AccessKeyID != "" {
		v.noteRare().issued = (*audit.Issued)(&call.Issued)
	}
	if r == nil && resp == nil {
		r = wire.Unavailable("the service " + v.Route.Service + " did not answer")
	}
	return resp, r
}
