package refusal

import "github.com/sallyport-iam/sallyport/wire"

// answer is a code and a status.
type answer struct {
	code   string
	status int
}

// kind is a kind of failure: what one protocol calls so and another otherwise.
type kind struct{ json, rest, query, ec2 answer }

// The kinds of failure, as the services of each protocol answer them. AWS JSON
// answers 400 where REST answers 403; SDKs decide by the code.
var (
	noCredentials = kind{
		json:  answer{"MissingAuthenticationTokenException", 400},
		rest:  answer{"MissingAuthenticationTokenException", 403},
		query: answer{"MissingAuthenticationToken", 403},
		ec2:   answer{"AuthFailure", 401},
	}
	malformedCredentials = kind{
		json:  answer{"IncompleteSignatureException", 400},
		rest:  answer{"IncompleteSignatureException", 403},
		query: answer{"IncompleteSignature", 400},
		ec2:   answer{"AuthFailure", 401},
	}
	unknownKey = kind{
		json:  answer{"UnrecognizedClientException", 400},
		rest:  answer{"UnrecognizedClientException", 403},
		query: answer{"InvalidClientTokenId", 403},
		ec2:   answer{"AuthFailure", 401},
	}
	badSignature = kind{
		json:  answer{"InvalidSignatureException", 400},
		rest:  answer{"InvalidSignatureException", 403},
		query: answer{"SignatureDoesNotMatch", 403},
		ec2:   answer{"AuthFailure", 401},
	}
	outsideWindow = kind{
		json:  answer{"InvalidSignatureException", 400},
		rest:  answer{"InvalidSignatureException", 403},
		query: answer{"SignatureDoesNotMatch", 403},
		ec2:   answer{"RequestExpired", 400},
	}
	expiredToken = kind{
		json:  answer{"ExpiredTokenException", 400},
		rest:  answer{"ExpiredTokenException", 403},
		query: answer{"ExpiredToken", 403},
		ec2:   answer{"RequestExpired", 400},
	}
	denied = kind{
		json:  answer{"AccessDeniedException", 400},
		rest:  answer{"AccessDeniedException", 403},
		query: answer{"AccessDenied", 403},
		ec2:   answer{"UnauthorizedOperation", 403},
	}
	unknownOperation = kind{
		json:  answer{"UnknownOperationException", 400},
		rest:  answer{"UnknownOperationException", 404},
		query: answer{"InvalidAction", 400},
		ec2:   answer{"InvalidAction", 400},
	}
	tooLarge = kind{
		json:  answer{"RequestEntityTooLargeException", 413},
		rest:  answer{"RequestEntityTooLargeException", 413},
		query: answer{"RequestEntityTooLarge", 413},
		ec2:   answer{"RequestEntityTooLarge", 413},
	}
	throttled = kind{
		json:  answer{"ThrottlingException", 400},
		rest:  answer{"ThrottlingException", 429},
		query: answer{"Throttling", 400},
		ec2:   answer{"RequestLimitExceeded", 503},
	}
	unavailable = kind{
		json:  answer{"ServiceUnavailableException", 503},
		rest:  answer{"ServiceUnavailableException", 503},
		query: answer{"ServiceUnavailable", 503},
		ec2:   answer{"Unavailable", 503},
	}
	internalError = kind{
		json:  answer{"InternalServerError", 500},
		rest:  answer{"InternalServerError", 500},
		query: answer{"InternalFailure", 500},
		ec2:   answer{"InternalError", 500},
	}
	invalidRequest = kind{
		json:  answer{"ValidationException", 400},
		rest:  answer{"ValidationException", 400},
		query: answer{"ValidationError", 400},
		ec2:   answer{"InvalidRequest", 400},
	}
)

// kinds gives the kind of failure by S3's code.
var kinds = map[string]*kind{
	"MissingAuthenticationToken":        &noCredentials,
	"MissingSecurityHeader":             &noCredentials,
	"AuthorizationHeaderMalformed":      &malformedCredentials,
	"AuthorizationQueryParametersError": &malformedCredentials,
	"InvalidAccessKeyId":                &unknownKey,
	"InvalidToken":                      &unknownKey,
	"SignatureDoesNotMatch":             &badSignature,
	"XAmzContentSHA256Mismatch":         &badSignature,
	"RequestTimeTooSkewed":              &outsideWindow,
	"RequestExpired":                    &outsideWindow,
	"ExpiredToken":                      &expiredToken,
	"AccessDenied":                      &denied,
	"NotImplemented":                    &unknownOperation,
	"MethodNotAllowed":                  &unknownOperation,
	"EntityTooLarge":                    &tooLarge,
	"MaxMessageLengthExceeded":          &tooLarge,
	"SlowDown":                          &throttled,
	"ServiceUnavailable":                &unavailable,
	"InternalError":                     &internalError,
}

// querys are codes of the services that speak the query protocol, which pass as they
// are.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
var querys = map[string]bool{
	"ExpiredTokenException": true, "IDPCommunicationError": true, "IDPRejectedClaim": true,
	"InvalidAction": true, "InvalidAuthorizationMessageException": true, "InvalidIdentityToken": true,
	"InvalidParameterCombination": true, "InvalidParameterValue": true, "InvalidQueryParameter": true,
	"MalformedPolicyDocument": true, "MalformedQueryString": true, "MissingAction": true, "MissingParameter": true,
	"PackedPolicyTooLarge": true, "RegionDisabledException": true, "ValidationError": true,
}

// translate is the status and the code of a refusal in a protocol. Codes that
// have no kind are the client's fault or ours, by their status; no code of S3
// shows in another protocol of AWS.
func translate(p Protocol, r *wire.Refusal) (int, string) {
	if p == S3 || p == JSON || p == Query && querys[r.Code] {
		return r.Status, r.Code
	}
	k, ok := kinds[r.Code]
	switch {
	case ok:
	case r.Status == 403:
		k = &denied
	case r.Status >= 500:
		k = &internalError
	default:
		k = &invalidRequest
	}
	var a answer
	switch p {
	case JSON10, JSON11:
		a = k.json
	case RestJSON:
		a = k.rest
	case Query:
		a = k.query
	default:
		a = k.ec2
	}
	return a.status, a.code
}
