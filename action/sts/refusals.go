package sts

import "github.com/sallyport-iam/sallyport/wire"

// The codes are those that AWS names for all its query services, and STS's own.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html

func refuse(status int, code, message string) *wire.Refusal {
	return &wire.Refusal{Status: status, Code: code, Message: message}
}

// malformed is for what is no list of parameters.
func malformed(message string) *wire.Refusal { return refuse(400, "MalformedQueryString", message) }

// invalidParameters is for parameters that together are none of an operation.
func invalidParameters(message string) *wire.Refusal {
	return refuse(400, "InvalidQueryParameter", message)
}

func tooMany() *wire.Refusal { return invalidParameters("The request has more than 256 parameters.") }

func tooLarge() *wire.Refusal {
	return refuse(400, "EntityTooLarge", "The request is larger than 65536 bytes.")
}

func invalidAction(message string) *wire.Refusal { return refuse(400, "InvalidAction", message) }

// noOperation is AWS's answer to an operation that it does not have.
func noOperation(name, version string) *wire.Refusal {
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	return invalidAction("Could not find operation " + shortName(name) + " for version " + shortName(version))
}

func validationError(message string) *wire.Refusal { return refuse(400, "ValidationError", message) }

// incompleteMFA is AWS's answer to a device without a code, or the other way round.
func incompleteMFA() *wire.Refusal {
	return refuse(403, "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
}

func internal(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 500, Code: "InternalError", Message: "We encountered an internal error. Please try again.", Retryable: true, Cause: cause}
}
