package session

import (
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// The operations of STS.
const (
	opAssumeRole         = "AssumeRole"
	opGetCallerIdentity  = "GetCallerIdentity"
	opGetSessionToken    = "GetSessionToken"
	opGetFederationToken = "GetFederationToken"
	opGetAccessKeyInfo   = "GetAccessKeyInfo"
	opDecodeMessage      = "DecodeAuthorizationMessage"
)

// MayCall tells whether credentials of their kind may call an operation of STS at
// all, whatever policies say. s is nil for long-term ones. Operations of other
// services are none of its business.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func MayCall(operation string, caller *authz.Caller, s *Session) *wire.Refusal {
	switch operation {
	case opAssumeRole, opGetSessionToken, opGetFederationToken, opGetAccessKeyInfo, opDecodeMessage:
	default:
		return nil
	}
	switch {
	case operation == opAssumeRole && caller.Type == authz.Root:
		return denied("Roles may not be assumed by root accounts.", "")
	case operation == opGetSessionToken || operation == opGetFederationToken:
		if s != nil || caller.Type != authz.User && caller.Type != authz.Root {
			return denied("Cannot call "+operation+" with session credentials", "")
		}
	case caller.Type == authz.FederatedUser,
		s != nil && s.Kind == User && operation != opAssumeRole:
		return denied("Cannot call "+operation+" with these session credentials", "")
	}
	return nil
}
