package sigv4

import (
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// The refusals of this package: codes, statuses, texts and extra elements are
// Amazon S3's. An Authorization field is never echoed: it may hold a bearer
// token or the credentials of something else.

func refuse(status int, code, message string, detail ...wire.Element) *wire.Refusal {
	return &wire.Refusal{Status: status, Code: code, Message: message, Detail: detail}
}

func element(name, value string) wire.Element { return wire.Element{Name: name, Value: value} }

// Recognition.

func errTwoMechanisms() *wire.Refusal {
	return refuse(400, "InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "+
		"Signature query string parameter or the Authorization header should be specified", element("ArgumentName", "Authorization"))
}

func errOneSpace() *wire.Refusal {
	return refuse(400, "InvalidArgument", "Authorization header is invalid -- one and only one ' ' (space) required",
		element("ArgumentName", "Authorization"))
}

func errUnsupportedAuthorization() *wire.Refusal {
	return refuse(400, "InvalidArgument", "Unsupported Authorization Type", element("ArgumentName", "Authorization"))
}

func errSignatureV2() *wire.Refusal {
	return refuse(400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. "+
		"The request is signed with Signature Version 2: with boto3 pass config=Config(signature_version='s3v4') to the client, "+
		"with aws-cli run `aws configure set default.s3.signature_version s3v4`.")
}

func errExpressSession() *wire.Refusal {
	return refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented. "+
		"S3 Express session tokens are not supported: turn session authentication off in the client.",
		element("Header", "x-amz-s3session-token"))
}

func errNoCredentials() *wire.Refusal {
	r := refuse(403, "AccessDenied", "Access Denied")
	r.Cause = "the request carries no credentials"
	return r
}

func errRepeatedField(name string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "The header "+name+" was sent more than once: send one value.", element("ArgumentName", name))
}

func errConnectionOption() *wire.Refusal {
	return refuse(400, "InvalidRequest", "The Connection header names other headers of the request: send close, keep-alive, upgrade or te alone.")
}

func errRepeatedParam(name string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "The query parameter "+name+" was sent more than once: send it once, in one spelling.",
		element("ArgumentName", name))
}

func errTooManyAmzParams() *wire.Refusal {
	return refuse(400, "InvalidArgument", "The query has more than "+strconv.Itoa(maxAmzParams)+" X-Amz-* parameters.")
}

// Claims.

// malformed is a fault of an Authorization field or of X-Amz-Credential.
func malformed(scheme Scheme, text string, detail ...wire.Element) *wire.Refusal {
	if scheme == Form {
		return refuse(400, "InvalidArgument", text, append(detail, element("ArgumentName", "X-Amz-Credential"))...)
	}
	if scheme == Query {
		return refuse(400, "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; "+text, detail...)
	}
	return refuse(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; "+text, detail...)
}

func errThreeComponents() *wire.Refusal {
	return malformed(Header, "the authorization header requires three components: Credential, SignedHeaders, and Signature.")
}

func errCredentialShape(scheme Scheme, regional bool) *wire.Refusal {
	if !regional {
		return malformed(scheme, `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/SERVICE/aws4_request".`)
	}
	return malformed(scheme, `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
}

func errCredentialDate(scheme Scheme, date string) *wire.Refusal {
	return malformed(scheme, `incorrect date format "`+date+`". This date in the credential must be in the format "yyyyMMdd".`)
}

func errRegion(scheme Scheme, region, want string) *wire.Refusal {
	if region == "" {
		return malformed(scheme, "a non-empty region must be provided in the credential.", element("Region", want))
	}
	return malformed(scheme, "the region '"+region+"' is wrong; expecting '"+want+"'", element("Region", want))
}

func errService(scheme Scheme, service, want string) *wire.Refusal {
	return malformed(scheme, `incorrect service "`+service+`". This endpoint belongs to "`+want+`".`)
}

func errTerminator(scheme Scheme, terminator string) *wire.Refusal {
	return malformed(scheme, `incorrect terminal "`+terminator+`". This endpoint uses "aws4_request".`)
}

func errScopeDate(scheme Scheme) *wire.Refusal {
	return malformed(scheme, "Invalid credential date. Date is not the same as X-Amz-Date.")
}

func errSignedHeaders(scheme Scheme) *wire.Refusal {
	const text = "the SignedHeaders must be lower-case names in ascending order, each once, separated by semicolons."
	if scheme == Query {
		return queryFault("X-Amz-SignedHeaders is malformed; " + text)
	}
	return malformed(scheme, text)
}

func queryFault(text string) *wire.Refusal {
	return refuse(400, "AuthorizationQueryParametersError", text)
}

func errIncompleteQuery() *wire.Refusal {
	return queryFault("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, " +
		"X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
}

func errQueryAlgorithm() *wire.Refusal {
	return queryFault(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
}

func errQueryDate() *wire.Refusal {
	return queryFault(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
}

func errExpiresNumber() *wire.Refusal   { return queryFault("X-Amz-Expires should be a number") }
func errExpiresNegative() *wire.Refusal { return queryFault("X-Amz-Expires must be non-negative") }
func errExpiresTooLong() *wire.Refusal {
	return queryFault("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
}

func errMissingDate() *wire.Refusal {
	return refuse(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
}

func errSkew(requestTime string, now time.Time, allowed time.Duration) *wire.Refusal {
	return refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
		element("RequestTime", requestTime),
		element("ServerTime", now.UTC().Format(time.RFC3339)),
		element("MaxAllowedSkewMilliseconds", strconv.FormatInt(allowed.Milliseconds(), 10)))
}

func errNotYetValid(c *claim, now time.Time) *wire.Refusal {
	return refuse(403, "AccessDenied", "Request is not yet valid",
		element("X-Amz-Date", c.timestamp),
		element("Expires", c.signedAt.Add(c.expires).Format(time.RFC3339)),
		element("ServerTime", now.UTC().Format(time.RFC3339)))
}

func errExpired(c *claim, now time.Time) *wire.Refusal {
	return refuse(403, "AccessDenied", "Request has expired",
		element("X-Amz-Expires", strconv.FormatInt(int64(c.expires/time.Second), 10)),
		element("Expires", c.signedAt.Add(c.expires).Format(time.RFC3339)),
		element("ServerTime", now.UTC().Format(time.RFC3339)))
}

func errNotSigned(names []string) *wire.Refusal {
	return refuse(403, "AccessDenied", "There were headers present in the request which were not signed",
		element("HeadersNotSigned", strings.Join(names, ", ")))
}

// Keys.

func errAccessKey(accessKeyID string) *wire.Refusal {
	return refuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.",
		element("AWSAccessKeyId", accessKeyID))
}

func errToken(token string) *wire.Refusal {
	return refuse(400, "InvalidToken", "The provided token is malformed or otherwise invalid.", element("Token-0", token))
}

func errTokenExpired(token string) *wire.Refusal {
	return refuse(400, "ExpiredToken", "The provided token has expired.", element("Token-0", token))
}

// Payload.

func errMissingContentSHA256() *wire.Refusal {
	return refuse(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
}

func errContentSHA256(value string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "+
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "+
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
		element("ArgumentName", "x-amz-content-sha256"), element("ArgumentValue", value))
}

func errContentSHA256NotAllowed() *wire.Refusal {
	return refuse(400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.")
}

func errContentSHA256Anonymous() *wire.Refusal {
	return refuse(400, "InvalidRequest", "Anonymous requests don't support this x-amz-content-sha256 value. "+
		"Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.")
}

func errPayloadHash(client, computed string) *wire.Refusal {
	detail := []wire.Element{element("ClientComputedContentSHA256", client)}
	if computed != "" {
		detail = append(detail, element("S3ComputedContentSHA256", computed))
	}
	return refuse(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.", detail...)
}

// Signature.

// errSignature shows what the server computed from what the client sent.
// canonical is empty for a chunk or a trailer.
func errSignature(accessKeyID, provided string, stringToSign, canonical []byte) *wire.Refusal {
	r := refuse(403, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method.",
		element("AWSAccessKeyId", accessKeyID),
		element("StringToSign", string(stringToSign)),
		element("SignatureProvided", provided),
		element("StringToSignBytes", spacedHex(stringToSign)))
	if len(canonical) > 0 {
		r.Detail = append(r.Detail,
			element("CanonicalRequest", string(canonical)),
			element("CanonicalRequestBytes", spacedHex(canonical)))
	}
	return r
}

// spacedHex is two lower-case digits for each byte, separated by spaces.
func spacedHex(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	var out strings.Builder
	out.Grow(3*len(b) - 1)
	for i, c := range b {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteByte(lowerHex[c>>4])
		out.WriteByte(lowerHex[c&15])
	}
	return out.String()
}
