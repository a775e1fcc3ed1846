package session

import (
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// MayCall tells whether credentials of their kind may call an operation of STS at
// all, whatever policies say. s is nil for long-term ones.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func MayCall(operation string, caller *authz.Caller, s *Session) *wire.Refusal {
	return unsupported()
}
