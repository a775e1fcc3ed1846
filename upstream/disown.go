package upstream

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/sallyport-iam/sallyport/wire"
)

// maxErrorPeek is how much of an error is read to know what it says.
const maxErrorPeek = 64 << 10

// disown looks at an error of the class that authentication errors are in. The
// request bears our signature, so that such an error is not the client's, and
// its text tells the store's access key id, its endpoint and what was signed.
// Any other goes on as it came, and so does every one about a client's own
// signature.
func (e *exchange) disown(resp *wire.Response) *wire.Refusal {
	if e.signedByClient {
		return nil
	}
	switch resp.Status {
	case 400, 401, 403:
	default:
		return nil
	}
	code := resp.Fields.Get("x-minio-error-code") // where there is no body, for HEAD
	if body, ok := resp.Body.(*responseBody); ok {
		peeked, err := io.ReadAll(io.LimitReader(receiver{body}, maxErrorPeek))
		if err != nil {
			return e.unavailable(fmt.Sprintf("its answer (%d) broke off: %v", resp.Status, e.why(err)))
		}
		body.peeked = peeked
		if resp.Fields.Get("content-encoding") == "gzip" {
			peeked = gunzip(peeked)
		}
		if named := errorCode(peeked); named != "" {
			code = named
		}
	}
	if !concernsAuthentication(code) {
		return nil
	}
	return e.unavailable(fmt.Sprintf("it does not accept the credentials or the signature of Sallyport (%d %s): check its credentials, region and clock", resp.Status, code))
}

// receiver reads the body of an answer whose header has not been passed on.
type receiver struct{ *responseBody }

func (r receiver) Read(p []byte) (int, error) { return r.receive(p) }

// errorCode is the code that an error document names first.
func errorCode(document []byte) string {
	_, rest, found := bytes.Cut(document, []byte("<Code>"))
	code, _, closed := bytes.Cut(rest, []byte("</Code>"))
	if !found || !closed {
		return ""
	}
	return string(bytes.TrimSpace(code))
}

// gunzip decompresses the beginning of an error.
func gunzip(compressed []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(reader, maxErrorPeek)) // what there is
	return text
}

// concernsAuthentication tells the errors of a store that speak of who sent the
// request and how it was signed, not of what it asks for.
func concernsAuthentication(code string) bool {
	switch code {
	case "AccountProblem", "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "CredentialsNotSupported",
		"ExpiredToken", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSecurity", "InvalidToken",
		"MissingAuthenticationToken", "MissingSecurityElement", "MissingSecurityHeader", "NotSignedUp", "RequestExpired",
		"RequestTimeTooSkewed", "SignatureDoesNotMatch", "TokenRefreshRequired", "UnrecognizedClientException", "UserSuspended":
		return true
	}
	return false
}
