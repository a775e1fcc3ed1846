package session

import (
	"errors"
	"net/http"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/wire"
)

// The refusals are those of the Security Token Service.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html

func denied(message, cause string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusForbidden, Code: "AccessDenied", Message: message, Cause: cause}
}

func invalid(message string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusBadRequest, Code: "ValidationError", Message: message}
}

func malformedPolicy(message string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusBadRequest, Code: "MalformedPolicyDocument", Message: message}
}

func packedTooLarge(percent int) *wire.Refusal {
	return &wire.Refusal{
		Status: http.StatusBadRequest, Code: "PackedPolicyTooLarge",
		Message: "Packed size of session policies and session tags consumes " + percentage(percent) + " of allotted space.",
	}
}

func invalidToken(message, cause string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusBadRequest, Code: "InvalidIdentityToken", Message: message, Cause: cause}
}

// notIssued is for a process that has no key to issue sessions with.
func notIssued(cause string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "This endpoint does not issue temporary credentials.", Cause: cause}
}

// TokenRefusal is what a client gets whose web identity token oidc did not verify.
func TokenRefusal(err error) *wire.Refusal {
	var e *oidc.Error
	if !errors.As(err, &e) {
		return wire.Unavailable("verify the web identity token: " + err.Error())
	}
	switch e.Kind {
	case oidc.Malformed:
		return invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", e.Cause)
	case oidc.Expired:
		return &wire.Refusal{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: "Token expired", Cause: e.Cause}
	case oidc.NotYet:
		return invalidToken("The web identity token is not valid yet", e.Cause)
	case oidc.Unreachable:
		return &wire.Refusal{
			Status: http.StatusBadRequest, Code: "IDPCommunicationError", Retryable: true, Cause: e.Cause,
			Message: "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
		}
	default:
		return invalidToken("The web identity token that was passed could not be validated", e.Cause)
	}
}

// refused is what a caller gets whom an access was denied.
func refused(c *authz.Caller, federated bool, a *authz.Access, d authz.Decision) *wire.Refusal {
	if federated {
		return denied("Not authorized to perform "+a.Action, d.Sentence(c, a))
	}
	// STS writes the resource without quotation marks.
	return denied(strings.Replace(d.Sentence(c, a), `"`+a.Resource+`"`, a.Resource, 1), "")
}
