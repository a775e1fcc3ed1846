package proxy

import (
	"context"
	"net/netip"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// Serve is the whole way of a request at a door that forwards: check, forward,
// answer, record. It always returns an answer; the door writes it and closes
// its body. When it has returned, nothing here refers to req any more, but for what
// moves its Body, and texts.
func (e *Enforcer) Serve(ctx context.Context, door *Door, req *wire.Request, id string) *wire.Response {
	e.Metrics.inFlight.Inc()
	defer e.Metrics.inFlight.Dec()
	v, finished := e.Check(ctx, door, req, id), false
	defer func() {
		e.release(v) // whatever happens
		if v.Body != nil {
			_ = v.Body.Close() // or its buffers are nobody's any more
		}
		if finished {
			v.Release()
		}
	}()
	var resp *wire.Response
	if v.Refusal == nil {
		resp, v.Refusal = e.forwardSafely(ctx, v)
	}
	if v.Refusal != nil {
		resp = e.Refuse(v)
	}
	v.mark(resp)
	e.Finish(v, resp.Status)
	finished = true
	return resp
}

// mark puts into an answer what every answer has, whoever made it.
func (v *Verdict) mark(resp *wire.Response) {
	if v.Route != nil {
		v.Route.CORS.place(v.received, resp)
	}
	resp.Fields.Set("x-sallyport-request-id", v.id)
	if revision := v.Revision(); revision != "" {
		resp.Fields.Set("x-sallyport-revision", revision)
	}
	resp.Untried = v.limited && !v.panicked
}

// RefuseMalformed is the answer to what a door received and could not turn into
// a request. It is counted and recorded like any other refusal.
func (e *Enforcer) RefuseMalformed(door *Door, method string, peer netip.AddrPort, id string, r *wire.Refusal) *wire.Response {
	v := &Verdict{door: door, id: id, now: e.Now(), received: &wire.Request{Method: method, Peer: peer}, Refusal: r}
	e.limitMalformed(v)
	v.admitted = !v.limited && e.Audit.Admit()
	defer e.release(v)
	resp := e.Refuse(v)
	resp.Fields.Set("x-sallyport-request-id", id)
	resp.Untried = v.limited
	e.Finish(v, resp.Status)
	return resp
}

func (e *Enforcer) forwardSafely(ctx context.Context, v *Verdict) (resp *wire.Response, r *wire.Refusal) {
	defer func() {
		if p := recover(); p != nil {
			e.Logger.Error("a panic refused a request", zap.String("request_id", v.id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			v.panicked = true
			resp, r = nil, wire.Unavailable("panic while the request was forwarded")
		}
	}()
	return e.Forward(ctx, v)
}

// Refuse renders a verdict's refusal in the client's protocol.
func (e *Enforcer) Refuse(v *Verdict) *wire.Response {
	protocol := refusal.S3
	if v.Route != nil {
		protocol = v.Route.Protocol
	}
	resp := refusal.Render(protocol, v.encoded(), refusal.Facts{
		RequestID: v.id,
		Resource:  v.received.Path,
		Namespace: v.namespace(),
		Head:      v.received.Method == "HEAD",
		Limit:     v.door.Can.AnswerLimit,
	})
	if v.Route != nil && protocol == refusal.S3 && v.Operation.Bucket != "" {
		resp.Fields.Set("x-amz-bucket-region", v.Route.Regions[0])
	}
	return resp
}

func (v *Verdict) namespace() string {
	if v.Route == nil {
		return ""
	}
	return v.Route.Namespace
}

// Finish gives back what the request held and records it; status is that of
// the answer, 0 if it is another's to give.
func (e *Enforcer) Finish(v *Verdict, status int) {
	defer e.release(v)
	elapsed := e.Now().Sub(v.now)
	e.Metrics.observe(v, status, elapsed)
	unrecorded := uint64(0)
	if v.limited {
		var ok bool
		if unrecorded, ok = e.Limiter.record(v.now); !ok {
			return // or a flood would take the room of other records
		}
	}
	zone := v.received.Peer.Addr().Zone()
	if zone != "" {
		zone = "%" + zone
	}
	rare := v.rarely()
	record := &audit.Record{ // on the stack
		Time:              v.now,
		ID:                v.id,
		Door:              v.door.Name,
		Method:            cut(v.received.Method, audit.MaxText),
		Host:              cut(v.received.Host, audit.MaxText),
		Path:              cut(v.received.Path, audit.MaxText),
		Operation:         v.Operation.Name,
		Caller:            v.caller,
		SourceIP:          v.source() + zone,
		UserAgent:         cut(v.received.Fields.Get("user-agent"), audit.MaxUserAgent),
		Accesses:          v.accesses,
		Status:            status,
		UpstreamRequestID: v.upstreamRequestID,
		Elapsed:           elapsed,
		Unrecorded:        unrecorded,
		PayloadUnread:     v.unread,
		SourcePrincipal:   v.received.PeerPrincipal,
		SourceRequestID:   v.received.ID,
		Trust:             rare.trust,
		Issued:            rare.issued,
	}
	if v.Route != nil {
		record.Route, record.Service = v.Route.Name, v.Route.Service
	}
	if v.caller != nil {
		record.Authentication = v.method
	}
	record.AccessKeyID = v.accessKeyID()
	v.recordSession(record)
	if v.snapshot != nil {
		record.Revision, record.Generation = v.snapshot.Revision(), v.snapshot.Generation()
	}
	if r := v.Refusal; r != nil {
		record.ErrorCode, record.ErrorMessage, record.Cause = r.Code, cut(r.Message, audit.MaxText), cut(r.Cause, audit.MaxText)
		if r.Status == 503 {
			e.Logger.Warn("refused as unavailable", zap.String("request_id", v.id), zap.String("route", record.Route), zap.String("cause", r.Cause))
		}
	}
	record.Admitted, v.admitted = v.admitted, false
	e.Audit.Write(record)
}

// release gives back what a request holds and has not given back yet.
func (e *Enforcer) release(v *Verdict) {
	e.giveBack(v, v.held)
	if v.admitted {
		e.Audit.Forgo()
		v.admitted = false
	}
}

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}
