// Package sts answers the requests of the AWS Security Token Service that were let
// through: it issues temporary credentials, and tells callers who they are. What it
// issues follows from what was decided before; it decides nothing.
package sts

import (
	"context"

	mapper "github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// Service is STS. It is a service.Service, and safe for concurrent use.
type Service struct{ sessions *session.Sessions }

// New makes STS, which issues with sessions. With nil it issues nothing.
func New(sessions *session.Sessions) *Service { return &Service{sessions} }

// Answer answers one request. Its operation is one that action/sts mapped.
func (s *Service) Answer(_ context.Context, call *service.Call) (*wire.Response, *wire.Refusal) {
	p, ok := call.Operation.Mapper.(*mapper.Parameters)
	if !ok || call.Caller == nil || call.Snapshot == nil {
		return nil, internal("the request of STS was not mapped")
	}
	d := newDocument(call.Operation.Name)
	var refusal *wire.Refusal
	switch call.Operation.Name {
	case "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML":
		refusal = s.assumeRole(d, call)
	case "GetSessionToken":
		refusal = s.getSessionToken(d, call, p)
	case "GetFederationToken":
		refusal = s.getFederationToken(d, call, p)
	case "GetCallerIdentity":
		d.element("UserId", userID(call.Caller))
		d.element("Account", call.Caller.Account)
		d.element("Arn", call.Caller.ARN)
	case "GetAccessKeyInfo":
		refusal = getAccessKeyInfo(d, call, p.InfoKeyID)
	case "DecodeAuthorizationMessage":
		refusal = decodeAuthorizationMessage(d, call, p.EncodedMessage)
	default:
		refusal = internal("STS does not know the operation " + call.Operation.Name)
	}
	if refusal != nil {
		return nil, refusal
	}
	return d.response(call.RequestID), nil
}

// userID is the caller's id as aws:userid has it: of a session the role's and the
// session's name, of the root user the account.
func userID(c *authz.Caller) string {
	if v, ok := c.Keys.Lookup("aws:userid"); ok {
		if id, single := v.Single(); single {
			return id
		}
	}
	return c.ID
}

// getAccessKeyInfo tells whose key it is, of any account here, active or not. The
// ids of temporary credentials are stored nowhere: but the caller's own can be told.
func getAccessKeyInfo(d *document, call *service.Call, id string) *wire.Refusal {
	account, ok := call.Snapshot.AccountOfKey(id)
	if !ok && id == call.AccessKeyID {
		account, ok = call.Caller.Account, true
	}
	if !ok {
		return &wire.Refusal{Status: 400, Code: "ValidationError", Message: "The access key ID " + id + " does not exist."}
	}
	d.element("Account", account)
	return nil
}

// decodeAuthorizationMessage opens a message of a denial in the caller's account.
func decodeAuthorizationMessage(d *document, call *service.Call, encoded string) *wire.Refusal {
	message, refusal := session.OpenMessage(call.Snapshot, call.Caller.Account, encoded)
	if refusal != nil {
		return refusal
	}
	d.element("DecodedMessage", string(message))
	return nil
}

func internal(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 500, Code: "InternalError", Message: "We encountered an internal error. Please try again.", Retryable: true, Cause: cause}
}
