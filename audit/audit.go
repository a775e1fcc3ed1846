// Package audit records what was decided: one record for each request, shaped
// after CloudTrail's event record, and the places where records go.
package audit

import (
	"time"

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
	// "REST-QUERY-STRING", "POST" (a form), "BEARER", "CERTIFICATE", "WEB-IDENTITY",
	// "SAML" or "anonymous"; empty if it was not.
	Authentication string
	// Session is that of the caller's temporary credentials, Federated is the holder
	// of a token who asks for some; nil if there is none.
	Session   *Session
	Federated *Federated
	// AccessKeyID is the verified access key id.
	AccessKeyID string
	// SourceIP is the client's address.
	SourceIP string
	// UserAgent is as sent, cut to 256 bytes.
	UserAgent string
	// Revision and Generation name the snapshot that decided.
	Revision   string
	Generation uint64
	// Accesses are the decisions, in the order of the operation's accesses. Trust are
	// those before them, by which a token or a certificate became a session.
	Accesses, Trust []Access
	// Assumption is what the caller asked to become, Issued what it got; nil if there
	// is none.
	Assumption *Assumption
	Issued     *Issued
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
	// Unrecorded is how many requests that were refused in the same way, for the
	// failures of their peers, have no record of their own.
	Unrecorded uint64
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
	// Exempt tells that the access needs no permission: nothing was decided.
	Exempt bool
}

const (
	// MaxUserAgent is the number of bytes of a user agent that a record keeps.
	MaxUserAgent = 256
	// MaxText is the number of bytes that a record keeps of a method, a host, a
	// path, an error message and a cause, each: more than any that names an object.
	MaxText = 4 << 10
)
