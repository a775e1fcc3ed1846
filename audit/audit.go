// Package audit records what was decided: one record for each request, shaped
// after CloudTrail's event record, and the places where records go.
package audit

import (
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/sallyport-iam/sallyport/authz"
)

// Record tells what a request was and what was decided about it. It holds no
// secret: no signature, no token, no header that could carry one.
type Record struct {
	// Time is the clock reading that the decision used.
	Time time.Time
	// ID is the request id that the client sees; it is the decision's id too.
	ID string
	// Door, Route and Service tell the way the request took.
	Door, Route, Service string
	// Method, Host and Path are the request line's, the path undecoded and
	// without the query, which may hold a signature. Each is cut to 4 KiB.
	Method, Host, Path string
	// Operation is AWS's name of the operation; empty if none was recognised.
	Operation string
	// Caller is who asked; nil if that was not established.
	Caller *authz.Caller
	// Authentication is how the caller was established: "REST-HEADER",
	// "REST-QUERY-STRING", "POST" (a form) or "anonymous"; empty if it was not.
	Authentication string
	// AccessKeyID is the verified access key id.
	AccessKeyID string
	// SourceIP is the client's address.
	SourceIP string
	// UserAgent is as sent, cut to 256 bytes.
	UserAgent string
	// Revision and Generation name the snapshot that decided.
	Revision   string
	Generation uint64
	// Accesses are the decisions, in the order of the operation's accesses.
	Accesses []Access
	// PayloadUnread tells that the body went on unread: whether it is what the
	// client signed is the upstream's to verify.
	PayloadUnread bool
	// SourcePrincipal and SourceRequestID are what stood before the door told of
	// the client's certificate, and its own id of the request.
	SourcePrincipal, SourceRequestID string
	// Status, ErrorCode, ErrorMessage are those of the answer; Cause is what
	// the operator is told beyond them. Message and cause are cut to 4 KiB. Status
	// is 0 where the upstream's answer does not pass Sallyport.
	Status       int
	ErrorCode    string
	ErrorMessage string
	Cause        string
	// UpstreamRequestID is the id the upstream gave the request.
	UpstreamRequestID string
	// Elapsed is the time until the answer's header was ready.
	Elapsed time.Duration
	// Admitted tells that Log.Admit promised room for the record. It is not
	// written.
	Admitted bool
}

// Access is one decision of a record.
type Access struct {
	Action, Resource, Account string
	Decision                  authz.Decision
	// Observed tells that the decision denied, or could not be made, and was
	// recorded alone: the route observes.
	Observed bool
}

const (
	// MaxUserAgent is the number of bytes of a user agent that a record keeps.
	MaxUserAgent = 256
	// MaxText is the number of bytes that a record keeps of a method, a host, a
	// path, an error message and a cause, each: more than any that names an object.
	MaxText = 4 << 10
)

// MarshalLogObject lays the record out with CloudTrail's member names where it
// has one.
func (r *Record) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("eventTime", r.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	if r.Service != "" {
		enc.AddString("eventSource", r.Service+".amazonaws.com")
	}
	addString(enc, "eventName", r.Operation)
	enc.AddString("requestID", r.ID)
	enc.AddString("sourceIPAddress", r.SourceIP)
	addString(enc, "userAgent", r.UserAgent)
	addString(enc, "errorCode", r.ErrorCode)
	addString(enc, "errorMessage", r.ErrorMessage)
	addString(enc, "cause", r.Cause)
	if r.Caller != nil {
		if err := enc.AddObject("userIdentity", identity{r}); err != nil {
			return err
		}
	}
	addString(enc, "door", r.Door)
	addString(enc, "route", r.Route)
	enc.AddString("method", r.Method)
	enc.AddString("host", r.Host)
	enc.AddString("path", r.Path)
	addString(enc, "sourcePrincipal", r.SourcePrincipal)
	addString(enc, "sourceRequestID", r.SourceRequestID)
	if r.Status != 0 {
		enc.AddInt("status", r.Status)
	}
	if r.PayloadUnread {
		enc.AddBool("payloadVerified", false)
	}
	addString(enc, "upstreamRequestID", r.UpstreamRequestID)
	addString(enc, "revision", r.Revision)
	enc.AddUint64("generation", r.Generation)
	enc.AddFloat64("elapsedMs", float64(r.Elapsed.Microseconds())/1000)
	if len(r.Accesses) > 0 {
		return enc.AddArray("accesses", accesses(r.Accesses))
	}
	return nil
}

func addString(enc zapcore.ObjectEncoder, key, value string) {
	if value != "" {
		enc.AddString(key, value)
	}
}

type identity struct{ r *Record }

func (i identity) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	c := i.r.Caller
	enc.AddString("type", typeName(c.Type))
	addString(enc, "principalId", c.ID)
	addString(enc, "arn", c.ARN)
	addString(enc, "accountId", c.Account)
	addString(enc, "accessKeyId", i.r.AccessKeyID)
	addString(enc, "authentication", i.r.Authentication)
	return nil
}

func typeName(t authz.PrincipalType) string {
	switch t {
	case authz.Root:
		return "Root"
	case authz.User:
		return "IAMUser"
	case authz.AssumedRole:
		return "AssumedRole"
	case authz.FederatedUser:
		return "FederatedUser"
	case authz.WebIdentity:
		return "WebIdentityUser"
	case authz.SAML:
		return "SAMLUser"
	case authz.Service:
		return "AWSService"
	default:
		return "Anonymous"
	}
}

type accesses []Access

func (a accesses) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for i := range a {
		if err := enc.AppendObject(&a[i]); err != nil {
			return err
		}
	}
	return nil
}

// MarshalLogObject lays out one decision and the statement that made it. One that
// could not be made, for what it Needs could not be read, is no denial by a policy
// and has neither layer nor statement.
func (a *Access) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("action", a.Action)
	enc.AddString("resource", a.Resource)
	enc.AddString("accountId", a.Account)
	if a.Decision.Needs == "" {
		enc.AddString("decision", a.Decision.Effect.String())
		addString(enc, "layer", a.Decision.Layer.String())
	} else {
		enc.AddString("decision", "undecided")
		enc.AddString("unread", a.Decision.Needs)
	}
	if a.Observed {
		enc.AddBool("enforced", false)
	}
	if s := a.Decision.Statement; s != nil {
		return enc.AddObject("statement", statement{s})
	}
	return nil
}

type statement struct{ s *authz.Statement }

func (s statement) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	addString(enc, "policy", s.s.Policy)
	addString(enc, "sid", s.s.Sid)
	enc.AddInt("index", s.s.Index)
	addString(enc, "file", s.s.File)
	enc.AddInt("line", s.s.Line)
	return nil
}
